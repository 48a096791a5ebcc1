import type { SpanParts } from './parts.ts'

/** What stands for no token, and for no merge. */
export const none = -1

/** Makes the table of byte strings; the number of each is its place. Of two that are the same the first is found. */
export function toSpanParts(strings: readonly (Uint8Array | undefined)[]): SpanParts {
  const size = strings.reduce((sum, each) => sum + (each?.length ?? 0), 0)
  const bytes = new Uint8Array(size)
  const starts = new Uint32Array(strings.length + 1)
  let end = 0
  for (const [place, each] of strings.entries()) {
    if (each !== undefined) bytes.set(each, end)
    end += each?.length ?? 0
    starts[place + 1] = end
  }
  const parts = { bytes, starts, slots: new Uint32Array(toSlotCount(strings.length)) }
  const spans = new Spans(parts)
  for (let number = 0; number < strings.length; number++) spans.put(number)
  return parts
}

/** A power of two of which no more than half will be in use. */
export function toSlotCount(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, entries) * 2))
}

/** Byte strings by their bytes. Over typed arrays, because a `Map` of 200,000 strings takes ten times their memory. */
export class Spans {
  readonly #bytes: Uint8Array
  readonly #starts: Uint32Array
  readonly #slots: Uint32Array
  /** Room for two that are joined: more than the longest one is none. */
  readonly #joined: Uint8Array

  constructor({ bytes, starts, slots }: SpanParts) {
    let longest = 0
    for (let number = 1; number < starts.length; number++)
      longest = Math.max(longest, (starts[number] ?? 0) - (starts[number - 1] ?? 0))
    this.#joined = new Uint8Array(longest)
    this.#bytes = bytes
    this.#starts = starts
    this.#slots = slots
  }

  get count(): number {
    return this.#starts.length - 1
  }

  /** The number of the bytes `start…end`; `none` when they are none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const [own, starts, slots] = [this.#bytes, this.#starts, this.#slots]
    const mask = slots.length - 1
    const length = end - start
    for (let slot = hashOf(bytes, start, end) & mask; ; slot = (slot + 1) & mask) {
      const number = (slots[slot] ?? 0) - 1
      if (number < 0) return none
      const from = starts[number] ?? 0
      if ((starts[number + 1] ?? 0) - from !== length) continue
      let same = 0
      while (same < length && own[from + same] === bytes[start + same]) same += 1
      if (same === length) return number
    }
  }

  /** The number of the bytes of two numbers together; `none` when they are none. */
  findJoined(left: number, right: number): number {
    let length = 0
    for (const number of [left, right]) {
      const [start, end] = [this.#starts[number] ?? 0, this.#starts[number + 1] ?? 0]
      if (length + end - start > this.#joined.length) return none
      for (let at = start; at < end; at++) this.#joined[length++] = this.#bytes[at] ?? 0
    }
    return this.find(this.#joined, 0, length)
  }

  /** Makes a number findable by its bytes, unless another one has them. */
  put(number: number): void {
    const [start, end] = [this.#starts[number] ?? 0, this.#starts[number + 1] ?? 0]
    if (start === end || this.find(this.#bytes, start, end) !== none) return
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#bytes, start, end) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = number + 1
  }
}

/** FNV-1a, whose low bits are as good as its high ones after the last step. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193)
  return hash
}
