import { expect, test } from 'vitest'
import { countFaults, runFaults, runHistory, runKills, runOverlap } from './kit/ledger/runs.ts'

test('a thousand random operations come to what the reference says, and the log folds to the balances', async () => {
  const { differences, unequal, audit } = await runHistory({ operations: 1_000, seed: 3 })
  expect({ differences, unequal, faults: countFaults(audit) }).toEqual({ differences: 0, unequal: 0, faults: 0 })
})

test('a process that dies before any of its statements leaves the books right', async () => {
  const { kills, faults } = await runFaults({ seed: 11, killsMax: 3 })
  expect({ kills, faults }).toEqual({ kills: 3, faults: 0 })
})

test('processes that are killed while they spend leave nothing held, nothing unbooked and nothing overspent', async () => {
  const { faults, phantoms, overspend, unbooked } = await runKills({ seed: 5, kills: 1 })
  expect({ faults, phantoms, overspend, unbooked }).toEqual({ faults: 0, phantoms: 0n, overspend: 0n, unbooked: 0n })
})

test('four hundred overlapping requests use a short budget to its end, and not beyond', async () => {
  const { spent, limit } = await runOverlap({ requests: 400, seed: 1 })
  expect(spent).toBeLessThanOrEqual(limit)
  expect(spent / limit).toBeGreaterThanOrEqual(0.95)
})
