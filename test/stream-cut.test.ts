import { expect, test } from 'vitest'
import { runRecordedCuts } from './kit/cuts/index.ts'

test('a stream that breaks off behind any event of any recorded body is charged: its input at least, what was held at most', async () => {
  const faults: string[] = []
  const { bodies, cuts, charged, ...found } = await runRecordedCuts((fault) => faults.push(fault))
  expect(faults).toEqual([])
  expect(found).toEqual({ belowInput: 0, aboveHold: 0, free: 0, unpriced: 1, unbooked: 0n, overruns: 0 })
  expect(bodies).toBeGreaterThanOrEqual(40)
  expect(cuts).toBeGreaterThan(250)
  expect(charged).toBeGreaterThan(200)
}, 180_000)
