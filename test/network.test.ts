import { describe, expect, test } from 'vitest'
import { runNetwork } from './kit/network/index.ts'

describe('a network of models', () => {
  test('keeps its budgets, regions and worst case, and leaves nothing running, whatever the tree and whatever fails', async () => {
    const outcome = await runNetwork({ trees: 160, seed: 20_260, requestsPerTree: 1 })
    expect(outcome).toMatchObject({
      trees: 160,
      budgetsExceeded: 0,
      regionsLeft: 0,
      callsUncancelled: 0,
      deadlocks: 0,
      worstCaseBroken: 0,
      lateSends: 0,
      unexpected: 0,
    })
    expect(outcome.sends).toBeGreaterThan(100)
    expect(outcome.budgets).toBeGreaterThan(50)
    expect(outcome.cut).toBeGreaterThan(3)
  })
})
