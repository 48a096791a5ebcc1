import { describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { Chat, ChatRequest } from '../../core/chat.ts'
import {
  buildTestModel,
  createScriptedEndpoints,
  createTestCall,
  createTestRequest,
  refusalOf,
  say,
  type Script,
  type Scripted,
} from './testing.ts'

interface Asking {
  readonly call?: Call
  readonly text?: string
  readonly chat?: Partial<Chat>
}

async function ask(node: unknown, scripts: Readonly<Record<string, Scripted>>, asking: Asking = {}) {
  const endpoints = createScriptedEndpoints(scripts)
  const call = asking.call ?? createTestCall()
  const answer = await buildTestModel(node, endpoints).answer(createTestRequest(asking.text ?? '?', asking.chat), call)
  return { endpoints, call, complete: await collectAnswer(answer) }
}

const inTurn =
  (...texts: readonly string[]): Scripted =>
  (call) =>
    say(texts[call % texts.length] ?? '')

/** A judge that gives an answer its own length as score. */
const lengthJudge = (_: number, { chat }: ChatRequest): Script => {
  const shown = JSON.stringify(chat.messages.at(-1))
  const answer = /<answer>\\n(.*?)\\n<\/answer>/.exec(shown)?.[1] ?? ''
  return say(`{"score": ${Math.min(9, answer.length)}}`)
}

describe('best', () => {
  test('answers with what the judge scores highest', async () => {
    const node = { best: { of: 'a', n: 3, judge: { by: 'judge' } } }
    const { complete, call } = await ask(node, { a: inTurn('aa', 'aaaa', 'aaa'), judge: lengthJudge })
    expect(complete.text).toBe('aaaa')
    expect(call.notes).toMatchObject({ best: { samples: 3, score: 4, passes: true } })
    expect(complete.usage).toMatchObject({ inputTotal: 36 })
  })

  test('what passes its checks comes before what does not, whatever the score', async () => {
    const node = { best: { of: 'a', n: 3, judge: { by: 'judge' }, check: { without: 'no' } } }
    const { complete } = await ask(node, { a: inTurn('no no no', 'ok', 'nono'), judge: lengthJudge })
    expect(complete.text).toBe('ok')
  })

  test('with checks alone the first that passes is enough', async () => {
    const node = { best: { of: 'a', n: 8, parallel: 1, check: { pattern: '^good' } } }
    const { endpoints } = await ask(node, { a: inTurn('bad', 'good') })
    expect(endpoints.calls).toHaveLength(2)
  })
})

describe('mix', () => {
  test('has the model make one answer of its own proposals, and gives it tools and history untouched', async () => {
    const tools = [{ name: 'f', description: undefined, parameters: {}, strict: undefined }]
    const aggregate = (call: number): Script => say(call < 2 ? `proposal ${call}` : 'the best of both')
    const { complete, endpoints } = await ask({ mix: { of: 'a', n: 2 } }, { a: aggregate }, { chat: { tools } })
    expect(complete.text).toBe('the best of both')
    const asked = endpoints.requests[2]?.chat
    expect(asked?.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(JSON.stringify(asked?.messages[0])).toMatch(/proposal 0.*proposal 1/)
    expect(endpoints.requests.every(({ chat }) => chat.tools === tools)).toBe(true)
    expect(complete.usage).toMatchObject({ inputTotal: 18 })
  })

  test('goes through its layers, and takes several proposers and another aggregator', async () => {
    const node = { mix: { of: ['a', 'b'], layers: 2, aggregator: 'c' } }
    const { endpoints, complete } = await ask(node, { a: say('from a'), b: say('from b'), c: say('from c') })
    expect(endpoints.calls.toSorted()).toEqual(['a', 'a', 'b', 'b', 'c'])
    expect(complete.text).toBe('from c')
  })

  test('gives its first proposal, marked, when nothing is left for the aggregator', async () => {
    const call = createTestCall({ budget: { calls: 2 } })
    const { complete } = await ask({ mix: { of: 'a', n: 2 } }, { a: inTurn('one', 'two') }, { call })
    expect(complete.text).toBe('one')
    expect(call.notes).toMatchObject({ cut: { node: 'mix', by: 'BUDGET_SPENT' } })
  })
})

describe('map', () => {
  const long = `${'A sentence about nothing. '.repeat(400)}The code is 7391. ${'Another sentence. '.repeat(400)}\n\nWhat is the code?`

  test('reads a long text in pieces and answers from what it found', async () => {
    const reader = (_: number, { chat }: ChatRequest): Script => {
      const shown = JSON.stringify(chat.messages)
      if (shown.includes('<notes')) return say(/found (\d+)/.exec(shown)?.[1] ?? 'lost')
      return say(shown.includes('7391') ? 'found 7391' : 'nothing')
    }
    const node = { map: { use: 'a', pieceTokens: 600 } }
    const { complete, call, endpoints } = await ask(node, { a: reader }, { text: long })
    expect(complete.text).toBe('7391')
    expect(call.notes).toMatchObject({ map: { pieces: endpoints.calls.length - 1, missing: 0 } })
    expect(endpoints.requests.every(({ chat }) => JSON.stringify(chat.messages).includes('What is the code?'))).toBe(
      true,
    )
  })

  test('leaves a short text whole, and refuses one with too many pieces', async () => {
    const short = await ask({ map: { use: 'a' } }, { a: say('x') })
    expect(short.endpoints.calls).toHaveLength(1)
    const refused = ask({ map: { use: 'a', pieceTokens: 100, piecesMax: 3 } }, { a: say('x') }, { text: long })
    await expect(refused).rejects.toMatchObject({ code: 'CONTEXT_TOO_LONG' })
  })

  test('says which pieces are missing when the budget ends', async () => {
    const call = createTestCall({ budget: { calls: 4 } })
    const node = { map: { use: 'a', pieceTokens: 800, parallel: 1 }, budget: { calls: 3 } }
    const asked = ask(node, { a: say('x') }, { text: long, call })
    await expect(asked).rejects.toMatchObject({ code: 'BUDGET_SPENT' })
  })
})

describe('prompt', () => {
  const prompt = {
    use: 'a',
    version: '2026-01',
    system: 'Answer as a {{role}} in {{words}} words.',
    user: 'Question: {{input}}',
    variables: {
      role: { type: 'choice', choices: ['lawyer', 'friend'] },
      words: { type: 'whole', default: 50 },
    },
  }

  async function fill(variables: Readonly<Record<string, string | number>> | undefined): Promise<readonly string[]> {
    const endpoints = createScriptedEndpoints({ a: say('x') })
    const request = { ...createTestRequest('Why {{role}}?'), aside: { headers: {}, variables } }
    await collectAnswer(await buildTestModel({ prompt }, endpoints).answer(request, createTestCall()))
    return (
      endpoints.requests[0]?.chat.messages.map(({ parts }) => (parts[0]?.type === 'text' ? parts[0].text : '')) ?? []
    )
  }

  test('puts its template around the question; what looks like a variable in it stays', async () => {
    expect(await fill({ role: 'lawyer' })).toEqual(['Answer as a lawyer in 50 words.', 'Question: Why {{role}}?'])
  })

  test.each([
    [undefined, 'strata.variables.role is missing'],
    [{ role: 'king' }, 'one of lawyer, friend'],
    [{ role: 'friend', words: 1.5 }, 'strata.variables.words has to be a whole number'],
    [{ role: 'friend', tone: 'x' }, 'strata.variables.tone is not known'],
  ])('refuses %j', async (variables, message) => {
    await expect(fill(variables)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining(message),
    })
  })

  test('is refused when template and variables do not fit', () => {
    const endpoints = createScriptedEndpoints({ a: say('x') })
    const refused = (more: object): string => refusalOf({ prompt: { ...prompt, ...more } }, endpoints).message
    expect(refused({ variables: {} })).toContain('asks for {{role}}')
    expect(refused({ user: 'no question' })).toContain('put {{input}}')
    expect(refused({ system: 'plain' })).toContain('no template asks for {{role}}')
  })
})

describe('experiment', () => {
  const arms = { control: { use: 'a', weight: 3 }, treatment: { use: 'b', weight: 1 } }

  test('keeps everybody to one arm, in the shares configured', async () => {
    const endpoints = createScriptedEndpoints({ a: say('a'), b: say('b') })
    const model = buildTestModel({ experiment: { arms } }, endpoints)
    let treated = 0
    for (let key = 0; key < 400; key++) {
      const seen = new Set<string>()
      for (let time = 0; time < 3; time++) {
        const call = createTestCall({ keyId: `key_${key}` })
        seen.add((await collectAnswer(await model.answer(createTestRequest('?'), call))).text)
        expect(call.notes).toMatchObject({ experiment: { by: 'key', share: seen.has('b') ? 0.25 : 0.75 } })
      }
      expect(seen.size).toBe(1)
      if (seen.has('b')) treated++
    }
    expect(treated / 400).toBeGreaterThan(0.17)
    expect(treated / 400).toBeLessThan(0.33)
  })

  test('needs two arms that are both reached', () => {
    const endpoints = createScriptedEndpoints({ a: say('a') })
    expect(refusalOf({ experiment: { arms: { one: { use: 'a' } } } }, endpoints).message).toContain('two arms')
    const idle = { one: { use: 'a' }, two: { use: 'a', weight: 0 } }
    expect(refusalOf({ experiment: { arms: idle } }, endpoints).message).toContain('never reached')
  })
})
