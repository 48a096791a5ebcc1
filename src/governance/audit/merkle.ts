import { createHash, hash } from 'node:crypto'

/*
 * The tree of RFC 6962, section 2.1: a leaf is SHA-256 of a zero byte and the record, a node SHA-256 of a one byte and its
 * two halves, the left half as large a power of two as fits.
 */

const leafPrefix = Buffer.from([0])
const nodePrefix = Buffer.from([1])

export function hashLeaf(record: Uint8Array): Buffer {
  return sha256(Buffer.concat([leafPrefix, record]))
}

/** A digest with a character for each byte: made and kept faster than bytes are. */
export type DigestText = string

/** Of the record as UTF-8. */
export function hashLeafText(record: string): DigestText {
  return hash('sha256', `\0${record}`, 'binary')
}

export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Buffer.concat([nodePrefix, left, right]))
}

/** By way of a string, because a buffer made by the library takes twice as long. */
function sha256(bytes: Uint8Array): Buffer {
  return fromText(hash('sha256', bytes, 'binary'))
}

function toDigestText(digest: Uint8Array): DigestText {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')
}

function fromText(digest: DigestText): Buffer {
  return Buffer.from(digest, 'latin1')
}

const digestBytes = 32
/** The root of a tree without leaves. */
const emptyRoot = createHash('sha256').digest()

/** A tree that only grows: of all its leaves it keeps the roots of the full subtrees, at most one for each bit of its size. */
export class Frontier {
  #size: number
  /** From the largest subtree, which is the oldest, to the smallest. */
  readonly #roots: DigestText[]
  /** A one byte and the two halves that are being hashed. */
  readonly #pair = Buffer.alloc(1 + 2 * digestBytes, 1)

  constructor(size = 0, roots: readonly Uint8Array[] = []) {
    this.#size = size
    this.#roots = roots.map(toDigestText)
  }

  get size(): number {
    return this.#size
  }

  get roots(): readonly Buffer[] {
    return this.#roots.map(fromText)
  }

  append(leaf: Uint8Array): void {
    this.appendText(toDigestText(leaf))
  }

  appendText(leaf: DigestText): void {
    let joined = leaf
    // Each trailing one of the size is a full subtree that the new leaf completes to one of twice its size.
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      joined = this.#join(this.#roots.pop() ?? '', joined)
    }
    this.#roots.push(joined)
    this.#size += 1
  }

  root(): Buffer {
    let root: DigestText | undefined
    for (let place = this.#roots.length - 1; place >= 0; place--) {
      const left = this.#roots[place] ?? ''
      root = root === undefined ? left : this.#join(left, root)
    }
    return root === undefined ? emptyRoot : fromText(root)
  }

  /** As `hashNode`, without a buffer for each pair. */
  #join(left: DigestText, right: DigestText): DigestText {
    const pair = this.#pair
    for (let index = 0; index < digestBytes; index++) {
      pair[1 + index] = left.charCodeAt(index)
      pair[1 + digestBytes + index] = right.charCodeAt(index)
    }
    return hash('sha256', pair, 'binary')
  }
}

/** The largest power of two below a size of two or more. */
function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** The root of some of these leaves. */
export function rootOf(leaves: readonly Uint8Array[], from: number, to: number): Buffer {
  const frontier = new Frontier()
  for (let index = from; index < to; index++) frontier.append(leaves[index] ?? emptyRoot)
  return frontier.root()
}

/** The hashes that lead from one leaf to the root of the first `size` leaves, from below. Cost: O(size). */
export function proveInclusion(leaves: readonly Uint8Array[], index: number, size = leaves.length): readonly Buffer[] {
  const prove = (from: number, to: number): Buffer[] => {
    if (to - from <= 1) return []
    const middle = from + splitOf(to - from)
    return index < middle
      ? [...prove(from, middle), rootOf(leaves, middle, to)]
      : [...prove(middle, to), rootOf(leaves, from, middle)]
  }
  return prove(0, size)
}

export interface Inclusion {
  readonly leaf: Uint8Array
  readonly index: number
  readonly size: number
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}

/** RFC 9162, section 2.1.3.2. */
export function verifyInclusion({ leaf, index, size, proof, root }: Inclusion): boolean {
  if (index >= size) return false
  let [own, last] = [index, size - 1]
  let hashed: Buffer = Buffer.from(leaf)
  for (const step of proof) {
    if (last === 0) return false
    if (own % 2 === 1 || own === last) {
      hashed = hashNode(step, hashed)
      while (own % 2 === 0 && own !== 0) [own, last] = [own / 2, Math.floor(last / 2)]
    } else hashed = hashNode(hashed, step)
    ;[own, last] = [Math.floor(own / 2), Math.floor(last / 2)]
  }
  return last === 0 && hashed.equals(root)
}

/** The hashes that show the first `size` leaves unchanged among all of them. Cost: O(leaves). */
export function proveConsistency(leaves: readonly Uint8Array[], size: number): readonly Buffer[] {
  return size === 0 || size === leaves.length
    ? []
    : proveSubtree(leaves, { from: 0, to: leaves.length, known: size }, true)
}

interface Subtree {
  readonly from: number
  readonly to: number
  /** How many of its leaves the smaller tree has. */
  readonly known: number
}

/** `isWhole`: the verifier holds the root of the known part, so that it need not be told. */
function proveSubtree(leaves: readonly Uint8Array[], { from, to, known }: Subtree, isWhole: boolean): Buffer[] {
  if (known === to - from) return isWhole ? [] : [rootOf(leaves, from, to)]
  const split = splitOf(to - from)
  const middle = from + split
  if (known <= split) {
    return [...proveSubtree(leaves, { from, to: middle, known }, isWhole), rootOf(leaves, middle, to)]
  }
  return [...proveSubtree(leaves, { from: middle, to, known: known - split }, false), rootOf(leaves, from, middle)]
}

export interface Consistency {
  readonly before: { readonly size: number; readonly root: Uint8Array }
  readonly after: { readonly size: number; readonly root: Uint8Array }
  readonly proof: readonly Uint8Array[]
}

/** RFC 9162, section 2.1.4.2. */
export function verifyConsistency({ before, after, proof }: Consistency): boolean {
  if (before.size > after.size) return false
  if (before.size === 0) return proof.length === 0
  if (before.size === after.size) return proof.length === 0 && Buffer.from(before.root).equals(after.root)
  let [own, last] = [before.size - 1, after.size - 1]
  while (own % 2 === 1) [own, last] = [Math.floor(own / 2), Math.floor(last / 2)]
  const steps = own === 0 ? [before.root, ...proof] : [...proof]
  const [first, ...rest] = steps
  if (first === undefined) return false
  let old: Buffer = Buffer.from(first)
  let grown: Buffer = old
  for (const step of rest) {
    if (last === 0) return false
    if (own % 2 === 1 || own === last) {
      old = hashNode(step, old)
      grown = hashNode(step, grown)
      while (own % 2 === 0 && own !== 0) [own, last] = [own / 2, Math.floor(last / 2)]
    } else grown = hashNode(grown, step)
    ;[own, last] = [Math.floor(own / 2), Math.floor(last / 2)]
  }
  return last === 0 && old.equals(before.root) && grown.equals(after.root)
}
