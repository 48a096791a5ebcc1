import { describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { Chat, RequestAside } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { PersonalDataScanner } from '../../core/ports-privacy.ts'
import type { EndpointState } from '../../core/ports.ts'
import { createFakeClock } from '../../core/time.ts'
import { trainRouter, type RouterCatalogue } from '../learning/index.ts'
import { createEmbeddedPairs, createPairs } from '../learning/testing.ts'
import {
  buildTestModel,
  createScriptedEndpoints,
  createTestCall,
  createTestRequest,
  refusalOf,
  say,
} from './testing.ts'

const scripts = { a: say('from a'), b: say('from b'), c: say('from c') }

/** Finds one type of personal data: the letter @. */
const personal: PersonalDataScanner = {
  types: ['email', 'phone'],
  scan: (text) => (text.includes('@') ? [{ type: 'email', start: 0, end: 1, line: 1, confidence: 1, why: [] }] : []),
  scanInTurns: async (text) => personal.scan(text),
}

interface Asking {
  readonly text?: string
  readonly chat?: Partial<Chat>
  readonly aside?: RequestAside
  readonly states?: Readonly<Record<string, Partial<EndpointState>>>
  readonly atMs?: number
}

async function taken(route: unknown, { text = 'hi', chat, aside, states, atMs }: Asking = {}): Promise<string> {
  const endpoints = createScriptedEndpoints(scripts, { states })
  const model = buildTestModel({ route }, endpoints, { personal })
  const call = createTestCall(atMs === undefined ? {} : { clock: createFakeClock(atMs) })
  const answer = await model.answer({ ...createTestRequest(text, chat), aside }, call)
  return (await collectAnswer(answer)).text.slice(-1)
}

const rule = (when: unknown) => [{ when, use: 'a' }, { use: 'b' }]

describe('rules', () => {
  test('of which there is one are the model it uses, and no call of its own is on record', async () => {
    const call = createTestCall()
    const model = buildTestModel({ route: [{ use: 'a' }] }, createScriptedEndpoints(scripts))
    expect((await collectAnswer(await model.answer(createTestRequest('hi'), call))).text).toBe('from a')
    expect(call.facts.map(({ kind, name }) => [kind, name])).toEqual([['dispatch', 'a']])
    expect(call.notes).toBeUndefined()
  })

  test('say on record which of them was taken', async () => {
    const call = createTestCall()
    const model = buildTestModel({ route: rule({ turns: { atLeast: 2 } }) }, createScriptedEndpoints(scripts))
    await collectAnswer(await model.answer(createTestRequest('hi'), call))
    expect(call.notes).toEqual({ route: { by: 'rules', branch: 1 } })
    expect(call.facts.find(({ kind }) => kind === 'model')?.detail).toEqual({ node: 'route', branch: '1' })
  })

  test.each<[string, unknown, Asking, string]>([
    ['the language', { language: 'zh' }, { text: '笔记本电脑丢了怎么办?' }, 'a'],
    ['another language', { language: 'zh' }, { text: 'What do I do when my laptop is lost?' }, 'b'],
    ['the task', { task: ['code', 'math'] }, { text: 'Write a Python function that sorts.' }, 'a'],
    ['the length', { tokens: { atLeast: 100 } }, { text: 'long '.repeat(100) }, 'a'],
    ['a short one', { tokens: { atLeast: 100 } }, { text: 'short' }, 'b'],
    ['tools', { tools: false }, {}, 'a'],
    ['effort', { effort: ['high', 'max'] }, { chat: { reasoningEffort: 'high' } }, 'a'],
    ['no effort is unknown', { not: { effort: 'high' } }, {}, 'b'],
    ['that it is unknown', { unknown: 'effort' }, {}, 'a'],
    ['personal data', { personal: true }, { text: 'write to me@example.org' }, 'a'],
    ['no personal data', { personal: false }, { text: 'nothing' }, 'a'],
    ['the type of personal data', { personal: 'phone' }, { text: 'me@example.org' }, 'b'],
    ['words of the question', { contains: ['INVOICE', '发票'] }, { text: '这张发票' }, 'a'],
    [
      'a header',
      { header: { name: 'X-Data-Class', is: 'secret' } },
      { aside: { headers: { 'x-data-class': 'secret' }, variables: undefined } },
      'a',
    ],
    ['the header of nobody', { header: { name: 'x-data-class' } }, {}, 'b'],
    ['health', { healthy: 'c' }, { states: { c: { isOpen: false } } }, 'b'],
    [
      'the network',
      { network: 'down' },
      { states: { a: { isLocal: true }, b: { isOpen: false }, c: { isOpen: false } } },
      'a',
    ],
    ['latency', { latency: { of: 'c', below: 100 } }, { states: { c: { firstByteMs: 50 } } }, 'a'],
    ['latency before the first', { latency: { of: 'c', below: 100 } }, {}, 'b'],
    ['the price', { price: { of: 'c', below: '0.000001' } }, {}, 'a'],
    [
      'the time',
      { time: { from: '22:00', to: '06:00', zone: 'Asia/Shanghai' } },
      { atMs: Date.UTC(2026, 0, 5, 15) },
      'a',
    ],
    [
      'another time',
      { time: { from: '22:00', to: '06:00', zone: 'Asia/Shanghai' } },
      { atMs: Date.UTC(2026, 0, 5, 3) },
      'b',
    ],
    [
      'the day on which a night begins',
      { time: { from: '22:00', to: '06:00', zone: 'UTC', days: ['mon'] } },
      { atMs: Date.UTC(2026, 0, 6, 3) },
      'a',
    ],
    ['several at once', { all: [{ tools: false }, { any: [{ language: 'fr' }, { turns: { below: 2 } }] }] }, {}, 'a'],
    ['the key', { key: 'key_a', tenant: 'tenant_a' }, {}, 'a'],
    ['form and stream', { format: 'text', stream: true }, {}, 'a'],
    [
      'pictures',
      { input: 'image' },
      {
        chat: {
          messages: [
            { role: 'user', parts: [{ type: 'image', source: { type: 'url', url: 'x' }, detail: undefined }] },
          ],
        },
      },
      'a',
    ],
  ])('go by %s', async (...[, when, asking, expected]) => {
    expect(await taken(rule(when), asking)).toBe(expected)
  })

  test('take the first that holds, and say what they knew', async () => {
    const endpoints = createScriptedEndpoints(scripts)
    const call = createTestCall()
    const route = [{ when: { language: 'zh' }, use: 'a' }, { when: { language: 'en' }, use: 'b' }, { use: 'c' }]
    const answer = await buildTestModel({ route }, endpoints).answer(
      createTestRequest('What is the name of this?'),
      call,
    )
    await collectAnswer(answer)
    expect(endpoints.calls).toEqual(['b'])
    expect(call.notes).toEqual({ route: { by: 'rules', branch: 1, because: { language: 'en' } } })
  })
})

describe('tables', () => {
  test('look a signal up, and have a model for all else', async () => {
    const route = { by: 'language', table: { zh: 'a', en: 'b' }, else: 'c' }
    expect(await taken(route, { text: '你好吗' })).toBe('a')
    expect(await taken(route, { text: '12345' })).toBe('c')
  })
})

describe('refusals', () => {
  const endpoints = createScriptedEndpoints(scripts)
  const refused = (route: unknown): string => refusalOf({ route }, endpoints, { personal }).message

  test.each<[string, unknown, string]>([
    [
      'no rule that always holds',
      [{ when: { tools: true }, use: 'a' }],
      'models.it.route[0].when: what is unknown meets no condition',
    ],
    ['a rule behind one that always holds', [{ use: 'a' }, { use: 'b' }], 'models.it.route[1]: it is never reached'],
    [
      'a rule that an earlier one covers',
      [{ when: { tokens: { atLeast: 10 } }, use: 'a' }, { when: { tokens: { atLeast: 20 } }, use: 'b' }, { use: 'c' }],
      'route[1].when: whatever meets it',
    ],
    [
      'a rule that two earlier ones cover',
      [
        { when: { tools: true }, use: 'a' },
        { when: { tools: false, turns: { atLeast: 1 } }, use: 'b' },
        { when: { turns: { atLeast: 5 } }, use: 'c' },
        { use: 'c' },
      ],
      'route[2].when: whatever meets it',
    ],
    [
      'a contradiction',
      [{ when: { all: [{ language: 'zh' }, { language: 'en' }] }, use: 'a' }, { use: 'b' }],
      'route[0].when: no request can meet it',
    ],
    [
      'a contradiction of numbers',
      [{ when: { turns: { atLeast: 5, below: 3 } }, use: 'a' }, { use: 'b' }],
      'nothing is 5 or more and below 3',
    ],
    ['an endpoint that is not there', [{ when: { healthy: 'z' }, use: 'a' }, { use: 'b' }], 'no endpoint "z"'],
    [
      'a zone that is not there',
      [{ when: { time: { from: '08:00', zone: 'Mars/Base' } }, use: 'a' }, { use: 'b' }],
      'no such time zone',
    ],
    [
      'a type of personal data that is not there',
      [{ when: { personal: 'aura' }, use: 'a' }, { use: 'b' }],
      'there are email, phone',
    ],
    [
      'a header with credentials',
      [{ when: { header: { name: 'x-api-key' } }, use: 'a' }, { use: 'b' }],
      'cannot be asked by',
    ],
    ['a value the signal never has', { by: 'language', table: { xx: 'a' }, else: 'b' }, 'language is never "xx"'],
    ['a router that is not there', { learned: 'r', among: { a: 'a', b: 'b' } }, 'no router "r"'],
  ])('%s', (_, route, message) => {
    expect(refused(route)).toContain(message)
  })

  test('not: two rules of which each has requests of its own', () => {
    const route = [
      { when: { any: [{ language: 'zh' }, { tokens: { atLeast: 100 } }] }, use: 'a' },
      { when: { not: { language: 'en' } }, use: 'b' },
      { use: 'c' },
    ]
    expect(buildTestModel({ route }, endpoints).traits.callsMax).toBe(1)
  })
})

test('a learned route weighs the energy of the answer, and what is not known never wins', async () => {
  const { router } = trainRouter({ pairs: createPairs(200, 1), seed: 1, nowMs: 0 })
  const routers: RouterCatalogue = { find: () => ({ router, certificate: undefined }), names: () => ['r'] }
  const answered = async (energy: number | undefined, wattHours: readonly (number | undefined)[]): Promise<string> => {
    const [a, b] = wattHours.map((each) => ({ energyWhMax: () => each }))
    const endpoints = createScriptedEndpoints(scripts, { states: { ...(a && { a }), ...(b && { b }) } })
    const terms = energy === undefined ? {} : { terms: { energy } }
    const route = { learned: 'r', among: { small: 'a', large: 'b' }, ...terms }
    const model = buildTestModel({ route }, endpoints, { routers })
    const hard = createTestRequest('What does the theorem say of the manifold?')
    return (await collectAnswer(await model.answer(hard, createTestCall()))).text.slice(-1)
  }
  expect(await answered(undefined, [0.1, 2])).toBe('b') // the better one
  expect(await answered(1, [0.1, 2])).toBe('a') // two watt-hours are not worth it
  expect(await answered(0.001, [0.1, 2])).toBe('b')
  expect(await answered(0.001, [0.1, undefined])).toBe('a')
})

describe('a learned route with an embedder', () => {
  const pairs = createEmbeddedPairs(300, 1)
  const vectors = pairs.map(({ embedding }) => embedding)
  const { router } = trainRouter({ pairs, seed: 1, nowMs: 0, embedded: { embedder: 'vectors', vectors } })
  const wordsAlone = trainRouter({ pairs, seed: 1, nowMs: 0 }).router
  const among = { small: 'a', large: 'b' }
  const build = (route: object, known = router, vectorOf: (text: string) => readonly number[] = () => []) => {
    const routers: RouterCatalogue = { find: () => ({ router: known, certificate: undefined }), names: () => ['r'] }
    const traits = { vectors: { does: ['embed' as const] } }
    const endpoints = createScriptedEndpoints({ ...scripts, vectors: say('') }, { traits, vectorOf })
    return { model: buildTestModel(route, endpoints, { routers }), endpoints }
  }
  /** Each side of the space that the router was trained in. */
  const vectorOf = (text: string): readonly number[] =>
    Array.from({ length: 16 }, (_, place) => (place < 8 && !text.includes('hard') ? -0.5 : 0.5))
  const route = { route: { learned: 'r', among, threshold: 0.4, embedder: 'vectors' } }

  test('asks it for the vector of the prompt, and takes the model that the nearest prompts needed', async () => {
    const { model, endpoints } = build(route, router, vectorOf)
    const call = createTestCall()
    const answered = async (text: string): Promise<string> =>
      (await collectAnswer(await model.answer(createTestRequest(text), call))).text.slice(-1)
    expect(await answered('a hard one')).toBe('b')
    expect(await answered('an easy one')).toBe('a')
    expect(endpoints.calls).toEqual(['vectors', 'b', 'vectors', 'a'])
    expect(call.notes).toMatchObject({ route: { branch: 'small', nearest: true } })
    expect(call.facts.filter(({ name }) => name === 'vectors')).not.toHaveLength(0)
    expect(model.traits.callsMax).toBe(2)
  })

  test('goes by the words where there is no vector', async () => {
    const { model } = build(route, router, () => {
      throw new PlatformError('UPSTREAM_FAILED', 'no vectors today')
    })
    const call = createTestCall()
    await collectAnswer(await model.answer(createTestRequest('a hard one'), call))
    expect(call.notes).toMatchObject({ route: { nearest: false } })
  })

  test('is refused where vectors are of no use', () => {
    expect(() => build(route, wordsAlone)).toThrow(/route.embedder: the router was trained without vectors/)
    const guarded = { ...route, route: { ...route.route, threshold: 'certified' } }
    const guarantee = { maxQualityLoss: 0.1, confidence: 0.9 }
    expect(() => build({ ...guarded, guarantee })).toThrow(/embedder: a certificate speaks of what the router reads/)
  })
})
