import { afterEach, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createSystemClock } from '../../core/time.ts'
import { createHarness, createTarget } from './harness.ts'
import { createErrands } from './index.ts'

let mock: MockUpstream | undefined

afterEach(async () => {
  await mock?.close()
})

test('an errand that is broken off closes its connection before the answer, and is on record as cancelled', async () => {
  mock = await startMockUpstream()
  mock.next({ firstEventDelayMs: 5_000 })
  const { egress } = createHarness()
  const clock = createSystemClock()
  const ended: unknown[] = []
  const recorder = { intend: () => undefined, identify: () => undefined, settle: (facts: unknown) => ended.push(facts) }
  const run = createErrands({ egress, recorder, clock, ids: createIds({ clock, random: createSystemRandom() }) })
  const breaking = new AbortController()
  const request = {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: {},
    body: '{"model":"m","messages":[]}',
  } as const
  const { signal } = breaking
  const target = {
    ...createTarget(mock.url),
    timeouts: { connectMs: 1_000, firstByteMs: 10_000, idleMs: 1_000, totalMs: 10_000 },
  }
  const answer = run({ target, allowedRegions: ['eu'], request, answerBytesMax: 1_000, signal })
  const seen = await mock.requestAt(0)
  breaking.abort(new Error('no longer wanted'))
  await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
  await seen.ended
  expect(seen.outcome).toBe('cancelled')
  expect(ended).toMatchObject([[{ status: 'error', errorCode: 'CANCELLED' }]])
})
