import { expect, test } from 'vitest'
import { runCrash } from './kit/crash.ts'

test('a server that is killed under load again and again has each answered request on record, once, at its price', async () => {
  const outcome = await runCrash({ kills: 5, seed: 20_261_123, connections: 16 })
  expect(outcome.answered).toBeGreaterThan(10)
  expect(outcome.interrupted).toBeGreaterThan(0)
  expect(outcome).toMatchObject({
    missing: 0,
    doubled: 0,
    wrongCosts: 0,
    interruptedWithFigures: 0,
    unrecorded: 0,
    leftovers: 0,
    integrity: 'ok',
    unsealed: 0,
    auditFindings: [],
    exitCode: 0,
  })
}, 300_000)
