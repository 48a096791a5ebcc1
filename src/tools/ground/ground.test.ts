import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectAnswer, createAnswer, type CompleteAnswer } from '../../core/answer.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import { createChat, type AnswerEvent, type Chat, type ChatRequest, type Message } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { createIds } from '../../core/ids.ts'
import type { Model, Traits } from '../../core/model.ts'
import { parsePassages } from '../../core/passages.ts'
import type { KnowledgeQuery, Passage } from '../../core/ports.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { createGroundKind } from './index.ts'

const canonical =
  'Preface.\n员工每年有二十五天年假。病假须提供证明。\nHotels are limited to **140 euros** a night.\nThe end.'

function toPassage(start: number, end: number): Passage {
  const place = {
    collection: 'handbook',
    document: 'doc_1',
    source: 'leave.md',
    version: 'doc_1.1',
    headings: ['Leave'],
  }
  return { ...place, start, end, text: canonical.slice(start, end), score: 1 }
}

const chinese = toPassage(9, 30)
const english = toPassage(canonical.indexOf('Hotels'), canonical.indexOf('\nThe end'))

/** The same, on the third page of a file. */
const placed: Passage = {
  ...english,
  places: [
    { start: english.start, end: english.start + 10, page: 3, box: [72, 80, 200, 92] },
    { start: english.start + 10, end: english.end, page: 3, box: [72, 92, 200, 104] },
  ],
}

const traits: Traits = {
  contextTokens: undefined,
  inputs: ['text'],
  tools: true,
  does: ['chat'],
  regions: ['local'],
  callsMax: 3,
  costMax: 5n,
}

interface Setting {
  readonly passages?: readonly Passage[]
  readonly events?: readonly AnswerEvent[]
  readonly traits?: Partial<Traits>
  readonly chat?: Partial<Chat>
  readonly failure?: PlatformError
}

interface Bench {
  readonly model: Model
  readonly call: Call
  readonly request: ChatRequest
  readonly queries: KnowledgeQuery[]
  readonly asked: ChatRequest[]
  readonly cancels: unknown[]
}

function setUp(setting: Setting = {}): Bench {
  const clock = createFakeClock(0)
  const queries: KnowledgeQuery[] = []
  const asked: ChatRequest[] = []
  const cancels: unknown[] = []
  const writer: Model = {
    id: 'writer',
    traits: { ...traits, ...setting.traits },
    async answer(request) {
      asked.push(request)
      if (setting.failure !== undefined) throw setting.failure
      return createAnswer(play(setting.events ?? say('fine.')), (reason) => cancels.push(reason))
    },
  }
  const kind = createGroundKind({
    clock,
    knowledge: {
      async search(query) {
        queries.push(query)
        if (query.collections.includes('none')) throw new PlatformError('NOT_FOUND', 'there is no collection "none"')
        return setting.passages ?? [chinese, english]
      },
    },
  })
  const model = kind.create(
    { ground: { in: 'handbook', with: 'writer' } },
    { id: 'handbook', path: 'models.handbook', build: () => writer },
  )
  const call = createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(1) }) },
    {
      name: 'handbook',
      principal: { tenant: 'tenant_a', keyId: 'key', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: ['local'] },
      durationMsMax: 60_000,
    },
  )
  return { model, call, request: toRequest(setting.chat), queries, asked, cancels }
}

async function* play(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* events
}

function say(...texts: readonly string[]): readonly AnswerEvent[] {
  return [...texts.map((text): AnswerEvent => ({ type: 'text-delta', text })), { type: 'finish', reason: 'stop' }]
}

function user(text: string): Message {
  return { role: 'user', parts: [{ type: 'text', text }] }
}

function toRequest(chat: Partial<Chat> = {}): ChatRequest {
  return {
    model: 'handbook',
    stream: true,
    outputTokensMax: undefined,
    wire: { dialect: 'openai-chat', text: '{}', body: {}, skim: undefined, headers: {} },
    chat: createChat({ messages: [user('How many days of leave?')], ...chat }),
  }
}

async function answer(setting: Setting): Promise<CompleteAnswer> {
  const { model, call, request } = setUp(setting)
  return collectAnswer(await model.answer(request, call))
}

function systemText(request: ChatRequest | undefined): string {
  const [message] = request?.chat.messages ?? []
  expect(message?.role).toBe('system')
  return message?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? ''
}

describe('what the model is asked', () => {
  test('the passages of the tenant, in the marked form, in front of the chat, and nothing of the client’s bytes', async () => {
    const { model, call, request, queries, asked } = setUp()
    await collectAnswer(await model.answer(request, call))
    expect(queries).toEqual([
      {
        tenant: 'tenant_a',
        collections: ['handbook'],
        query: 'How many days of leave?',
        passagesMax: 8,
        principals: ['key:key', 'role:member'],
        regions: ['local'],
        by: { principal: call.principal, call },
      },
    ])
    expect(asked[0]?.wire).toBeUndefined()
    expect(parsePassages(systemText(asked[0]))).toMatchObject([{ text: chinese.text }, { text: english.text }])
    expect(asked[0]?.chat.messages.slice(1)).toEqual(request.chat.messages)
  })

  test('the client’s own system message stays in front', async () => {
    const system: Message = { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] }
    const { model, call, request, asked } = setUp({ chat: { messages: [system, user('Leave?')] } })
    await collectAnswer(await model.answer(request, call))
    expect(systemText(asked[0])).toMatch(/^Be brief\.\n\nAnswer the last question/)
    expect(asked[0]?.chat.messages).toHaveLength(2)
  })

  test('a short question is searched with the one before it', async () => {
    const messages = [user('What is the hotel limit in London?'), user('And in Zurich?')]
    const { model, call, request, queries } = setUp({ chat: { messages } })
    await collectAnswer(await model.answer(request, call))
    expect(queries[0]?.query).toBe('And in Zurich?\nWhat is the hotel limit in London?')
  })

  test('with nothing found, to say so', async () => {
    const { model, call, request, asked } = setUp({ passages: [] })
    await collectAnswer(await model.answer(request, call))
    expect(systemText(asked[0])).toContain('has nothing on it')
    expect(parsePassages(systemText(asked[0]))).toEqual([])
  })

  test('no marks when the answer must be JSON, and none are read', async () => {
    const events = say('{"a":"【1: \\"二十五天\\"】"}')
    const { model, call, request, asked } = setUp({ events, chat: { responseFormat: { type: 'json' } } })
    const { text, citations } = await collectAnswer(await model.answer(request, call))
    expect(systemText(asked[0])).not.toContain('【')
    expect([text, citations]).toEqual(['{"a":"【1: \\"二十五天\\"】"}', []])
  })

  test('no more passages than half its context holds, but one at least', async () => {
    const { model, call, request, asked } = setUp({ traits: { contextTokens: 40 } })
    await collectAnswer(await model.answer(request, call))
    expect(parsePassages(systemText(asked[0]))).toHaveLength(1)
  })
})

describe('citations', () => {
  test('an exact quote becomes a citation of its span, and says which statement it supports', async () => {
    const { text, citations } = await answer({
      events: say('You have 25 days. 【1: "每年有二十五天年假"】 Hotels cost at most 140 euros 【2: "limited to"】.'),
    })
    expect(text).toBe('You have 25 days. [1] Hotels cost at most 140 euros [2].')
    expect(citations.map((citation) => citation.text)).toEqual(['每年有二十五天年假', 'limited to'])
    expect(citations.map(({ answerStart, answerEnd }) => text.slice(answerStart, answerEnd))).toEqual([
      'You have 25 days.',
      'Hotels cost at most 140 euros',
    ])
    for (const { version, start, end, text: quote } of citations) {
      expect([version, canonical.slice(start, end)]).toEqual(['doc_1.1', quote])
    }
  })

  test('a quote that differs in width, case, blanks or emphasis is found, and cited as the source has it', async () => {
    const { citations } = await answer({ events: say('A [2: “HOTELS are limited to １４０ euros”] b.') })
    expect(citations[0]?.text).toBe('Hotels are limited to **140 euros')
  })

  test('a citation says on which page and where on it the quote stands, when the passage knows', async () => {
    const events = say('A 【1: "Hotels"】 b 【1: "140 euros"】.')
    const { citations } = await answer({ passages: [placed], events })
    expect(citations.map(({ place }) => place)).toEqual([
      { page: 3, box: [72, 80, 200, 92] },
      { page: 3, box: [72, 92, 200, 104] },
    ])
    const [unplaced] = (await answer({ events: say('A 【2: "Hotels"】.') })).citations
    expect(unplaced?.place).toBeUndefined()
  })

  test('a quote under the wrong number is cited from where it stands', async () => {
    const { text, citations } = await answer({ events: say('病假要证明【2: "病假须提供证明"】。') })
    expect([text, citations[0]?.text]).toEqual(['病假要证明[1]。', '病假须提供证明'])
  })

  test('a quote that stands nowhere is taken out, mark and all', async () => {
    const { text, citations } = await answer({ events: say('You have 99 days 【1: "九十九天年假"】.') })
    expect([text, citations]).toEqual(['You have 99 days.', []])
  })

  test('a bare number cites its passage; a number of no passage is text, as are indices and links', async () => {
    const { text, citations } = await answer({ events: say('Yes [2], a[1] [7] [1](https://x.example) no.') })
    expect(text).toBe('Yes [2], a[1] [7] [1](https://x.example) no.')
    expect(citations.map((citation) => citation.text)).toEqual([english.text])
  })

  test('several marks of one statement support the same statement', async () => {
    const { text, citations } = await answer({ events: say('Both hold.【1: "年假"】【2: "a night"】') })
    expect(text).toBe('Both hold.[1][2]')
    expect(citations.map(({ answerStart, answerEnd }) => text.slice(answerStart, answerEnd))).toEqual([
      'Both hold.',
      'Both hold.',
    ])
  })

  test('citations of a model that quotes by itself pass when exact, else they are dropped; its brackets stay text', async () => {
    const citation = {
      collection: 'handbook',
      document: 'doc_1',
      source: 'leave.md',
      version: 'doc_1.1',
      start: english.start,
      end: english.start + 6,
      text: 'Hotels',
      answerStart: 5,
      answerEnd: 11,
    }
    const events: readonly AnswerEvent[] = [
      { type: 'text-delta', text: 'See “Hotels [1]”' },
      { type: 'citation', citation },
      { type: 'citation', citation: { ...citation, text: 'Motels' } },
      { type: 'citation', citation: { ...citation, version: 'doc_9.1' } },
      { type: 'citation', citation: { ...citation, start: 0, end: 6, text: 'Prefac' } },
      ...say(' and [2]'),
    ]
    const { text, citations } = await answer({ events })
    expect([text, citations]).toEqual(['See “Hotels [1]” and [2]', [citation]])
  })

  test('text is held back no longer than it may be a mark', async () => {
    const { model, call, request } = setUp({ events: say('One ', '[', 'two] three【', '年假】') })
    const texts: string[] = []
    for await (const event of await model.answer(request, call)) if (event.type === 'text-delta') texts.push(event.text)
    expect(texts).toEqual(['One', ' [two] three', '【年假】'])
  })

  test('however the text is cut into pieces, the answer and its citations are the same, and every citation is exact', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'You have 25 days. ',
        '【1: "二十五天年假"】',
        '[2: "140 euros"]',
        '【2: "no such words"】',
        '[1]',
        '[9]',
      ),
      fc.constantFrom('【', '】', '[', ']', '"', '1', ': "', '年假。', '3.5 ', '\n', '𠮷', 'a[1]', '[1](x)', '   '),
      fc.string({ maxLength: 8 }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 14 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 6 })),
        async (parts, sizes) => {
          const whole = parts.join('')
          const pieces: string[] = []
          for (let at = 0; at < whole.length; ) {
            const size = sizes.next().value
            pieces.push(whole.slice(at, at + size))
            at += size
          }
          const once = await answer({ events: say(whole) })
          const cut = await answer({ events: say(...pieces) })
          expect(cut).toEqual(once)
          for (const { start, end, text, answerStart = 0, answerEnd = 0 } of once.citations) {
            expect(canonical.slice(start, end)).toBe(text)
            expect(text).not.toBe('')
            expect(answerEnd).toBeGreaterThanOrEqual(answerStart)
            expect(answerEnd).toBeLessThanOrEqual(once.text.length)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the call', () => {
  test('has the writer as a child that records which spans were given, never their text', async () => {
    const { model, call, request } = setUp()
    await collectAnswer(await model.answer(request, call))
    const spans = [chinese, english].map(({ version, start, end }) => ({ version, start, end }))
    expect(call.facts).toMatchObject([
      {
        kind: 'model',
        name: 'writer',
        status: 'ok',
        parentId: call.id,
        detail: { node: 'ground', collections: ['handbook'], passages: spans },
      },
    ])
    expect(JSON.stringify(call.facts)).not.toContain('二十五')
  })

  test('has the traits of the writer, and a failing writer ends it with its error', async () => {
    const { model, call, request } = setUp({ failure: new PlatformError('NO_ENDPOINT', 'down') })
    expect(model.traits).toEqual({ ...traits, varies: ['documents'] })
    await expect(model.answer(request, call)).rejects.toMatchObject({ code: 'NO_ENDPOINT' })
    expect(call.facts).toMatchObject([{ status: 'error', errorCode: 'NO_ENDPOINT' }])
  })

  test('cancelling, and leaving the answer, reach the writer', async () => {
    const first = setUp()
    const answered = await first.model.answer(first.request, first.call)
    answered.cancel('enough')
    expect(first.cancels).toEqual(['enough'])
    expect(first.call.facts).toMatchObject([{ status: 'cancelled' }])
    const second = setUp({ events: say('one', 'two') })
    for await (const _ of await second.model.answer(second.request, second.call)) break
    expect(second.call.facts).toMatchObject([{ status: 'cancelled' }])
  })

  test('asks no writer once the call is cancelled, and none without a question', async () => {
    const left = setUp()
    left.call.cancel('left')
    await expect(left.model.answer(left.request, left.call)).rejects.toMatchObject({ code: 'CANCELLED' })
    const mute = setUp({ chat: { messages: [user(' ')] } })
    await expect(mute.model.answer(mute.request, mute.call)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect([...left.asked, ...mute.asked]).toEqual([])
  })

  test('a writer that does not chat is refused when the tree is built', () => {
    const kind = createGroundKind({ clock: createFakeClock(0), knowledge: { search: async () => [] } })
    const { model } = setUp()
    const embedder: Model = { ...model, id: 'vectors', traits: { ...traits, does: ['embed'] } }
    const place = { id: 'x', path: 'models.x', build: () => embedder }
    expect(() => kind.create({ ground: { in: 'handbook', with: 'vectors' } }, place)).toThrow(/models\.x\.ground\.with/)
  })
})
