/** Takes a point to another: `[a, b, c, d, e, f]`, as PDF writes it. */
export type Matrix = readonly [number, number, number, number, number, number]

/** The inner one first, then the outer one. */
export function multiply(outer: Matrix, inner: readonly number[]): Matrix {
  const [a, b, c, d, e, f] = outer
  const [ia = 1, ib = 0, ic = 0, id = 1, ie = 0, iff = 0] = inner
  return [
    a * ia + c * ib,
    b * ia + d * ib,
    a * ic + c * id,
    b * ic + d * id,
    a * ie + c * iff + e,
    b * ie + d * iff + f,
  ]
}

/** The six numbers of a matrix as an operator is given it, alone or in a list; the one that changes nothing otherwise. */
export function toMatrix(given: unknown): Matrix {
  const inner: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = toNumbers(inner)
  return [a, b, c, d, e, f]
}

/** Numbers of a list of any kind. */
export function toNumbers(value: unknown): readonly number[] {
  if (value === null || typeof value !== 'object') return []
  return Array.isArray(value) ? value.map(Number) : Array.from(Object.values(value), Number)
}
