/**
 * What the index keeps of a term in a chunk, in 16 bits: how often it stands in the text (up to 15), in the headings and
 * among the symbols that the chunk defines (up to 3), and in which of its sentences.
 */
export type Packed = number

/** One more in the text, in that sentence; in none where there are none. */
export function countText(packed: Packed, sentence?: number): Packed {
  return ((packed & 15) < 15 ? packed + 1 : packed) | (sentence === undefined ? 0 : 256 << sentence)
}

/** One more in the headings. */
export function countHead(packed: Packed): Packed {
  return ((packed >> 4) & 3) < 3 ? packed + 16 : packed
}

/** One more among the symbols. */
export function countSymbol(packed: Packed): Packed {
  return ((packed >> 6) & 3) < 3 ? packed + 64 : packed
}

export const textOf = (packed: Packed): number => packed & 15
export const headOf = (packed: Packed): number => (packed >> 4) & 3
export const symbolsOf = (packed: Packed): number => (packed >> 6) & 3
export const sentencesOf = (packed: Packed): number => packed >> 8

/** The chunks a term stands in, ascending, with what is kept of each. */
export interface Postings {
  readonly chunks: Int32Array
  readonly packed: Uint16Array
}

/** The postings of one term in one segment, as bytes: each chunk as the distance to the one before, then two bytes. */
interface Run {
  readonly firstChunk: number
  readonly lastChunk: number
  /** Begins with the distance 0 of the first chunk. */
  readonly bytes: Uint8Array
}

function encodeRun({ chunks, packed }: EncodedFrom): Run {
  const bytes = Buffer.allocUnsafe(chunks.length * (varintBytesMax + 2))
  const firstChunk = chunks[0] ?? 0
  let previous = firstChunk
  let at = 0
  for (let index = 0; index < chunks.length; index++) {
    let rest = (chunks[index] ?? 0) - previous
    previous = chunks[index] ?? 0
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
    const value = packed[index] ?? 0
    bytes[at++] = value & 0xff
    bytes[at++] = value >> 8
  }
  return { firstChunk, lastChunk: previous, bytes: bytes.subarray(0, at) }
}

interface EncodedFrom {
  readonly chunks: ArrayLike<number>
  readonly packed: ArrayLike<number>
}

/** The postings of runs in ascending order, as one list. */
export function decodeRuns(runs: readonly Run[]): Postings {
  let size = 0
  for (const { bytes } of runs) size += bytes.length
  const chunks = new Int32Array(Math.floor(size / 3))
  const packed = new Uint16Array(chunks.length)
  let length = 0
  for (const { firstChunk, bytes } of runs) {
    const place = { at: 0 }
    let chunk = firstChunk
    while (place.at < bytes.length) {
      chunk += readVarint(bytes, place)
      chunks[length] = chunk
      packed[length++] = (bytes[place.at] ?? 0) | ((bytes[place.at + 1] ?? 0) << 8)
      place.at += 2
    }
  }
  return { chunks: chunks.subarray(0, length), packed: packed.subarray(0, length) }
}

/** The run without some of its chunks; `undefined` when nothing is left. */
export function cutRun(run: Run, gone: ReadonlySet<number>): Run | undefined {
  const { chunks, packed } = decodeRuns([run])
  const kept = Array.from(chunks.keys()).filter((index) => !gone.has(chunks[index] ?? 0))
  if (kept.length === chunks.length) return run
  if (kept.length === 0) return undefined
  return encodeRun({
    chunks: kept.map((index) => chunks[index] ?? 0),
    packed: kept.map((index) => packed[index] ?? 0),
  })
}

const varintBytesMax = 5

/** A bucket holds the runs of all terms whose hash falls into it. */
type Bucket = Map<string, Run>

export function encodeBucket(bucket: ReadonlyMap<string, Run>): Uint8Array {
  let size = 0
  for (const [term, { bytes }] of bucket) size += term.length * 3 + bytes.length + 4 * varintBytesMax
  const buffer = Buffer.allocUnsafe(size)
  let at = 0
  const write = (value: number): void => {
    let rest = value
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
  }
  for (const [term, { firstChunk, lastChunk, bytes }] of bucket) {
    const isAscii = /^[\x20-\x7e]*$/.test(term)
    write(isAscii ? term.length : Buffer.byteLength(term))
    at += buffer.write(term, at, isAscii ? 'latin1' : 'utf8')
    write(firstChunk)
    write(lastChunk - firstChunk)
    write(bytes.length)
    buffer.set(bytes, at)
    at += bytes.length
  }
  return buffer.subarray(0, at)
}

export function decodeBucket(payload: Uint8Array): Bucket {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const bucket: Bucket = new Map()
  const place = { at: 0 }
  while (place.at < buffer.length) {
    const nameLength = readVarint(buffer, place)
    const term = buffer.toString('utf8', place.at, place.at + nameLength)
    place.at += nameLength
    const firstChunk = readVarint(buffer, place)
    const lastChunk = firstChunk + readVarint(buffer, place)
    const size = readVarint(buffer, place)
    bucket.set(term, { firstChunk, lastChunk, bytes: buffer.subarray(place.at, place.at + size) })
    place.at += size
  }
  return bucket
}

/** The run of one term; `name` is the term in UTF-8. The others are passed over unread. */
export function findRun(payload: Uint8Array, name: Uint8Array): Run | undefined {
  const place = { at: 0 }
  while (place.at < payload.length) {
    const nameLength = readVarint(payload, place)
    const nameAt = place.at
    place.at += nameLength
    const firstChunk = readVarint(payload, place)
    const distance = readVarint(payload, place)
    const size = readVarint(payload, place)
    if (nameLength === name.length && isAt(payload, nameAt, name)) {
      const bytes = payload.subarray(place.at, place.at + size)
      return { firstChunk, lastChunk: firstChunk + distance, bytes }
    }
    place.at += size
  }
  return undefined
}

function isAt(payload: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if (payload[at + index] !== name[index]) return false
  return true
}

/** Where reading goes on. */
export interface Place {
  at: number
}

export function readVarint(bytes: Uint8Array, place: Place): number {
  let byte = bytes[place.at++] ?? 0
  let value = byte & 0x7f
  for (let shift = 7; byte >= 0x80; shift += 7) {
    byte = bytes[place.at++] ?? 0
    value |= (byte & 0x7f) << shift
  }
  return value
}

/** The terms of one chunk, as they lie beside it until they are folded into the blocks. */
export interface ChunkTerms {
  readonly terms: readonly string[]
  readonly packed: Uint16Array
}

export function encodeTerms({ terms, packed }: ChunkTerms): Uint8Array {
  const text = Buffer.from(terms.join('\n'), 'utf8')
  const bytes = Buffer.allocUnsafe(4 + packed.length * 2 + text.length)
  bytes.writeUInt32LE(packed.length, 0)
  for (const [index, value] of packed.entries()) bytes.writeUInt16LE(value, 4 + index * 2)
  text.copy(bytes, 4 + packed.length * 2)
  return bytes
}

export function decodeTerms(bytes: Uint8Array): ChunkTerms {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = view.readUInt32LE(0)
  const packed = new Uint16Array(count)
  for (let index = 0; index < count; index++) packed[index] = view.readUInt16LE(4 + index * 2)
  return { terms: count === 0 ? [] : view.toString('utf8', 4 + count * 2).split('\n'), packed }
}
