/**
 * Numbers terms from 0 on, in the order they are first met. Terms are read where they stand, as UTF-8, and no strings are made
 * of them. Cost: a hash and a comparison of the bytes.
 */
export class TermTable {
  /** The number of a term and one, at a place its hash tells; twice as many as there can be terms before it grows. */
  #slots = new Int32Array(8_192)
  #hashes = new Int32Array(4_096)
  /** The name of a term begins where that of the one before ends. */
  #ends = new Int32Array(4_097)
  #names = new Uint8Array(32_768)
  #size = 0

  /** How many terms there are. */
  get size(): number {
    return this.#size
  }

  /** The number of the term that stands at `from…to`; the next one when it has not been met. */
  add(bytes: Uint8Array, from: number, to: number): number {
    if (this.#size === this.#hashes.length) this.#grow()
    const hash = hashTerm(bytes, from, to)
    const slot = this.#findSlot(hash, { bytes, from, to })
    const known = this.#slots[slot] ?? 0
    if (known > 0) return known - 1
    const number = this.#size++
    const start = this.#ends[number] ?? 0
    const end = start + to - from
    if (end > this.#names.length) this.#names = resize(this.#names, Math.max(end, this.#names.length * 2))
    for (let at = from; at < to; at++) this.#names[start + at - from] = bytes[at] ?? 0
    this.#slots[slot] = number + 1
    this.#hashes[number] = hash
    this.#ends[number + 1] = end
    return number
  }

  /** The number of a term; -1 when it has not been met. */
  find(term: string): number {
    const bytes = Buffer.from(term, 'utf8')
    const hash = hashTerm(bytes, 0, bytes.length)
    return (this.#slots[this.#findSlot(hash, { bytes, from: 0, to: bytes.length })] ?? 0) - 1
  }

  /** In UTF-8; a view, not a copy. */
  nameOf(number: number): Uint8Array {
    return this.#names.subarray(this.#ends[number] ?? 0, this.#ends[number + 1] ?? 0)
  }

  /** The same as `chooseBucket` of the term. */
  bucketOf(number: number, bucketCount: number): number {
    return toBucket(this.#hashes[number] ?? 0, bucketCount)
  }

  #findSlot(hash: number, { bytes, from, to }: Name): number {
    const mask = this.#slots.length - 1
    const length = to - from
    for (let slot = toBucket(hash, mask + 1); ; slot = (slot + 1) & mask) {
      const number = (this.#slots[slot] ?? 0) - 1
      if (number < 0) return slot
      if (this.#hashes[number] !== hash) continue
      const start = this.#ends[number] ?? 0
      if ((this.#ends[number + 1] ?? 0) - start !== length) continue
      let same = 0
      while (same < length && this.#names[start + same] === bytes[from + same]) same++
      if (same === length) return slot
    }
  }

  #grow(): void {
    this.#hashes = resize(this.#hashes, this.#hashes.length * 2)
    this.#ends = resize(this.#ends, this.#hashes.length + 1)
    const slots = new Int32Array(this.#hashes.length * 2)
    const mask = slots.length - 1
    for (let number = 0; number < this.#size; number++) {
      let slot = toBucket(this.#hashes[number] ?? 0, slots.length)
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    this.#slots = slots
  }
}

/** Where a term stands in bytes. */
interface Name {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

/** The bucket of a term among a power of two of them: FNV-1a over its UTF-16 code units. */
export function chooseBucket(term: string, bucketCount: number): number {
  let hash = hashStart
  for (let index = 0; index < term.length; index++) hash = Math.imul(hash ^ term.charCodeAt(index), hashPrime)
  return toBucket(hash, bucketCount)
}

const hashStart = 0x811c9dc5
const hashPrime = 0x01000193

function toBucket(hash: number, bucketCount: number): number {
  return (hash ^ (hash >>> 15)) & (bucketCount - 1)
}

/** The hash of `chooseBucket`, from well-formed UTF-8. */
function hashTerm(bytes: Uint8Array, from: number, to: number): number {
  let hash = hashStart | 0
  for (let at = from; at < to; ) {
    const byte = bytes[at++] ?? 0
    if (byte < 0x80) hash = Math.imul(hash ^ byte, hashPrime)
    else if (byte < 0xe0) hash = Math.imul(hash ^ (((byte & 31) << 6) | tail(bytes, at++)), hashPrime)
    else if (byte < 0xf0) {
      const unit = ((byte & 15) << 12) | (tail(bytes, at) << 6) | tail(bytes, at + 1)
      hash = Math.imul(hash ^ unit, hashPrime)
      at += 2
    } else {
      const rest = (tail(bytes, at) << 12) | (tail(bytes, at + 1) << 6) | tail(bytes, at + 2)
      const point = (((byte & 7) << 18) | rest) - 0x10000
      hash = Math.imul(hash ^ (0xd800 | (point >> 10)), hashPrime)
      hash = Math.imul(hash ^ (0xdc00 | (point & 0x3ff)), hashPrime)
      at += 3
    }
  }
  return hash
}

function tail(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) & 63
}

function resize<T extends Int32Array | Uint8Array>(array: T, length: number): T {
  const larger = array instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length)
  larger.set(array)
  return larger as T // of the same kind
}
