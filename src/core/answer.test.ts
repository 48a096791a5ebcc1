import { describe, expect, test } from 'vitest'
import { collectAnswer, createAnswer, followAnswer } from './answer.ts'
import { createRootCall, type Call } from './call.ts'
import type { AnswerEvent } from './chat.ts'
import { PlatformError } from './errors.ts'
import { createIds } from './ids.ts'
import type { Answer } from './model.ts'
import { createSeededRandom } from './random.ts'
import { createFakeClock } from './time.ts'

function createCall(): Call {
  const clock = createFakeClock(0)
  return createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(1) }) },
    {
      name: 'test',
      principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: [] },
      durationMsMax: 1_000,
    },
  )
}

async function* play(failure?: PlatformError): AsyncGenerator<AnswerEvent> {
  yield { type: 'text-delta', text: 'one' }
  if (failure !== undefined) throw failure
  yield { type: 'finish', reason: 'stop' }
}

const cut = new PlatformError('UPSTREAM_CUT', 'cut')

describe('a followed answer ends its call once', () => {
  test('as ok when it is read to its end, with what is known of it', async () => {
    const call = createCall()
    const answer = followAnswer(createAnswer(play()), call, { firstByteMs: 7, detail: { branch: 0 } })
    expect((await collectAnswer(answer)).text).toBe('one')
    answer.cancel('late')
    expect(call.facts).toMatchObject([{ status: 'ok', firstByteMs: 7, detail: { branch: 0 } }])
  })

  test('as an error when it fails, and the error comes through', async () => {
    const call = createCall()
    await expect(collectAnswer(followAnswer(createAnswer(play(cut)), call))).rejects.toBe(cut)
    expect(call.facts).toMatchObject([{ status: 'error', errorCode: 'UPSTREAM_CUT' }])
  })

  test('as cancelled when it is left or cancelled, which the answer below hears of', async () => {
    const left = createCall()
    for await (const _ of followAnswer(createAnswer(play()), left)) break
    expect(left.facts).toMatchObject([{ status: 'cancelled' }])
    const cancelled = createCall()
    const reasons: unknown[] = []
    followAnswer(
      createAnswer(play(), (reason) => reasons.push(reason)),
      cancelled,
    ).cancel('enough')
    expect(reasons).toEqual(['enough'])
    expect(cancelled.facts).toMatchObject([{ status: 'cancelled' }])
  })

  test('when its bytes are relayed instead', async () => {
    const sink = { write: () => true, onDrain: () => undefined }
    for (const failure of [undefined, cut]) {
      const call = createCall()
      const relay = (): Promise<void> => (failure === undefined ? Promise.resolve() : Promise.reject(failure))
      const wire = { type: 'stream', dialect: 'openai-chat', relay } as const
      const followed = followAnswer({ ...createAnswer(play()), wire }, call)
      const relayed = followed.wire?.type === 'stream' ? followed.wire.relay(sink) : Promise.reject(new Error('lost'))
      if (failure === undefined) await relayed
      else await expect(relayed).rejects.toBe(failure)
      expect(call.facts).toMatchObject([{ status: failure === undefined ? 'ok' : 'error' }])
    }
  })

  test('at once when its whole body is there', () => {
    const call = createCall()
    const whole: Answer = {
      ...createAnswer(play()),
      wire: { type: 'whole', dialect: 'openai-chat', body: Buffer.from('{}') },
    }
    expect(followAnswer(whole, call).wire).toBe(whole.wire)
    expect(call.facts).toMatchObject([{ status: 'ok' }])
  })
})
