import { hash as digest } from 'node:crypto'
import { createShingler } from './shingles.ts'

/** What is kept of a text to find others like it. */
export interface Signature {
  /** SHA-256 of the text as it is. */
  readonly exact: string
  /** SHA-256 of the text as it counts for likeness: equal but for case, width, script and punctuation. */
  readonly normal: string
  /** One key for each band of the MinHash: texts that share a key are compared. Empty for a text without words. */
  readonly bands: readonly number[]
  /** Distinct hashes of the shingles, ascending. */
  readonly shingles: Uint32Array
}

export interface Signer {
  sign(text: string): Signature
}

/**
 * Texts that share the share j of their shingles meet in a band with 1 - (1 - j^4)^48: 0.005 at 0.1, 0.71 at 0.4, 0.95 at 0.5,
 * 0.999 at 0.6 (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4).
 */
const bandCount = 48
const rowsPerBand = 4

export function createSigner(): Signer {
  const shingler = createShingler()
  const factors = createFactors(bandCount * rowsPerBand)
  const least = new Uint32Array(factors.length)
  return {
    sign(text) {
      const normal = shingler.normalise(text)
      const shingles = shingler.shingle(normal)
      const bands = normal === '' ? [] : toBands(minimise(shingles, factors, least))
      return { exact: digest('sha256', text, 'hex'), normal: digest('sha256', normal, 'hex'), bands, shingles }
    },
  }
}

/** For each factor the least of the shingles under its permutation, written into `least`. */
function minimise(shingles: Uint32Array, factors: Uint32Array, least: Uint32Array): Uint32Array {
  least.fill(0xffffffff)
  for (const shingle of shingles) {
    for (let row = 0; row < factors.length; row++) {
      // A multiplication by an odd number and a shift are both one to one: a permutation of the 32-bit numbers.
      const product = Math.imul(shingle, factors[row] ?? 1)
      const value = (product ^ (product >>> 15)) >>> 0
      if (value < (least[row] ?? 0)) least[row] = value
    }
  }
  return least
}

function toBands(least: Uint32Array): readonly number[] {
  const bands: number[] = []
  for (let band = 0; band < bandCount; band++) {
    let key = band + 1
    for (let row = 0; row < rowsPerBand; row++) {
      key = Math.imul(key ^ (least[band * rowsPerBand + row] ?? 0), 0x9e3779b1)
      key ^= key >>> 16
    }
    bands.push(key >>> 0)
  }
  return bands
}

/** Odd 32-bit numbers, always the same: a sequence of Weyl, mixed as SplitMix does. */
function createFactors(count: number): Uint32Array {
  const factors = new Uint32Array(count)
  let state = 0
  for (let index = 0; index < count; index++) {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    factors[index] = (mixed ^ (mixed >>> 15)) | 1
  }
  return factors
}
