import { expect, test } from 'vitest'
import { runBoundaries } from './kit/ledger/boundaries.ts'
import { countFaults, runHistory, runKills, runOverlap } from './kit/ledger/runs.ts'

test('a thousand random operations come to what the reference says, and the log folds to the balances', async () => {
  const { differences, unequal, audit } = await runHistory({ operations: 1_000, seed: 3 })
  expect({ differences, unequal, faults: countFaults(audit) }).toEqual({ differences: 0, unequal: 0, faults: 0 })
})

test('a process that dies at any of its writes, on either thread, leaves the books right for the next', async () => {
  const { kills, covered, isComplete: _, ...wrong } = await runBoundaries({ seed: 11, step: 43 })
  expect(wrong).toEqual({ faults: 0, phantoms: 0n, overspend: 0n, unbooked: 0n })
  expect(kills).toBeGreaterThanOrEqual(3)
  expect(new Set([...covered.keys()].map((name) => name.split(' ')[1])).size).toBe(2)
}, 300_000)

test('processes that are killed while they spend leave nothing held, nothing unbooked and nothing overspent', async () => {
  const { faults, phantoms, overspend, unbooked } = await runKills({ seed: 5, kills: 1 })
  expect({ faults, phantoms, overspend, unbooked }).toEqual({ faults: 0, phantoms: 0n, overspend: 0n, unbooked: 0n })
})

test('four hundred overlapping requests use a short budget to its end, and not beyond', async () => {
  const { spent, limit } = await runOverlap({ requests: 400, seed: 1 })
  expect(spent).toBeLessThanOrEqual(limit)
  expect(spent / limit).toBeGreaterThanOrEqual(0.95)
})
