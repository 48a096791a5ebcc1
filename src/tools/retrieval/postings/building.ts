import { readVarint, type Place } from './codec.ts'
import { TermTable } from './term-table.ts'

/** The terms of one chunk as `encodeTerms` writes them. */
export interface FreshTerms {
  readonly chunk: number
  readonly terms: Uint8Array
}

export interface BuiltSegment {
  /** A power of two. */
  readonly bucketCount: number
  /** Those with something in them, ascending. */
  readonly buckets: readonly { readonly bucket: number; readonly payload: Uint8Array }[]
}

/** A bucket of about this size is read and rewritten in one go. */
const bucketBytes = 1_200

/** The postings of chunks, given in ascending order. */
export function buildSegment(chunks: readonly FreshTerms[]): BuiltSegment {
  const table = new TermTable()
  const total = chunks.reduce((sum, { terms }) => sum + countTerms(terms), 0)
  const numbers = new Int32Array(total)
  let next = 0
  for (const { terms } of chunks) next = numberTerms(table, terms, { numbers, next })
  const { order, starts } = group(numbers, table.size)
  // The chunk and the value of each posting, in the order of the chunks.
  const chunkOf = new Int32Array(total)
  const packedOf = new Uint16Array(total)
  next = 0
  for (const { chunk, terms } of chunks) {
    const view = new DataView(terms.buffer, terms.byteOffset, terms.byteLength)
    for (let index = 0, count = countTerms(terms); index < count; index++) {
      chunkOf[next] = chunk
      packedOf[next++] = view.getUint16(4 + index * 2, true)
    }
  }
  const writer = new Writer(total * 4)
  return toBuckets({ table, writer, bytes: total * 3 + table.size * 12 }, (number) => {
    const [start, end] = [starts[number] ?? 0, starts[number + 1] ?? 0]
    const [firstChunk, lastChunk] = [chunkOf[order[start] ?? 0] ?? 0, chunkOf[order[end - 1] ?? 0] ?? 0]
    writer.number(firstChunk)
    writer.number(lastChunk - firstChunk)
    let size = 0
    for (let at = start, previous = firstChunk; at < end; at++) {
      const chunk = chunkOf[order[at] ?? 0] ?? 0
      size += 2 + sizeOf(chunk - previous)
      previous = chunk
    }
    writer.number(size)
    writer.reserve(size)
    for (let at = start, previous = firstChunk; at < end; at++) {
      const posting = order[at] ?? 0
      const chunk = chunkOf[posting] ?? 0
      writer.posting(chunk - previous, packedOf[posting] ?? 0)
      previous = chunk
    }
  })
}

/** The postings of neighbouring segments, each given as its buckets, in the order of their chunks. Nothing is decoded. */
export function joinBuckets(segments: readonly (readonly Uint8Array[])[]): BuiltSegment {
  const payloads = segments.flat()
  const bytes = payloads.reduce((sum, payload) => sum + payload.length, 0)
  const table = new TermTable()
  const runs = readRuns(table, payloads)
  const { order, starts } = group(runs.numbers, table.size)
  const writer = new Writer(bytes)
  return toBuckets({ table, writer, bytes }, (number) => {
    const [start, end] = [starts[number] ?? 0, starts[number + 1] ?? 0]
    const of = (list: readonly number[], at: number): number => list[order[at] ?? 0] ?? 0
    const [firstChunk, lastChunk] = [of(runs.first, start), of(runs.last, end - 1)]
    writer.number(firstChunk)
    writer.number(lastChunk - firstChunk)
    let size = 0
    for (let at = start; at < end; at++) {
      size += of(runs.to, at) - of(runs.from, at)
      // A run begins with the distance 0, one byte; here the distance to the run before stands in its place.
      if (at > start) size += sizeOf(of(runs.first, at) - of(runs.last, at - 1)) - 1
    }
    writer.number(size)
    writer.reserve(size + 5)
    for (let at = start; at < end; at++) {
      const payload = payloads[of(runs.payload, at)] ?? nothing
      if (at > start) writer.number(of(runs.first, at) - of(runs.last, at - 1))
      writer.copy(payload, of(runs.from, at) + (at > start ? 1 : 0), of(runs.to, at))
    }
  })
}

const nothing = new Uint8Array(0)

/** How many terms `encodeTerms` wrote. */
function countTerms(terms: Uint8Array): number {
  return new DataView(terms.buffer, terms.byteOffset, terms.byteLength).getUint32(0, true)
}

/** Writes the number of each term of a chunk; gives the place behind the last. */
export function numberTerms(
  table: TermTable,
  terms: Uint8Array,
  into: { readonly numbers: Int32Array; readonly next: number },
): number {
  const count = countTerms(terms)
  let next = into.next
  let from = 4 + count * 2
  for (let at = from; next < into.next + count; at++) {
    if (at < terms.length && terms[at] !== lineFeed) continue
    into.numbers[next++] = table.add(terms, from, at)
    from = at + 1
  }
  return next
}

const lineFeed = 0x0a

/** Where each run of some buckets stands; `from…to` are its postings. */
interface Runs {
  readonly numbers: Int32Array
  readonly payload: readonly number[]
  readonly first: readonly number[]
  readonly last: readonly number[]
  readonly from: readonly number[]
  readonly to: readonly number[]
}

function readRuns(table: TermTable, payloads: readonly Uint8Array[]): Runs {
  const numbers: number[] = []
  const [payload, first, last, from, to]: number[][] = [[], [], [], [], []]
  for (const [index, bytes] of payloads.entries()) {
    const place: Place = { at: 0 }
    while (place.at < bytes.length) {
      const length = readVarint(bytes, place)
      numbers.push(table.add(bytes, place.at, place.at + length))
      place.at += length
      const firstChunk = readVarint(bytes, place)
      const distance = readVarint(bytes, place)
      const size = readVarint(bytes, place)
      payload?.push(index)
      first?.push(firstChunk)
      last?.push(firstChunk + distance)
      from?.push(place.at)
      to?.push(place.at + size)
      place.at += size
    }
  }
  return {
    numbers: Int32Array.from(numbers),
    payload: payload ?? [],
    first: first ?? [],
    last: last ?? [],
    from: from ?? [],
    to: to ?? [],
  }
}

/** Sorts the places of numbers below `count` by number; of equal numbers the earlier place is first. */
function group(numbers: Int32Array, count: number): { readonly order: Int32Array; readonly starts: Int32Array } {
  const starts = new Int32Array(count + 1)
  for (const number of numbers) starts[number + 1] = (starts[number + 1] ?? 0) + 1
  for (let number = 0; number < count; number++) starts[number + 1] = (starts[number + 1] ?? 0) + (starts[number] ?? 0)
  const next = starts.slice()
  const order = new Int32Array(numbers.length)
  for (let place = 0; place < numbers.length; place++) {
    const number = numbers[place] ?? 0
    const at = next[number] ?? 0
    order[at] = place
    next[number] = at + 1
  }
  return { order, starts }
}

interface Building {
  readonly table: TermTable
  readonly writer: Writer
  /** About as many as the segment will have. */
  readonly bytes: number
}

/** Writes every term with its run behind it, parted into buckets. */
function toBuckets({ table, writer, bytes }: Building, writeRun: (number: number) => void): BuiltSegment {
  const bucketCount = 2 ** Math.max(0, Math.round(Math.log2(bytes / bucketBytes)))
  const bucketOf = Int32Array.from({ length: table.size }, (_, number) => table.bucketOf(number, bucketCount))
  const { order, starts } = group(bucketOf, bucketCount)
  const ends = new Int32Array(bucketCount)
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    for (let at = starts[bucket] ?? 0; at < (starts[bucket + 1] ?? 0); at++) {
      const number = order[at] ?? 0
      const name = table.nameOf(number)
      writer.reserve(name.length + 20)
      writer.number(name.length)
      writer.copy(name, 0, name.length)
      writeRun(number)
    }
    ends[bucket] = writer.length
  }
  const buckets: { readonly bucket: number; readonly payload: Uint8Array }[] = []
  for (let bucket = 0, from = 0; bucket < bucketCount; bucket++) {
    const to = ends[bucket] ?? 0
    if (to > from) buckets.push({ bucket, payload: writer.slice(from, to) })
    from = to
  }
  return { bucketCount, buckets }
}

/** How many bytes a number takes. */
function sizeOf(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
}

/** Bytes that grow; `reserve` comes before everything that is written. */
class Writer {
  #bytes: Buffer
  #length = 0

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(1_024, bytes))
  }

  get length(): number {
    return this.#length
  }

  reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + size, Math.ceil(this.#bytes.length * 1.5)))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }

  number(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  posting(distance: number, packed: number): void {
    this.number(distance)
    this.#bytes[this.#length++] = packed & 0xff
    this.#bytes[this.#length++] = packed >> 8
  }

  copy(bytes: Uint8Array, from: number, to: number): void {
    const target = this.#bytes
    let length = this.#length
    if (to - from > 64) {
      target.set(bytes.subarray(from, to), length)
      length += to - from
    } else for (let at = from; at < to; at++) target[length++] = bytes[at] ?? 0
    this.#length = length
  }

  slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from, to)
  }
}
