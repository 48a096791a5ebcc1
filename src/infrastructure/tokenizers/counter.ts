import type { MergesModel, RanksModel, TokenizerParts } from './parts.ts'
import { Merger } from './merger.ts'
import { toPairs } from './pairs.ts'
import { none, Spans } from './spans.ts'
import { createSplitter, escape, type Splitter } from './splitter.ts'

/** Counts the tokens of texts as one tokenizer does. */
export interface TokenCounter {
  /** Tokens of a text. Cost: n log n at most, whatever the text is; some 0.1 ms a thousand units. */
  count(text: string): number
  /** Of all texts so far: merges looked up and taken. For those who bound the cost. */
  readonly steps: number
  /** Of its tables. */
  readonly bytes: number
}

/** Bytes of one piece: a longer one, which is no word, is counted in parts of this length. */
const pieceBytesMax = 262_144

/** Throws SyntaxError for a pattern that is none here. */
export function createTokenCounter(parts: TokenizerParts): TokenCounter {
  return new Counter(parts)
}

/** A class, because what it works on is kept from one text to the next. */
class Counter implements TokenCounter {
  readonly bytes: number
  readonly #splitter: Splitter
  readonly #added: RegExp | undefined
  readonly #merger: Merger
  readonly #words: Words
  #sum = 0

  constructor(parts: TokenizerParts) {
    const { model } = parts
    const tokens = new Spans(model.tokens)
    this.#splitter = createSplitter(parts.normal, parts.splits)
    this.#added = toAddedExpression(parts.added)
    this.#merger = new Merger(toPairs(model, tokens))
    this.#words = toWords(model, tokens, this.#merger)
    this.bytes = sizeOf(model.tokens) + (model.type === 'merges' ? sizeOf(model.merges) : 0)
  }

  get steps(): number {
    return this.#merger.steps
  }

  count(text: string): number {
    this.#sum = 0
    let from = 0
    if (this.#added !== undefined) {
      for (const match of text.matchAll(this.#added)) {
        this.#countPlain(text.slice(from, match.index), from === 0)
        this.#sum += 1
        from = match.index + match[0].length
      }
    }
    this.#countPlain(from === 0 ? text : text.slice(from), from === 0)
    return this.#sum
  }

  #countPlain(text: string, isFirst: boolean): void {
    if (text === '') return
    this.#splitter.visit(this.#splitter.normalise(text), isFirst, this.#visit)
  }

  readonly #visit = (text: string, start: number, end: number): void => {
    for (let from = start; from < end; ) {
      const to = Math.min(end, from + pieceBytesMax / 4)
      // Not between the halves of a character.
      const isHalf = to < end && (text.charCodeAt(to) & 0xfc00) === 0xdc00
      const cut = isHalf ? to - 1 : to
      this.#sum += this.#words.count(text, from, cut)
      from = cut
    }
  }
}

function sizeOf(tables: object): number {
  return Object.values(tables).reduce((sum: number, table) => sum + (table as Uint8Array).byteLength, 0) // all are such arrays
}

/** The longest first, because the first that matches is taken. */
function toAddedExpression(added: TokenizerParts['added']): RegExp | undefined {
  if (added.length === 0) return undefined
  const sources = added
    .toSorted((one, other) => other.content.length - one.content.length)
    .map(
      ({ content, takesLeft, takesRight }) => (takesLeft ? '\\s*' : '') + escape(content) + (takesRight ? '\\s*' : ''),
    )
  return new RegExp(sources.join('|'), 'gu')
}

/** Counts the tokens of one piece, `start…end` of a text. */
interface Words {
  count(text: string, start: number, end: number): number
}

function toWords(model: RanksModel | MergesModel, tokens: Spans, merger: Merger): Words {
  if (model.type === 'merges' && model.alphabet === 'characters') return new CharacterWords(model, tokens, merger)
  return new ByteWords(model, tokens, merger)
}

/** Words that are made of their UTF-8 bytes. */
class ByteWords implements Words {
  readonly #tokens: Spans
  readonly #merger: Merger
  readonly #looksUpWhole: boolean
  readonly #byteTokens: Int32Array
  #bytes = new Uint8Array(1_024)

  constructor(model: RanksModel | MergesModel, tokens: Spans, merger: Merger) {
    this.#tokens = tokens
    this.#merger = merger
    this.#looksUpWhole = model.type === 'ranks' || model.ignoresMerges
    this.#byteTokens = model.type === 'ranks' ? findByteTokens(tokens) : model.byteTokens
  }

  count(text: string, start: number, end: number): number {
    const room = 3 * (end - start)
    if (this.#bytes.length < room) this.#bytes = new Uint8Array(room)
    const bytes = this.#bytes
    const length = writeUtf8(text, { start, end }, bytes)
    if (this.#looksUpWhole && this.#tokens.find(bytes, 0, length) !== none) return 1
    const merger = this.#merger
    merger.begin(length)
    for (let index = 0; index < length; index++) {
      const token = this.#byteTokens[bytes[index] ?? 0] ?? none
      if (token !== none) merger.add(token)
    }
    return merger.count()
  }
}

function findByteTokens(tokens: Spans): Int32Array {
  const byte = new Uint8Array(1)
  return Int32Array.from({ length: 256 }, (_, value) => {
    byte[0] = value
    return tokens.find(byte, 0, 1)
  })
}

/** Words that are made of characters; of the bytes of those that the vocabulary does not have. */
class CharacterWords implements Words {
  readonly #model: MergesModel
  readonly #tokens: Spans
  readonly #merger: Merger
  #bytes = new Uint8Array(1_024)

  constructor(model: MergesModel, tokens: Spans, merger: Merger) {
    this.#model = model
    this.#tokens = tokens
    this.#merger = merger
  }

  count(text: string, start: number, end: number): number {
    const room = 3 * (end - start)
    if (this.#bytes.length < room) this.#bytes = new Uint8Array(room)
    const bytes = this.#bytes
    const length = writeUtf8(text, { start, end }, bytes)
    if (this.#model.ignoresMerges && this.#tokens.find(bytes, 0, length) !== none) return 1
    this.#merger.begin(length)
    for (let from = 0; from < length; ) {
      let to = from + 1
      while (to < length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to += 1
      this.#addCharacter(from, to)
      from = to
    }
    return this.#merger.count()
  }

  #addCharacter(from: number, to: number): void {
    const merger = this.#merger
    const { byteTokens, unknown, fusesUnknown } = this.#model
    const token = this.#tokens.find(this.#bytes, from, to)
    if (token !== none) {
      merger.add(token)
      return
    }
    const own = this.#bytes.subarray(from, to)
    if (own.every((byte) => (byteTokens[byte] ?? none) !== none)) {
      for (const byte of own) merger.add(byteTokens[byte] ?? none)
    } else if (unknown !== none && !(fusesUnknown && merger.last() === unknown)) merger.add(unknown)
  }
}

interface Range {
  readonly start: number
  readonly end: number
}

/** As `TextEncoder` does, halves of characters included, and faster for a few bytes. Gives their number. */
function writeUtf8(text: string, { start, end }: Range, bytes: Uint8Array): number {
  let at = 0
  for (let index = start; index < end; index++) {
    let unit = text.charCodeAt(index)
    if (unit < 0x80) {
      bytes[at++] = unit
      continue
    }
    if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6)
      bytes[at++] = 0x80 | (unit & 63)
      continue
    }
    if ((unit & 0xf800) === 0xd800) {
      const low = index + 1 < end ? text.charCodeAt(index + 1) : 0
      if (unit < 0xdc00 && (low & 0xfc00) === 0xdc00) {
        const point = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff)
        index += 1
        bytes[at++] = 0xf0 | (point >> 18)
        bytes[at++] = 0x80 | ((point >> 12) & 63)
        bytes[at++] = 0x80 | ((point >> 6) & 63)
        bytes[at++] = 0x80 | (point & 63)
        continue
      }
      unit = 0xfffd
    }
    bytes[at++] = 0xe0 | (unit >> 12)
    bytes[at++] = 0x80 | ((unit >> 6) & 63)
    bytes[at++] = 0x80 | (unit & 63)
  }
  return at
}
