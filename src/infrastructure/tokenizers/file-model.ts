import type { JsonValue } from '../../core/json.ts'
import { toPairParts } from './pairs.ts'
import type { MergesModel } from './parts.ts'
import type { Place } from './place.ts'
import { none, toSpanParts } from './spans.ts'

const vocabularyMax = 2_000_000
const mergesMax = 4_000_000

/** The model of a file: byte pairs, and nothing else. */
export function readModel(place: Place, isByteLevel: boolean): MergesModel {
  if (!place.at('type').isAbsent) place.at('type').word(['BPE'])
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    const fix = place.at(key)
    if (!fix.isAbsent && fix.text() !== '') fix.refuse('marks parts of words, which is not understood')
  }
  const numbers = readVocabulary(place.at('vocab'))
  const unknown = place.at('unk_token')
  const tokens = toTokens(numbers, isByteLevel)
  const fallsBack = place.at('byte_fallback').flag(false)
  return {
    type: 'merges',
    tokens: toSpanParts(tokens),
    merges: toPairParts(readMerges(place.at('merges'), numbers)),
    alphabet: isByteLevel ? 'bytes' : 'characters',
    byteTokens: isByteLevel ? toByteTokens(numbers) : toFallbackTokens(fallsBack ? numbers : new Map()),
    unknown: unknown.isAbsent ? none : (numbers.get(unknown.text()) ?? none),
    fusesUnknown: place.at('fuse_unk').flag(false),
    ignoresMerges: place.at('ignore_merges').flag(false),
  }
}

function readVocabulary(place: Place): ReadonlyMap<string, number> {
  const entries = Object.entries(place.object())
  if (entries.length > vocabularyMax) place.refuse(`has ${entries.length} tokens; ${vocabularyMax} at most are read`)
  const numbers = new Map<string, number>()
  for (const [token, number] of entries) {
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number >= vocabularyMax) {
      place.refuse(`gives ${JSON.stringify(token.slice(0, 64))} no number from 0 to ${vocabularyMax - 1}`)
    }
    numbers.set(token, number)
  }
  return numbers
}

/** Older files write a merge as one text with a blank, newer ones as two texts. */
function readMerges(place: Place, numbers: ReadonlyMap<string, number>): (readonly [number, number, number])[] {
  return place.values(mergesMax).map((merge, index) => {
    const [left, right] = toTwo(merge)
    const found = [left, right, `${left}${right}`].map((token) =>
      token === undefined ? undefined : numbers.get(token),
    )
    const [one, other, merged] = found
    if (one === undefined || other === undefined || merged === undefined) {
      return place.refuse(`has a merge of what is not in vocab, number ${index}`)
    }
    return [one, other, merged] as const
  })
}

function toTwo(merge: JsonValue): readonly (string | undefined)[] {
  if (typeof merge === 'string') {
    const at = merge.indexOf(' ')
    return at < 0 ? [] : [merge.slice(0, at), merge.slice(at + 1)]
  }
  if (!Array.isArray(merge)) return []
  return merge.map((part: JsonValue) => (typeof part === 'string' ? part : undefined))
}

function toTokens(numbers: ReadonlyMap<string, number>, isByteLevel: boolean): readonly (Uint8Array | undefined)[] {
  const bytesOfSigns = isByteLevel ? toBytesOfSigns() : undefined
  const tokens: (Uint8Array | undefined)[] = []
  for (const [token, number] of numbers) {
    tokens[number] = bytesOfSigns === undefined ? Buffer.from(token) : toBytes(token, bytesOfSigns)
  }
  return Array.from(tokens)
}

/** `undefined` for a token that stands for no bytes, as those do that are added beside the text. */
function toBytes(token: string, bytesOfSigns: ReadonlyMap<string, number>): Uint8Array | undefined {
  const bytes: number[] = []
  for (const sign of token) {
    const byte = bytesOfSigns.get(sign)
    if (byte === undefined) return undefined
    bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

/** A byte that can be seen is written as itself, the others as the signs from U+0100 on (GPT-2). */
function toBytesOfSigns(): ReadonlyMap<string, number> {
  const signs = new Map<string, number>()
  let hidden = 0
  for (let byte = 0; byte < 256; byte++) {
    const isSeen = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    signs.set(String.fromCharCode(isSeen ? byte : 256 + hidden++), byte)
  }
  return signs
}

function toByteTokens(numbers: ReadonlyMap<string, number>): Int32Array {
  const tokens = new Int32Array(256).fill(none)
  for (const [sign, byte] of toBytesOfSigns()) tokens[byte] = numbers.get(sign) ?? none
  return tokens
}

function toFallbackTokens(numbers: ReadonlyMap<string, number>): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    const name = byte.toString(16).toUpperCase().padStart(2, '0')
    return numbers.get(`<0x${name}>`) ?? none
  })
}
