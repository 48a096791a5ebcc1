import type { ParsedDocument } from './preparation.ts'
import type { Block, Origin, Span } from './parsers/index.ts'

/** What was read of a document, for people and programs: text, pages with their states, blocks with where they come from. */
export interface ParseReport {
  readonly source: string
  /** The worst state of its pages. */
  readonly state: 'ok' | 'degraded' | 'failed'
  readonly parser: string
  readonly title: string | undefined
  readonly language: string | undefined
  readonly notices: readonly string[]
  readonly pages: ParsedDocument['pages']
  readonly blocks: readonly ReportedBlock[]
  readonly marks: ParsedDocument['marks']
  readonly text: string
}

export interface ReportedBlock extends Span {
  readonly type: 'heading' | NonNullable<Block['kind']>
  /** Of a heading. */
  readonly level?: number
  /** What it stands under, outermost first; of a heading, itself last. */
  readonly headings: readonly string[]
  readonly origins: readonly Origin[]
}

export function toParseReport(source: string, document: ParsedDocument): ParseReport {
  const { text, title, language, parser, notices, pages, marks } = document
  const states = pages.map((page) => page.state)
  const state = states.every((each) => each === 'failed')
    ? 'failed'
    : states.every((each) => each === 'ok')
      ? 'ok'
      : 'degraded'
  return { source, state, parser, title, language, notices, pages, blocks: listBlocks(document), marks, text }
}

function listBlocks({ sections, origins }: ParsedDocument): readonly ReportedBlock[] {
  const blocks: Omit<ReportedBlock, 'origins'>[] = []
  for (const { level, heading, headings, blocks: inside } of sections) {
    if (heading !== undefined) blocks.push({ type: 'heading', level, ...heading, headings })
    for (const { kind, start, end } of inside) blocks.push({ type: kind ?? 'paragraph', start, end, headings })
  }
  let next = 0
  return blocks.map((block) => {
    while ((origins[next]?.end ?? Number.POSITIVE_INFINITY) <= block.start) next++
    let last = next
    while ((origins[last]?.start ?? Number.POSITIVE_INFINITY) < block.end) last++
    return { ...block, origins: origins.slice(next, last) }
  })
}
