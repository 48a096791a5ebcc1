import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Frontier, hashLeaf, proveConsistency, proveInclusion, verifyConsistency, verifyInclusion } from './merkle.ts'

const leavesOf = (count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => hashLeaf(Buffer.from(`record ${index}`)))

/** RFC 6962, section 2.1, word by word. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only === undefined) return createHash('sha256').digest()
  if (leaves.length === 1) return only
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const halves = [rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split))]
  return createHash('sha256')
    .update(Buffer.concat([Buffer.from([1]), ...halves]))
    .digest()
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const frontier = new Frontier()
  for (const leaf of leaves) frontier.append(leaf)
  return frontier.root()
}

describe('the tree', () => {
  test('has the roots that the definition gives, at every size, also when it is taken up again', () => {
    const leaves = leavesOf(70)
    let frontier = new Frontier()
    for (const [index, leaf] of leaves.entries()) {
      expect(frontier.root().equals(rootByDefinition(leaves.slice(0, index))), `size ${index}`).toBe(true)
      if (index % 7 === 3) frontier = new Frontier(frontier.size, frontier.roots)
      frontier.append(leaf)
    }
  })

  test('proves that a leaf is in it, and that no other is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(), fc.nat(), (size, at, other) => {
        const leaves = leavesOf(size)
        const index = at % size
        const leaf = leaves[index] ?? Buffer.alloc(32)
        const proof = proveInclusion(leaves, index)
        const inclusion = { leaf, index, size, proof, root: rootOf(leaves) }
        expect(verifyInclusion(inclusion)).toBe(true)
        expect(verifyInclusion({ ...inclusion, leaf: hashLeaf(Buffer.from('another')) })).toBe(false)
        expect(verifyInclusion({ ...inclusion, proof: [...proof, leaf] })).toBe(false)
        if (other % size !== index) expect(verifyInclusion({ ...inclusion, index: other % size })).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('proves that it has grown from a smaller one, and from no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(), (size, at) => {
        const leaves = leavesOf(size)
        const known = at % (size + 1)
        const proof = proveConsistency(leaves, known)
        const before = { size: known, root: rootOf(leaves.slice(0, known)) }
        const after = { size, root: rootOf(leaves) }
        expect(verifyConsistency({ before, after, proof })).toBe(true)
        if (known === 0) return
        const forked = { ...before, root: hashLeaf(Buffer.from('another')) }
        expect(verifyConsistency({ before: forked, after, proof })).toBe(false)
        expect(verifyConsistency({ before, after: { size, root: forked.root }, proof })).toBe(false)
      }),
      { numRuns: 300 },
    )
  })
})
