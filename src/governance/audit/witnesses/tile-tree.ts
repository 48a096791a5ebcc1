import { hashNode, rootOf } from '../merkle.ts'

/** Leaves of a log from a place on, in order: 32 bytes each. */
export type ReadLeaves = (from: number, count: number) => Promise<readonly Buffer[]>

/** As many leaves as one tile has. */
const tileLeaves = 256

/**
 * Proves growth without holding every leaf: of each full 256 leaves the root is kept, so that the next proof reads what has come
 * since and at most three tiles. Cost: the hashes of new leaves, and O(records / 256).
 */
export class TileTree {
  readonly #read: ReadLeaves
  readonly #tiles: Buffer[] = []

  constructor(read: ReadLeaves) {
    this.#read = read
  }

  /** The hashes that show the first `known` records unchanged among the first `size` (RFC 9162, section 2.1.4). */
  async proveGrowth(known: number, size: number): Promise<readonly Buffer[]> {
    if (known === 0 || known === size) return []
    await this.#keepTiles(size)
    return this.#proveSubtree({ from: 0, to: size, known }, true)
  }

  async #keepTiles(size: number): Promise<void> {
    while ((this.#tiles.length + 1) * tileLeaves <= size) {
      const leaves = await this.#read(this.#tiles.length * tileLeaves, tileLeaves)
      if (leaves.length < tileLeaves) throw new RangeError('the log holds fewer leaves than its checkpoint says')
      this.#tiles.push(rootOf(leaves, 0, tileLeaves))
    }
  }

  async #proveSubtree(
    { from, to, known }: { readonly from: number; readonly to: number; readonly known: number },
    isWhole: boolean,
  ): Promise<readonly Buffer[]> {
    if (known === to - from) return isWhole ? [] : [await this.#rootOf(from, to)]
    const split = splitOf(to - from)
    const middle = from + split
    if (known <= split) {
      return [...(await this.#proveSubtree({ from, to: middle, known }, isWhole)), await this.#rootOf(middle, to)]
    }
    const right = { from: middle, to, known: known - split }
    return [...(await this.#proveSubtree(right, false)), await this.#rootOf(from, middle)]
  }

  async #rootOf(from: number, to: number): Promise<Buffer> {
    const count = to - from
    if (count <= tileLeaves) {
      const tile = count === tileLeaves && from % tileLeaves === 0 ? this.#tiles[from / tileLeaves] : undefined
      return tile ?? rootOf(await this.#read(from, count), 0, count)
    }
    const middle = from + splitOf(count)
    return hashNode(await this.#rootOf(from, middle), await this.#rootOf(middle, to))
  }
}

/** The largest power of two below a size of two or more. */
function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}
