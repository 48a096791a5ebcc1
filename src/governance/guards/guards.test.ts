import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { collectAnswer, createAnswer } from '../../core/answer.ts'
import { createRootCall } from '../../core/call.ts'
import { createChat, type AnswerEvent, type ChatRequest } from '../../core/chat.ts'
import { createIds } from '../../core/ids.ts'
import type { Model } from '../../core/model.ts'
import type { GuardVerdict } from '../../core/ports-guards.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { createGuards } from './index.ts'

const traits = {
  contextTokens: undefined,
  inputs: ['text'],
  tools: true,
  does: ['chat'],
  regions: [],
  callsMax: 1,
  costMax: undefined,
} as const

interface Setting {
  readonly guards: readonly object[]
  readonly events: readonly AnswerEvent[]
  /** Milliseconds that pass whenever somebody looks at the clock. */
  readonly tickMs?: number
}

/** One model that says these events, with these guards around it, asked once. */
function start({ guards, events, tickMs = 0 }: Setting) {
  const fake = createFakeClock(0)
  const clock = {
    now: () => fake.now(),
    monotonicMs() {
      fake.advance(tickMs)
      return fake.monotonicMs()
    },
  }
  const pulled: AnswerEvent[] = []
  async function* speak(): AsyncGenerator<AnswerEvent> {
    for (const event of events) {
      pulled.push(event)
      yield await Promise.resolve(event)
    }
  }
  const model: Model = { id: 'm', traits, answer: () => Promise.resolve(createAnswer(speak())) }
  const verdicts: GuardVerdict[] = []
  const config = configSchema.parse({ governance: { guards } }).governance.guards
  const built = createGuards({
    config,
    clock,
    observe: (verdict) => verdicts.push(verdict),
    findModel: () => undefined,
    findLanguage: () => 'en',
  })
  const call = createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(1) }) },
    {
      name: 'm',
      principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: [] },
      durationMsMax: 1e9,
    },
  )
  const chat = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text: 'hello there' }] }] })
  const request: ChatRequest = { model: 'm', stream: true, outputTokensMax: undefined, wire: undefined, chat }
  const { model: watched, screen } = built.models.watch(model, false)
  const answer = async () => watched.answer((await screen?.chat(request, call)) ?? request, call)
  return { answer, verdicts, pulled, call }
}

const say = (...texts: readonly string[]): readonly AnswerEvent[] => [
  ...texts.map((text) => ({ type: 'text-delta' as const, text })),
  { type: 'finish', reason: 'stop' },
]

describe('the time of a guard', () => {
  test('is bounded: beyond it a closed guard refuses and an open one lets pass, on the way in and on the way out', async () => {
    const guard = { guard: 'terms', terms: ['secret'], do: 'block', ms: 5 }
    const closed = start({ guards: [guard], events: say('fine'), tickMs: 10 })
    await expect(closed.answer()).rejects.toMatchObject({ code: 'GUARD_FAILED', retryable: true })
    expect(closed.verdicts).toContainEqual({ guard: 'terms', place: 'input', did: 'error' })
    const open = start({ guards: [{ ...guard, onError: 'open' }], events: say('the secret'), tickMs: 10 })
    expect((await collectAnswer(await open.answer())).text).toBe('the secret')
    expect(open.call.notes).toMatchObject({
      guards: [
        { did: 'error', at: 'input' },
        { did: 'error', at: 'answer' },
      ],
    })
    const late = start({ guards: [{ ...guard, at: ['answer'] }], events: say('fine'), tickMs: 10 })
    await expect(collectAnswer(await late.answer())).rejects.toMatchObject({ code: 'GUARD_FAILED' })
  })
})

describe('what is held back', () => {
  test('is only what may still become a finding; nothing is read before it is wanted', async () => {
    const { answer, pulled } = start({
      guards: [{ guard: 'terms', terms: ['falcon'], do: 'rewrite', to: '*' }],
      events: say('the fal', 'con and the fal', 'l', ' of it'),
    })
    const iterator = (await answer())[Symbol.asyncIterator]()
    expect(pulled).toHaveLength(0)
    expect((await iterator.next()).value).toEqual({ type: 'text-delta', text: 'the ' })
    expect(pulled).toHaveLength(1)
    expect((await iterator.next()).value).toEqual({ type: 'text-delta', text: '* and the ' })
    expect((await iterator.next()).value).toEqual({ type: 'text-delta', text: 'fall' })
    expect((await iterator.next()).value).toEqual({ type: 'text-delta', text: ' of it' })
  })

  test('is nothing where a guard observes', async () => {
    const { answer } = start({
      guards: [{ guard: 'terms', terms: ['falcon'], do: 'observe' }],
      events: say('the fal', 'con'),
    })
    const iterator = (await answer())[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual({ type: 'text-delta', text: 'the fal' })
  })

  test('moves the places of citations with the text', async () => {
    const citation = {
      collection: 'c',
      document: 'd',
      source: 's',
      version: 'v',
      start: 0,
      end: 3,
      text: 'end',
      answerStart: 11,
      answerEnd: 14,
    }
    const { answer } = start({
      guards: [{ guard: 'terms', terms: ['falcon'], do: 'rewrite', to: '*' }],
      events: [
        { type: 'text-delta', text: 'the falcon end.' },
        { type: 'citation', citation },
        { type: 'finish', reason: 'stop' },
      ],
    })
    const complete = await collectAnswer(await answer())
    expect(complete.text).toBe('the * end.')
    const [moved] = complete.citations
    expect(complete.text.slice(moved?.answerStart, moved?.answerEnd)).toBe('end')
  })

  test('covers reasoning and the arguments of tools', async () => {
    const { answer } = start({
      guards: [{ guard: 'pattern', pattern: 'k-\\d{3}', do: 'rewrite', to: '#' }],
      events: [
        { type: 'reasoning-delta', text: 'k-1' },
        { type: 'reasoning-delta', text: '23' },
        { type: 'reasoning-end', signature: undefined, redacted: undefined },
        { type: 'tool-call-start', index: 0, id: 'x', name: 'f' },
        { type: 'tool-call-delta', index: 0, arguments: '{"a":"k-' },
        { type: 'tool-call-delta', index: 0, arguments: '456"}' },
        { type: 'tool-call-end', index: 0 },
        { type: 'finish', reason: 'tool-calls' },
      ],
    })
    const complete = await collectAnswer(await answer())
    expect(complete.reasoning[0]?.text).toBe('#')
    expect(complete.toolCalls[0]?.arguments).toBe('{"a":"#"}')
  })
})

test('an answer held back for a guard that needs all of it goes out whole, or not at all', async () => {
  const passing = start({ guards: [{ guard: 'language', is: ['en'], do: 'block' }], events: say('a', 'b') })
  expect((await collectAnswer(await passing.answer())).text).toBe('ab')
  const blocked = start({ guards: [{ guard: 'language', is: ['zh'], do: 'block' }], events: say('a', 'b') })
  const iterator = (await blocked.answer())[Symbol.asyncIterator]()
  await expect(iterator.next()).rejects.toMatchObject({ code: 'GUARD_REFUSED', details: { found: { en: 1 } } })
})
