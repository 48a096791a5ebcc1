/** Code units of UTF-16, as ranges in order that neither touch nor overlap; both ends inclusive. */
export type CharSet = readonly (readonly [number, number])[]

export const unitMax = 0xffff

export const digits: CharSet = [[48, 57]]
export const wordUnits: CharSet = toSet([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
])
/** Letters and digits of ASCII: what makes a match part of a longer name. */
export const letters: CharSet = toSet([
  [48, 57],
  [65, 90],
  [97, 122],
])
export const spaces: CharSet = toSet([
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
])
export const hanUnits: CharSet = toSet([
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
])
/** Everything but the end of a line. */
export const anyUnit: CharSet = complement([
  [10, 10],
  [13, 13],
])

/** Ranges in any order as a set. */
export function toSet(ranges: readonly (readonly [number, number])[]): CharSet {
  const joined: [number, number][] = []
  for (const [low, high] of ranges.toSorted((left, right) => left[0] - right[0])) {
    const last = joined.at(-1)
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high)
    else joined.push([low, high])
  }
  return joined
}

export function complement(set: CharSet): CharSet {
  const rest: [number, number][] = []
  let from = 0
  for (const [low, high] of toSet(set)) {
    if (low > from) rest.push([from, low - 1])
    from = high + 1
  }
  if (from <= unitMax) rest.push([from, unitMax])
  return rest
}

/** The same with the other case of every letter. */
export function toCaseless(set: CharSet): CharSet {
  const ranges: [number, number][] = set.map(([low, high]) => [low, high])
  for (const [low, high] of set) {
    if (high - low > caselessSpanMax) continue // A range as wide as a script holds both cases already.
    for (let unit = low; unit <= high; unit++) {
      const character = String.fromCharCode(unit)
      for (const other of [character.toLowerCase(), character.toUpperCase()]) {
        if (other.length === 1) ranges.push([other.charCodeAt(0), other.charCodeAt(0)])
      }
    }
  }
  return toSet(ranges)
}

const caselessSpanMax = 2_048
