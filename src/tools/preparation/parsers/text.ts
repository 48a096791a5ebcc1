import type { SourceFile } from '../preparation.ts'
import { decodeText } from '../reading/index.ts'
import { isBlank, readLines } from './lines.ts'
import { toNotices } from './notices.ts'
import { wholePage, type Block, type Canonical } from './parser.ts'

/** Plain text: the canonical text is the text itself; blank lines part its paragraphs. */
export function readText(file: SourceFile): Canonical {
  const decoded = decodeText(file)
  const { text } = decoded
  return {
    text,
    title: undefined,
    metadata: undefined,
    sections: [{ level: 0, headings: [], heading: undefined, blocks: findBlocks(text) }],
    pages: wholePage(text),
    origins: [],
    marks: [],
    notices: toNotices(decoded),
  }
}

function findBlocks(text: string): readonly Block[] {
  const blocks: Block[] = []
  let block: { start: number; end: number } | undefined
  for (const line of readLines(text, 0)) {
    if (isBlank(line.text)) {
      if (block !== undefined) blocks.push({ ...block, cuts: [] })
      block = undefined
    } else {
      block = { start: block?.start ?? line.start, end: line.end }
    }
  }
  if (block !== undefined) blocks.push({ ...block, cuts: [] })
  return blocks
}
