import { expect, test } from 'vitest'
import { collectAnswer, createAnswer } from '../../core/answer.ts'
import type { CallFacts } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import type { Model } from '../../core/model.ts'
import type { NodePlace } from '../../core/node-kind.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { silentLog } from '../../store/testing.ts'
import { createTestCall, createTestRequest, plainTraits } from '../node-kinds/testing.ts'
import { createShadows, type JudgedShadow } from './index.ts'

function createModel(id: string, answer: (text: string) => string): Model & { asked: number } {
  const model = {
    id,
    traits: plainTraits,
    asked: 0,
    answer: async (request: Parameters<Model['answer']>[0]) => {
      model.asked++
      const part = request.chat.messages.at(-1)?.parts[0]
      const text = answer(part?.type === 'text' ? part.text : '')
      return createAnswer(
        (async function* () {
          yield { type: 'text-delta', text } as const
          yield { type: 'finish', reason: 'stop' } as const
        })(),
      )
    },
  }
  return model
}

function createWorld(options: { readonly judge?: (text: string) => string } = {}) {
  const models: Record<string, Model & { asked: number }> = {
    small: createModel('small', () => 'wrong'),
    large: createModel('large', () => 'right'),
    judge: createModel('judge', options.judge ?? ((text) => (text.includes('wrong') ? '2' : '9'))),
  }
  const taken: JudgedShadow[] = []
  const settled: CallFacts[] = []
  let inWork = 0
  let done: () => void = () => undefined
  const idle = new Promise<void>((resolve) => {
    done = resolve
  })
  const clock = createFakeClock(0)
  const shadows = createShadows({
    clock,
    ids: createIds({ clock, random: createSeededRandom(1) }),
    random: createSeededRandom(2),
    log: silentLog,
    recorder: { intend: () => undefined, identify: () => undefined, settle: (facts) => settled.push(...facts) },
    narrowRegions: (outer, inner) => outer.filter((region) => inner.includes(region)),
    judging: {
      toPrompt: ({ answer }) => answer,
      readScore: (text) => (Number.isNaN(Number(text)) ? undefined : Number(text) / 10),
    },
    take: async (judged) => {
      taken.push(judged)
    },
    work: {
      enter: () => inWork++,
      leave: () => {
        if (--inWork === 0) done()
      },
    },
    durationMsMax: 1_000,
  })
  const place: NodePlace = {
    id: 'everyday',
    path: 'models.everyday',
    build: (child) => models[typeof child === 'string' ? child : ''] ?? createModel('x', String),
  }
  const create = (share: number): Model =>
    shadows.kind.create(
      { shadow: { use: 'small', of: ['small', 'large'], judge: 'judge', share, router: 'support' } },
      place,
    )
  return { models, taken, settled, idle, create, shadows }
}

test('a sampled prompt is asked again of both models, judged, recorded as a tree of its own, and taken', async () => {
  const { models, taken, settled, idle, create } = createWorld()
  const call = createTestCall()
  const answer = await create(1).answer(createTestRequest('年假几天?'), call)
  expect((await collectAnswer(answer)).text).toBe('wrong')
  await idle
  expect(taken).toEqual([
    {
      tenant: 'tenant_a',
      keyId: 'key_a',
      router: 'support',
      prompt: '年假几天?',
      scores: { small: 0.2, large: 0.9 },
      answers: { small: 'wrong', large: 'right' },
      costs: {},
      madeIn: [call.rootId, settled.at(-1)?.rootId],
    },
  ])
  expect([models['small']?.asked, models['large']?.asked, models['judge']?.asked]).toEqual([2, 1, 2])
  expect(settled.map(({ name }) => name)).toEqual(['small', 'judge', 'large', 'judge', 'shadow:everyday'])
  expect(call.facts).toEqual([])
})

test('only the share that is asked for is sampled', async () => {
  const { models, create, taken } = createWorld()
  const model = create(0.05)
  for (let round = 0; round < 400; round++) {
    await collectAnswer(await model.answer(createTestRequest(`q${round}`), createTestCall()))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(models['large']?.asked).toBe(taken.length)
  expect(taken.length).toBeGreaterThan(8)
  expect(taken.length).toBeLessThan(35)
})

test('a judge that gives no score leaves nothing behind but its record', async () => {
  const { taken, settled, idle, create } = createWorld({ judge: () => 'splendid' })
  await create(1).answer(createTestRequest('q'), createTestCall())
  await idle
  expect(taken).toEqual([])
  expect(settled.at(-1)).toMatchObject({ name: 'shadow:everyday', status: 'error', errorCode: 'UPSTREAM_INVALID' })
})
