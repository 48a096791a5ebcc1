import { readFile, stat } from 'node:fs/promises'
import { PlatformError } from '../../core/errors.ts'
import type { Pieces } from '../../core/turns.ts'
import type { TokenizerParts } from './parts.ts'
import { none, Spans, toSlotCount } from './spans.ts'
import { toRegExp } from './splitter.ts'

const fileBytesMax = 16 * 1_048_576
const ranksMax = 1_000_000
/** Tokens that are read, or made findable, in one piece of the work: some 1 ms. */
const pieceTokens = 2_048

const space = 32
const exclamation = 33
const quote = 34
const backslash = 92

/** The file with an encoding. Throws RUNTIME_FAILED when it is too large. */
export async function readRanksFile(path: string): Promise<Buffer> {
  const { size } = await stat(path)
  if (size > fileBytesMax) throw damaged(path, `has ${size} bytes; ${fileBytesMax} at most are read`)
  return readFile(path)
}

/**
 * Reads an encoding as the package `js-tiktoken` holds it: a module whose only export is an object of JSON, with the pattern and
 * lines of `!`, a first rank and base64 tokens. From its bytes, because 200,000 strings would take ten times their memory. Throws
 * RUNTIME_FAILED with what is wrong.
 */
export function* readRanks(path: string, file: Buffer): Pieces<TokenizerParts> {
  const source = readPattern(path, file)
  yield
  const head = '"bpe_ranks":"'
  const from = file.indexOf(head)
  const to = file.indexOf(quote, from + head.length)
  if (from < 0 || to < 0) throw damaged(path, 'has no bpe_ranks')
  const reader = new RanksReader(path, file.subarray(from + head.length, to))
  while (reader.read()) yield
  const tokens = reader.parts()
  yield
  const spans = new Spans(tokens)
  for (let rank = 0; rank < spans.count; rank++) {
    spans.put(rank)
    if (rank % pieceTokens === 0) yield
  }
  checkBytes(path, spans)
  return {
    added: [],
    normal: [],
    splits: [{ type: 'pattern', pattern: { source }, behaviour: 'isolated', isInverted: false }],
    model: { type: 'ranks', tokens },
  }
}

/** Reads tokens one after another into one array of bytes. */
class RanksReader {
  readonly #path: string
  readonly #text: Buffer
  readonly #bytes: Uint8Array
  readonly #starts: number[] = [0]
  #at = 0
  #length = 0

  constructor(path: string, text: Buffer) {
    this.#path = path
    this.#text = text
    this.#bytes = new Uint8Array(Math.ceil((text.length * 3) / 4))
  }

  /** Reads some; false when there are no more. */
  read(): boolean {
    for (let tokens = 0; tokens < pieceTokens; ) {
      if (this.#at >= this.#text.length) return false
      const byte = this.#text[this.#at]
      if (byte === space) this.#at += 1
      else if (byte === backslash) this.#at += 2
      else if (byte === exclamation) this.#beginLine()
      else {
        this.#readToken()
        tokens += 1
      }
    }
    return true
  }

  parts(): { readonly bytes: Uint8Array; readonly starts: Uint32Array; readonly slots: Uint32Array } {
    const starts = Uint32Array.from(this.#starts)
    return { bytes: this.#bytes.slice(0, this.#length), starts, slots: new Uint32Array(toSlotCount(starts.length)) }
  }

  /** A line goes on where the one before has ended, or later: what lies between has no tokens. */
  #beginLine(): void {
    const end = this.#endOfWord(this.#at + 2)
    const rank = Number(this.#text.toString('latin1', this.#at + 2, end))
    const next = this.#starts.length - 1
    if (!Number.isInteger(rank) || rank < next || rank > ranksMax)
      throw damaged(this.#path, 'has ranks that do not ascend')
    for (let empty = next; empty < rank; empty++) this.#starts.push(this.#length)
    this.#at = end
  }

  #readToken(): void {
    const end = this.#endOfWord(this.#at)
    if (this.#starts.length > ranksMax) throw damaged(this.#path, `has more than ${ranksMax} ranks`)
    let bits = 0
    let count = 0
    for (let at = this.#at; at < end; at++) {
      const value = base64[this.#text[at] ?? 0] ?? 255
      if (value === 64) break
      if (value === 255) throw damaged(this.#path, 'has a token that is not base64')
      bits = ((bits << 6) | value) & 0xffff
      count += 6
      if (count < 8) continue
      count -= 8
      this.#bytes[this.#length++] = (bits >> count) & 255
    }
    this.#starts.push(this.#length)
    this.#at = end
  }

  #endOfWord(from: number): number {
    let end = from
    while (end < this.#text.length && this.#text[end] !== space && this.#text[end] !== backslash) end += 1
    return end
  }
}

/** Values of the signs of base64; 64 for the sign that fills up, 255 for all others. */
const base64: Readonly<Uint8Array> = toBase64Values()

function toBase64Values(): Uint8Array {
  const values = new Uint8Array(256).fill(255)
  const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='
  for (let value = 0; value < signs.length; value++) values[signs.charCodeAt(value)] = value
  return values
}

function readPattern(path: string, file: Buffer): string {
  const head = '"pat_str":'
  const from = file.indexOf(head)
  const to = file.indexOf('","special_tokens"', from)
  if (from < 0 || to < 0) throw damaged(path, 'has no pat_str')
  try {
    const source = JSON.parse(file.toString('utf8', from + head.length, to + 1)) as string // the text between its quotes
    toRegExp({ source }, 'u')
    return source
  } catch (thrown) {
    throw damaged(path, 'has a pat_str that is no expression', thrown)
  }
}

/** Every text has to have tokens. */
function checkBytes(path: string, tokens: Spans): void {
  const byte = new Uint8Array(1)
  for (let value = 0; value < 256; value++) {
    byte[0] = value
    if (tokens.find(byte, 0, 1) === none) throw damaged(path, `has no token for the byte ${value}`)
  }
}

function damaged(path: string, what: string, cause?: unknown): PlatformError {
  return new PlatformError(
    'RUNTIME_FAILED',
    `the encoding ${path} ${what}; add it again: strata runtime add tokenizers`,
    { cause },
  )
}
