import { expect, test } from 'vitest'
import { runResidency } from './kit/residency/index.ts'

test('in random worlds nothing reaches an endpoint outside the regions of its request, whatever fails', async () => {
  const outcome = await runResidency({ requests: 2_000, seed: 20_261_123, requestsPerWorld: 100 })
  expect(outcome).toMatchObject({
    worlds: 20,
    requests: 2_000,
    outside: 0,
    strays: 0,
    foreignCredentials: 0,
    withoutDispatch: 0,
    withoutIntent: 0,
    aboveCallsMax: 0,
  })
  // The worlds are of a kind in which all this could have happened; how often, hangs on which deadline passes first.
  expect(outcome.answered).toBeGreaterThan(100)
  expect(outcome.forbidden).toBeGreaterThan(100)
  expect(outcome.sovereign).toBeGreaterThan(100)
  expect(outcome.sovereignArrivals).toBeGreaterThan(30)
  expect(outcome.furtherArrivals).toBeGreaterThan(100)
}, 180_000)
