import { decodeText } from './decode.ts'
import { isBlank, readLines } from './lines.ts'
import type { Block, Parser } from './parser.ts'

/** Plain text: the canonical text is the text itself; blank lines part its paragraphs. */
export const textParser: Parser = {
  id: 'text@1',
  mediaTypes: ['text/plain'],
  extensions: ['txt', 'text', 'log'],
  parse(file) {
    const text = decodeText(file)
    return {
      text,
      title: undefined,
      metadata: undefined,
      sections: [{ level: 0, headings: [], heading: undefined, blocks: findBlocks(text) }],
    }
  },
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
