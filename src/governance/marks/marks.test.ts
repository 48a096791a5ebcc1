import { generateKeyPairSync, sign } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../config/index.ts'
import { collectAnswer, createAnswer } from '../../core/answer.ts'
import { createRootCall, type Call, type PolicyLabel } from '../../core/call.ts'
import { createChat, type ChatRequest } from '../../core/chat.ts'
import { createIds } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer } from '../../core/model.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { runAtOnce } from '../../core/turns.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createMarker, createMarkRecord, isSigned, rowPrints } from './index.ts'

const clock = createFakeClock(Date.parse('2026-12-02T00:00:00Z'))
const ids = createIds({ clock, random: createSystemRandom() })
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = {
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  sign: (statement: string) => sign(null, Buffer.from(statement, 'utf8'), privateKey).toString('base64'),
}
const settings: Config['governance']['marks'] = {
  provenance: 'obliged',
  record: 'obliged',
  wordsMin: 50,
  days: 400,
  notices: 'extension',
  texts: {},
}

function callFor(obligations: readonly string[]): Call {
  const policy: PolicyLabel = {
    useCase: 'desk',
    decision: 'allow',
    obligations,
    oversight: { request: 0, answer: 0 },
    refusal: '',
    record: {},
  }
  const principal = { tenant: 'one', keyId: 'key_1', role: 'member', models: undefined, regions: undefined } as const
  return createRootCall(
    { clock, ids },
    { name: 'chat', principal, labels: { allowedRegions: ['local'], policy }, durationMsMax: 1_000 },
  )
}

function ask(text: string, more: { readonly turns?: number; readonly json?: boolean } = {}): ChatRequest {
  const turn = (role: 'user' | 'assistant', words: string) => ({
    role,
    parts: [{ type: 'text' as const, text: words }],
  })
  const earlier = Array.from({ length: more.turns ?? 0 }, () => [
    turn('user', 'Before?'),
    turn('assistant', 'Before.'),
  ]).flat()
  const chat = createChat({
    messages: [...earlier, turn('user', text)],
    responseFormat: more.json === true ? { type: 'json' } : undefined,
  })
  return { model: 'chat', stream: true, outputTokensMax: undefined, wire: undefined, chat }
}

function answerOf(...pieces: readonly string[]): Answer {
  return createAnswer(
    (async function* () {
      for (const text of pieces) yield { type: 'text-delta' as const, text }
      yield { type: 'finish' as const, reason: 'stop' as const }
    })(),
  )
}

function markerWith(more: Partial<typeof settings> = {}) {
  const kept: { readonly call: string; readonly text: string }[] = []
  const record = { keep: ({ call }: { readonly call: string }, text: string) => void kept.push({ call, text }) }
  return { kept, marker: createMarker({ config: { ...settings, ...more }, origin: 'strata', clock, signer, record }) }
}

describe('an answer that is to be marked', () => {
  test('carries provenance that is signed over its text, and its words are kept', async () => {
    const { marker, kept } = markerWith()
    const call = callFor(['mark-machine-readable'])
    const { text } = await collectAnswer(marker.mark(answerOf('Hello ', 'there.'), call, ask('Hi')))
    expect(text).toBe('Hello there.')
    const provenance = call.notes?.['provenance'] as JsonObject // as it was just noted
    expect(provenance).toMatchObject({
      generated: true,
      producer: 'strata',
      call: call.id,
      at: '2026-12-02T00:00:00.000Z',
    })
    expect(isSigned(provenance, signer.publicKey)).toBe(true)
    for (const [key, value] of Object.entries({
      call: 'call_x',
      at: '2026-12-03T00:00:00.000Z',
      sha256: 'ab',
      alg: 'none',
      extra: 1,
    })) {
      expect(isSigned({ ...provenance, [key]: value }, signer.publicKey)).toBe(false)
    }
    expect(kept).toEqual([{ call: call.id, text: 'Hello there.' }])
  })

  test('says at the first turn, in the language of the person, what the law asks for; a label at every turn', async () => {
    const { marker } = markerWith()
    const obligations = ['notice-first-turn', 'label-explicit', 'label-implicit']
    const first = callFor(obligations)
    await collectAnswer(marker.mark(answerOf('您好。'), first, ask('你好')))
    expect(first.notes?.['notices']).toEqual([
      { obligation: 'notice-first-turn', language: 'zh', text: '您正在与人工智能系统对话。' },
      { obligation: 'label-explicit', language: 'zh', text: '内容由人工智能生成' },
    ])
    expect(first.notes?.['aigc']).toMatchObject({
      AIGC: {
        Label: '1',
        ContentProducer: 'strata',
        ProduceID: first.id,
        ReservedCode1: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    })
    const later = callFor(obligations)
    await collectAnswer(marker.mark(answerOf('Yes.'), later, ask('And?', { turns: 2 })))
    expect(later.notes?.['notices']).toMatchObject([{ obligation: 'label-explicit', language: 'en' }])
  })

  test('begins with the words where that is configured, but never breaks what a program reads', async () => {
    const texts = { en: { notice: 'Robot here.', label: 'By a robot' } }
    const { marker } = markerWith({ notices: 'text', texts })
    const call = callFor(['notice-first-turn', 'mark-machine-readable'])
    const { text } = await collectAnswer(marker.mark(answerOf('Hello.'), call, ask('Hi')))
    expect(text).toBe('Robot here.\n\nHello.')
    const json = await collectAnswer(
      marker.mark(answerOf('{"a":1}'), callFor(['notice-first-turn']), ask('Hi', { json: true })),
    )
    expect(json.text).toBe('{"a":1}')
  })

  test('is left alone where nothing obliges, and where a person wrote it', () => {
    const { marker } = markerWith()
    const answer = answerOf('Hello.')
    expect(marker.mark(answer, callFor(['literacy']), ask('Hi'))).toBe(answer)
    const overridden = callFor(['mark-machine-readable', 'notice-first-turn'])
    overridden.note({ review: { id: 'review_1', state: 'overridden' } })
    expect(marker.mark(answer, overridden, ask('Hi'))).toBe(answer)
  })
})

function textOf(seed: number, words: number): string {
  let state = seed
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648)
  return Array.from({ length: words }, () => `w${next() % 900}`).join(' ')
}

function recordOn(store: Pick<Store, 'sql' | 'transaction'>, secret = 's'.repeat(32)) {
  const at = createFakeClock(Date.parse('2026-12-02T00:00:00Z'))
  const record = createMarkRecord({ store, clock: at, log: silentLog, config: () => settings, secret: () => secret })
  const keep = async (call: string, text: string, tenant = 'one') => {
    record.keep({ call, tenant, model: 'chat', use_case: null, at_ms: Math.trunc(at.now()) }, text)
    await record.flush()
  }
  return { record, keep, at }
}

describeEngines('the record of generated texts', (open) => {
  test('knows a text again, whole, in part and edited, and says which call made it', async () => {
    const { record, keep } = recordOn(await open())
    const texts = [1, 2, 3].map((seed) => textOf(seed, 400))
    for (const [index, text] of texts.entries()) await keep(`call_${index}`, text)
    const words = (texts[1] ?? '').split(' ')
    for (const given of [
      texts[1] ?? '',
      words.slice(100, 220).join(' '),
      words.map((word, index) => (index % 5 === 4 ? 'other' : word)).join(' '),
    ]) {
      const found = await record.detect('one', given.toUpperCase())
      expect(found).toMatchObject({ verdict: 'generated', matches: [{ call: 'call_1', model: 'chat' }] })
    }
    expect(await record.detect('one', textOf(9, 400))).toMatchObject({ verdict: 'unknown', matches: [] })
    expect(await record.detect('one', 'too few words')).toMatchObject({ verdict: 'too-short' })
    record.close()
  })

  test('shows a tenant nothing of another, and nothing without the secret', async () => {
    const store = await open()
    const { record, keep } = recordOn(store)
    const text = textOf(5, 300)
    await keep('call_1', text)
    expect(await record.detect('two', text)).toMatchObject({ verdict: 'unknown' })
    const other = recordOn(store, 'x'.repeat(32))
    expect(await other.record.detect('one', text)).toMatchObject({ verdict: 'unknown' })
    const rows = JSON.stringify(await store.sql.selectFrom('mark_print').selectAll().execute())
    expect(rows).not.toContain('w1')
    for (const each of [record, other.record]) each.close()
  })

  test('takes what very many texts have for a turn of phrase, and forgets in time', async () => {
    const { record, keep, at } = recordOn(await open())
    const phrase = textOf(7, 60)
    for (let index = 0; index < 5; index++) await keep(`call_${index}`, `${phrase} ${textOf(20 + index, 100)}`)
    expect(await record.detect('one', phrase)).toMatchObject({ verdict: 'unknown' })
    expect(await record.detect('one', textOf(21, 100))).toMatchObject({ verdict: 'generated' })
    at.advance(400 * 86_400_000 + 1)
    expect(await record.sweep()).toBe(5)
    expect(await record.detect('one', textOf(21, 100))).toMatchObject({ verdict: 'unknown' })
    record.close()
  })
})

test('fingerprints of a text do not depend on case, width, blanks and punctuation, and are bounded', () => {
  const prints = (text: string) => runAtOnce(rowPrints.read(text, 'k')).prints
  expect(prints('The quick, brown fox — jumps over the lazy dog!')).toEqual(
    prints('the QUICK brown\nfox jumps **over** the lazy dog'),
  )
  expect(prints('今天天气很好,我们去公园散步。')).toEqual(prints('今天 天气很好 我们去公园散步'))
  expect(prints(textOf(3, 50_000)).length).toBeLessThanOrEqual(4_096)
  // What says the same over and over has the fingerprints of its one round.
  const round = `${textOf(5, 300)} `
  expect(prints(round.repeat(40))).toEqual(prints(round.repeat(2)))
})

test('a long text is read while others have their turns, and no further once nobody waits for it', async () => {
  let looks = 0
  const rows = { sql: undefined, transaction: undefined } as unknown as Store // nothing is asked of it before the text is read
  const record = createMarkRecord({
    store: rows,
    clock: { now: () => 0, monotonicMs: () => ++looks },
    log: silentLog,
    config: () => settings,
    secret: () => 'secret',
  })
  const leaving = new AbortController()
  const asked = record.detect('one', '中'.repeat(100_000), leaving.signal)
  await setImmediate()
  const before = looks
  await setImmediate()
  expect(looks - before).toBeGreaterThan(0)
  leaving.abort(new Error('gone'))
  await expect(asked).rejects.toThrow('gone')
  expect(looks).toBeLessThan(100)
  record.close()
})
