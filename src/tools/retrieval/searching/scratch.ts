/** Scores by number, all 0 between two searches, and which of them are not. Room for numbers below `end` is made by `reserve`. */
class Scores {
  values = new Float64Array(1_024)
  #touched = new Int32Array(1_024)
  #count = 0

  reserve(end: number): void {
    if (this.values.length >= end) return
    this.values = new Float64Array(grow(end))
    this.#touched = new Int32Array(grow(end))
  }

  /** What is added is above 0. */
  add(number: number, score: number): void {
    const before = this.values[number] ?? 0
    if (before === 0) this.#touched[this.#count++] = number
    this.values[number] = before + score
  }

  /** Those with a score, in the order they got it; good until the next act. */
  touched(): Int32Array {
    return this.#touched.subarray(0, this.#count)
  }

  clear(): void {
    for (const number of this.touched()) this.values[number] = 0
    this.#count = 0
  }
}

/** What one search after another uses. */
export class Scratch {
  readonly chunks = new Scores()
  readonly entries = new Scores()
  /** By chunk; all 0 between two searches. */
  slots = new Int32Array(1_024)
  /** What the length of a chunk takes from its score, for the lengths there usually are. */
  readonly norms = new Float64Array(1_024)

  /** Makes room for numbers below these. */
  reserve(chunkEnd: number, entryEnd: number): void {
    this.chunks.reserve(chunkEnd)
    this.entries.reserve(entryEnd)
    if (this.slots.length < chunkEnd) this.slots = new Int32Array(grow(chunkEnd))
  }

  clear(): void {
    this.chunks.clear()
    this.entries.clear()
  }
}

function grow(length: number): number {
  return 2 ** Math.ceil(Math.log2(length))
}

/** Of the numbers those with the highest values; of equal values the lower number. */
export function takeBest(numbers: ArrayLike<number>, countMax: number, values: Float64Array): readonly number[] {
  if (numbers.length <= countMax) return Array.from(numbers)
  const threshold = findGreatest(numbers, countMax, values)
  const above: number[] = []
  const equal: number[] = []
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index] ?? 0
    const value = values[number] ?? 0
    if (value < threshold) continue
    if (value > threshold) above.push(number)
    else equal.push(number)
  }
  equal.sort((a, b) => a - b)
  return [...above, ...equal.slice(0, countMax - above.length)]
}

/** The value at that place from the greatest on, 1 for the greatest; there are more numbers than that. */
function findGreatest(numbers: ArrayLike<number>, place: number, values: Float64Array): number {
  const heap = new Float64Array(place) // the least of the greatest so far is at its root
  for (let index = 0; index < place; index++) {
    const value = values[numbers[index] ?? 0] ?? 0
    let at = index
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((heap[parent] ?? 0) <= value) break
      heap[at] = heap[parent] ?? 0
      at = parent
    }
    heap[at] = value
  }
  for (let index = place; index < numbers.length; index++) {
    const value = values[numbers[index] ?? 0] ?? 0
    if (value <= (heap[0] ?? 0)) continue
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= place) break
      if (child + 1 < place && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++
      if ((heap[child] ?? 0) >= value) break
      heap[at] = heap[child] ?? 0
      at = child
    }
    heap[at] = value
  }
  return heap[0] ?? 0
}
