import { assert } from './assert.ts'
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import type { Passage } from './ports.ts'

/**
 * Passages in the marked form in which they lie in a system message: readable for a model, and read back exactly by
 * `parsePassages`. Passage n stands under a line `[n] {…}` that names its source; its text follows unchanged, so that a
 * quote from it is exact. The tags around are chosen so that no passage can close them. Empty for no passages.
 *
 *     <passages>
 *     [1] {"source":"leave.md","headings":["Leave"],"collection":"handbook","document":"doc_1",…,"start":40,"end":71}
 *     You have 25 days of leave a year.
 *     </passages>
 */
export function formatPassages(passages: readonly Passage[]): string {
  if (passages.length === 0) return ''
  const tag = chooseTag(passages)
  const entries = passages.map((passage, index) => `[${index + 1}] ${toHeader(passage)}\n${passage.text}\n`)
  return `<${tag}>\n${entries.join('')}</${tag}>`
}

/**
 * The passages of the first block in the marked form, in order; empty when the text holds none. A block that is not
 * whole (a header that is no JSON, a text shorter than its span) is no block.
 */
export function parsePassages(text: string): readonly Passage[] {
  for (const opening of text.matchAll(/<(passages(?:-\d+)?)>\n/g)) {
    const passages = parseBlock(text, opening.index + opening[0].length, `</${opening[1] ?? ''}>`)
    if (passages !== undefined) return passages
  }
  return []
}

/** The first of `passages`, `passages-2`, `passages-3`, … that no passage has as a tag. */
function chooseTag(passages: readonly Passage[]): string {
  const used = new Set<string>()
  for (const passage of passages) {
    for (const [, tag] of passage.text.matchAll(/<\/?(passages(?:-\d+)?)>/g)) if (tag !== undefined) used.add(tag)
  }
  let tag = 'passages'
  for (let number = 2; used.has(tag); number++) tag = `passages-${number}`
  return tag
}

function toHeader(passage: Passage): string {
  assert(passage.end - passage.start === passage.text.length, 'the text of a passage is as long as its span')
  const { source, headings, collection, document, version, start, end, score } = passage
  return JSON.stringify({ source, headings, collection, document, version, start, end, score })
}

function parseBlock(text: string, from: number, closing: string): readonly Passage[] | undefined {
  const passages: Passage[] = []
  let position = from
  while (!text.startsWith(closing, position)) {
    const label = `[${passages.length + 1}] `
    const headerEnd = text.indexOf('\n', position)
    if (headerEnd < 0 || !text.startsWith(label, position)) return undefined
    const header = parseHeader(text.slice(position + label.length, headerEnd))
    if (header === undefined) return undefined
    const textEnd = headerEnd + 1 + header.end - header.start
    if (text[textEnd] !== '\n') return undefined
    passages.push({ ...header, text: text.slice(headerEnd + 1, textEnd) })
    position = textEnd + 1
  }
  return passages
}

function parseHeader(line: string): Omit<Passage, 'text'> | undefined {
  const header = parseObject(line)
  if (header === undefined) return undefined
  const { source, headings, collection, document, version, start, end, score } = header
  if (typeof source !== 'string' || typeof collection !== 'string') return undefined
  if (typeof document !== 'string' || typeof version !== 'string') return undefined
  if (!isOffset(start) || !isOffset(end) || end < start) return undefined
  if (!Array.isArray(headings)) return undefined
  const titles = headings.filter((heading) => typeof heading === 'string')
  const rank = typeof score === 'number' ? score : 0
  return { source, headings: titles, collection, document, version, start, end, score: rank }
}

function parseObject(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isOffset(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
