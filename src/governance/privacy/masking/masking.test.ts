import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createChat, type AnswerEvent, type Chat, type ChatRequest, type Part } from '../../../core/chat.ts'
import { createRootCall } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import { createIds } from '../../../core/ids.ts'
import { createTickingClock } from '../../../core/testing.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFakeClock } from '../../../core/time.ts'
import { createPersonalDataScanner } from '../index.ts'
import { nameByKey } from '../vault/seal.ts'
import { createMasker } from './masker.ts'
import { createRestorer } from './restorer.ts'

const scanner = createPersonalDataScanner({ clock: createFakeClock(Date.parse('2026-11-25T00:00:00Z')) })
const random = createSeededRandom(1)
const keys = new Map<string, Uint8Array>()
const vault = {
  open: (tenant: string) => {
    const key = keys.get(tenant) ?? random.bytes(32)
    keys.set(tenant, key)
    return Promise.resolve({
      nameValue: (type: string, value: string, round: number) => nameByKey(key, `${type}\0${round}\0${value}`),
    })
  },
}
const masker = createMasker({ scanner, vault, scan: {} })

function ask(chat: Partial<Chat>): ChatRequest {
  return { model: 'm', stream: true, outputTokensMax: undefined, wire: undefined, chat: createChat(chat) }
}

function say(...parts: readonly Part[]): ChatRequest {
  return ask({ messages: [{ role: 'user', parts }] })
}

const text = (value: string): Part => ({ type: 'text', text: value })

function firstText({ chat }: ChatRequest): string {
  const [part] = chat.messages[0]?.parts ?? []
  return part?.type === 'text' ? part.text : ''
}

async function* toEvents(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  for (const event of events) yield Promise.resolve(event)
}

async function collect(events: AsyncIterable<AnswerEvent>): Promise<readonly AnswerEvent[]> {
  return Array.fromAsync(events)
}

const joinText = (events: readonly AnswerEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
const joinArguments = (events: readonly AnswerEvent[]): string =>
  events.map((event) => (event.type === 'tool-call-delta' ? event.arguments : '')).join('')

/** Texts that tell of people, that look like tokens, and that part both anywhere. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'li.na@example.com',
        '13800138000',
        '身份证11010519491231002X',
        '4111111111111111',
        'P',
        'PI',
        'PII',
        'PII_',
      ),
      fc.constantFrom('PII_EMAIL_', 'PII_EMAIL_0123456789', 'EMAIL', '_', ' ', '，', '\n', '"', '\\', '👩‍👧'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(''))

/** How often each datum was found in a text. */
function countFound(original: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { start, end } of scanner.scan(original)) {
    const datum = original.slice(start, end)
    counts.set(datum, (counts.get(datum) ?? 0) + 1)
  }
  return counts
}

function countIn(whole: string, part: string): number {
  return whole.split(part).length - 1
}

/** A text in pieces, parted at the given places. */
function part(whole: string, cuts: readonly number[]): readonly string[] {
  const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].toSorted((left, right) => left - right)
  return [0, ...places].map((place, index) => whole.slice(place, places[index] ?? whole.length))
}

test('a long request is masked as a short one is, and ends when nobody waits for it', async () => {
  const ticking = createPersonalDataScanner({ clock: createTickingClock() })
  const waiting = createMasker({ scanner: ticking, vault, scan: {} })
  const long = `${'order 4111 '.repeat(3_000)}li.na@example.com`
  const { request } = await waiting.maskChat(say(text(long), text('13800138000')), 'tenant')
  const [first, second] = request.chat.messages[0]?.parts ?? []
  expect(first).toMatchObject({ text: expect.stringMatching(/^(?:order 4111 ){3000}PII_EMAIL_\w+$/) as string })
  expect(second).toMatchObject({ text: expect.stringMatching(/^PII_CN_MOBILE_\w+$/) as string })
  const clock = createFakeClock(0)
  const call = createRootCall(
    { clock, ids: createIds({ clock, random }) },
    {
      name: 'm',
      principal: { tenant: 'tenant', keyId: 'k', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: ['local'] },
      durationMsMax: 60_000,
    },
  )
  const masking = waiting.maskChat(say(text(long)), 'tenant', call)
  call.cancel(new PlatformError('CANCELLED', 'the client left'))
  await expect(masking).rejects.toMatchObject({ code: 'CANCELLED' })
})

describe('what an endpoint echoes comes back byte by byte', () => {
  test('in text, for every text and every way to part it', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(fc.nat(400), { maxLength: 12 }), async (original, cuts) => {
        const { request, restore } = await masker.maskChat(say(text(original)), 'tenant')
        const masked = firstText(request)
        // The same letters may stand inside a longer word too, where they tell of nobody: those stay.
        for (const [datum, found] of countFound(original)) {
          expect(countIn(masked, datum)).toBeLessThanOrEqual(countIn(original, datum) - found)
        }
        const deltas = part(masked, cuts).map((piece): AnswerEvent => ({ type: 'text-delta', text: piece }))
        const restored = await collect(restore(toEvents([...deltas, { type: 'finish', reason: 'stop' }])))
        expect(joinText(restored)).toBe(original)
        expect(restored.at(-1)).toEqual({ type: 'finish', reason: 'stop' })
      }),
      { numRuns: 300 },
    )
  })

  test('in the arguments of a tool, as the JSON that they are', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(fc.nat(400), { maxLength: 12 }), async (original, cuts) => {
        const { request, restore } = await masker.maskChat(say(text(original)), 'tenant')
        const json = JSON.stringify({ to: firstText(request) })
        const deltas = part(json, cuts).map(
          (piece): AnswerEvent => ({ type: 'tool-call-delta', index: 2, arguments: piece }),
        )
        const events: readonly AnswerEvent[] = [
          { type: 'tool-call-start', index: 2, id: 'c', name: 'mail' },
          ...deltas,
          { type: 'tool-call-end', index: 2 },
        ]
        expect(JSON.parse(joinArguments(await collect(restore(toEvents(events)))))).toEqual({ to: original })
      }),
      { numRuns: 200 },
    )
  })

  test('at every single split of one answer', async () => {
    const original = '写信给li.na@example.com，或打13800138000。'
    const { request, restore } = await masker.maskChat(say(text(original)), 'tenant')
    const masked = firstText(request)
    for (let first = 0; first <= masked.length; first++) {
      for (let second = first; second <= masked.length; second++) {
        const pieces = [masked.slice(0, first), masked.slice(first, second), masked.slice(second)]
        const deltas = pieces.map((piece): AnswerEvent => ({ type: 'text-delta', text: piece }))
        expect(joinText(await collect(restore(toEvents(deltas))))).toBe(original)
      }
    }
  })

  test('and nothing is held back that cannot become a token', () => {
    const restorer = createRestorer(new Map([['PII_EMAIL_AAAAAAAAAA', 'a@example.com']]))
    expect(restorer.read('Dear P')).toBe('Dear ')
    expect(restorer.read('aul, PII_EMAIL_AA')).toBe('Paul, ')
    expect(restorer.read('AB')).toBe('PII_EMAIL_AAAB')
    expect(restorer.read(' PII_EMAIL_AAAAAAAAAA!')).toBe(' a@example.com!')
    expect(restorer.read('PII')).toBe('')
    expect(restorer.flush()).toBe('PII')
    expect(restorer.toRestored(0)).toBe(0)
  })
})

describe('a masked request', () => {
  test('tells of nobody anywhere: in turns, tools and their results, arguments, the user, fields of the dialect', async () => {
    const address = 'li.na@example.com'
    const schema = { type: 'object', properties: { to: { type: 'string', default: address } } }
    const { request } = await masker.maskChat(
      ask({
        messages: [
          { role: 'system', parts: [text(`Write as ${address}`)] },
          {
            role: 'assistant',
            parts: [
              { type: 'reasoning', text: `ask ${address}`, signature: 's', redacted: false },
              { type: 'tool-call', id: '1', name: 'mail', arguments: '{"to":"\\u90ae13800138000","n":13800138000}' },
            ],
          },
          { role: 'tool', parts: [{ type: 'tool-result', callId: '1', parts: [text(address)], isError: false }] },
        ],
        tools: [{ name: 'mail', description: `to ${address}`, parameters: schema, strict: undefined }],
        user: address,
        extra: { dialect: 'openai-chat', fields: { metadata: { by: address } } },
      }),
      'tenant',
    )
    const written = JSON.stringify(request)
    expect(written).not.toMatch(/example\.com|13800138000/)
    expect(new Set(written.match(/PII_EMAIL_\w{10}/g)).size).toBe(1)
    expect(request.wire).toBeUndefined()
  })

  test('leaves what tells of nobody as it is, down to the spaces of arguments', async () => {
    const call: Part = { type: 'tool-call', id: '1', name: 'add', arguments: '{ "a": 1,  "b": [2, null, true] }' }
    const { request } = await masker.maskChat(say(text('Hello, world'), call), 'tenant')
    expect(request.chat.messages[0]?.parts).toEqual([text('Hello, world'), call])
  })

  test('has the same tokens at all times for one tenant, and others for another', async () => {
    const request = say(text('a@example.com b@example.com a@example.com'))
    const [first, again, other] = await Promise.all(
      ['one', 'one', 'two'].map(async (tenant) => firstText((await masker.maskChat(request, tenant)).request)),
    )
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    const [left, middle, right] = first?.split(' ') ?? []
    expect(left).toBe(right)
    expect(middle).not.toBe(left)
  })

  test('never has a token that stands in its texts already', async () => {
    const [token = ''] = await masker.maskTexts(['a@example.com'], 'tenant')
    const original = `What does ${token} mean? Ask a@example.com`
    const { request, restore } = await masker.maskChat(say(text(original)), 'tenant')
    expect(firstText(request)).toMatch(new RegExp(`^What does ${token} mean`))
    const delta: AnswerEvent = { type: 'text-delta', text: firstText(request) }
    expect(joinText(await collect(restore(toEvents([delta]))))).toBe(original)
  })

  test('with a part that cannot be read is refused by its place, and counted', async () => {
    const image: Part = { type: 'image', source: { type: 'id', id: 'i' }, detail: undefined }
    await expect(masker.maskChat(say(text('look'), image), 'tenant')).rejects.toMatchObject({
      code: 'PERSONAL_DATA_REFUSED',
      param: 'messages[0].content[1]',
    })
    expect(await masker.findTypes(say(text('a@example.com, b@example.com'), image), 'tenant')).toEqual(
      new Map([
        ['email', 2],
        ['unreadable', 1],
      ]),
    )
  })
})

test('citations keep their places in the restored text', async () => {
  const { request, restore } = await masker.maskChat(say(text('a@example.com is here.')), 'tenant')
  const masked = firstText(request)
  const citation = { collection: 'c', document: 'd', source: 's', version: 'v', start: 0, end: 1, text: 'x' }
  const events: readonly AnswerEvent[] = [
    { type: 'text-delta', text: masked },
    { type: 'citation', citation: { ...citation, answerStart: 0, answerEnd: masked.length } },
  ]
  const found = (await collect(restore(toEvents(events)))).find((event) => event.type === 'citation')
  expect(found).toMatchObject({ citation: { answerStart: 0, answerEnd: 'a@example.com is here.'.length } })
})
