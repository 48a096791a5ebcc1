/** All terms as one automaton (Aho and Corasick, 1975): each unit of a text is looked at once, however many terms there are. */
export class TermTree {
  readonly #children = new Map<number, number>()
  readonly #first = new Int32Array(65_536)
  readonly #fail: number[] = [0]
  readonly #depth: number[] = [0]
  /** Length of the longest term that ends at a node and is a whole one; 0 for none. */
  readonly #ends: number[] = [0]
  /** The next node on the way of failures at which a term ends; 0 for none. */
  readonly #shorter: number[] = [0]

  constructor(terms: Iterable<string>) {
    for (const term of terms) this.#insert(term)
    this.#link()
  }

  depthOf(node: number): number {
    return this.#depth[node] ?? 0
  }

  step(node: number, unit: number): number {
    let at = node
    while (at !== 0) {
      const child = this.#children.get(at * 65_536 + unit)
      if (child !== undefined) return child
      at = this.#fail[at] ?? 0
    }
    return this.#first[unit] ?? 0
  }

  /** Lengths of the terms that end here, the longest first. */
  *endsAt(node: number): Generator<number> {
    for (
      let at = (this.#ends[node] ?? 0) > 0 ? node : (this.#shorter[node] ?? 0);
      at !== 0;
      at = this.#shorter[at] ?? 0
    ) {
      yield this.#ends[at] ?? 0
    }
  }

  hasEnd(node: number): boolean {
    return (this.#ends[node] ?? 0) > 0 || (this.#shorter[node] ?? 0) > 0
  }

  #insert(term: string): void {
    let node = 0
    for (let index = 0; index < term.length; index++) {
      const unit = term.charCodeAt(index)
      const known = node === 0 ? this.#first[unit] || undefined : this.#children.get(node * 65_536 + unit)
      if (known !== undefined) {
        node = known
        continue
      }
      const child = this.#depth.push(index + 1) - 1
      this.#ends.push(0)
      this.#fail.push(0)
      this.#shorter.push(0)
      if (node === 0) this.#first[unit] = child
      else this.#children.set(node * 65_536 + unit, child)
      node = child
    }
    this.#ends[node] = term.length
  }

  /** Breadth first: the failure of a node is known when those above it are. */
  #link(): void {
    const byParent = new Map<number, (readonly [number, number])[]>()
    for (const [key, child] of this.#children) {
      const parent = Math.floor(key / 65_536)
      const list = byParent.get(parent)
      if (list === undefined) byParent.set(parent, [[key % 65_536, child]])
      else list.push([key % 65_536, child])
    }
    const queue = [...this.#first].filter((node) => node !== 0)
    for (const node of queue) {
      for (const [unit, child] of byParent.get(node) ?? []) {
        const fail = this.step(this.#fail[node] ?? 0, unit)
        this.#fail[child] = fail
        this.#shorter[child] = (this.#ends[fail] ?? 0) > 0 ? fail : (this.#shorter[fail] ?? 0)
        queue.push(child)
      }
    }
  }
}
