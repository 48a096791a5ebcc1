import type { SourceFile } from '../preparation.ts'
import { decodeText } from '../reading/index.ts'
import { readLines } from './lines.ts'
import { toNotices } from './notices.ts'
import type { Block, Canonical, Page } from './parser.ts'

/** JSON: the canonical text is the file's own; it is parted between records, then between members. */
export function readJson(file: SourceFile): Canonical {
  const decoded = decodeText(file)
  const { text } = decoded
  const end = text.trimEnd().length
  const start = text.length - text.trimStart().length
  const blocks: Block[] = end > start ? [{ start, end, kind: 'code', cuts: findCuts(text) }] : []
  const page: Page = { kind: 'text', number: 1, start: 0, end: text.length, ...judge(text) }
  return { ...shape(text, blocks, page), notices: toNotices(decoded) }
}

/** JSON lines: each line is a record of its own. */
export function readJsonLines(file: SourceFile): Canonical {
  const decoded = decodeText(file)
  const { text } = decoded
  const lines = readLines(text, 0).filter((line) => line.text.trim() !== '')
  const broken = lines.filter((line) => !isJson(line.text)).length
  const state = broken === 0 ? { state: 'ok' as const } : { state: 'degraded' as const, reason: 'corrupt' }
  const blocks = lines.map(({ start, end, text: record }): Block => {
    return { start, end, kind: 'code', cuts: findCuts(record).map((cut) => start + cut) }
  })
  const page: Page = { kind: 'text', number: 1, start: 0, end: text.length, ...state }
  const notices = broken === 0 ? [] : [`lines that are no JSON: ${broken}`]
  return { ...shape(text, blocks, page), notices: [...toNotices(decoded), ...notices] }
}

function shape(text: string, blocks: readonly Block[], page: Page): Omit<Canonical, 'notices'> {
  const sections = [{ level: 0, headings: [], heading: undefined, blocks }]
  return { text, title: undefined, metadata: undefined, sections, pages: [page], origins: [], marks: [] }
}

function judge(text: string): Pick<Page, 'state' | 'reason'> {
  return isJson(text) ? { state: 'ok' } : { state: 'degraded', reason: 'corrupt' }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Behind the commas between what lies one or two deep: records of a list, members of each. One pass, outside of strings. */
function findCuts(text: string): readonly number[] {
  const cuts: number[] = []
  let depth = 0
  for (const { index, 0: token } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/gs)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    else if (token === ',' && depth <= 2) cuts.push(index + 1)
  }
  return cuts
}
