/**
 * Solves (A + λI) x = b for a symmetric positive definite A, given as its lower triangle by rows; A is overwritten.
 * `undefined` when A is singular to working precision.
 */
export function solveSymmetric(lower: Float64Array, right: Float64Array): Float64Array | undefined {
  const size = right.length
  for (let column = 0; column < size; column++) {
    let pivot = at(lower, column * size + column)
    for (let k = 0; k < column; k++) pivot -= at(lower, column * size + k) ** 2
    if (!(pivot > 0)) return undefined
    pivot = Math.sqrt(pivot)
    lower[column * size + column] = pivot
    for (let row = column + 1; row < size; row++) {
      let sum = at(lower, row * size + column)
      for (let k = 0; k < column; k++) sum -= at(lower, row * size + k) * at(lower, column * size + k)
      lower[row * size + column] = sum / pivot
    }
  }
  return substitute(lower, right)
}

/** Forward and back substitution with a Cholesky factor. */
function substitute(factor: Float64Array, right: Float64Array): Float64Array {
  const size = right.length
  const solution = Float64Array.from(right)
  for (let row = 0; row < size; row++) {
    let sum = at(solution, row)
    for (let k = 0; k < row; k++) sum -= at(factor, row * size + k) * at(solution, k)
    solution[row] = sum / at(factor, row * size + row)
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = at(solution, row)
    for (let k = row + 1; k < size; k++) sum -= at(factor, k * size + row) * at(solution, k)
    solution[row] = sum / at(factor, row * size + row)
  }
  return solution
}

/**
 * An element that the caller knows is there. One read beside an array, anywhere, is noted by the compiler at this one place, and
 * all reads are then made with care for what is not there: forecasts took twice the time for it.
 */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? 0
}

/** An array of `length` values; a loop, since `Float64Array.from` with a function is many times slower. */
export function generate(length: number, value: (index: number) => number): Float64Array {
  const values = new Float64Array(length)
  for (let index = 0; index < length; index++) values[index] = value(index)
  return values
}
