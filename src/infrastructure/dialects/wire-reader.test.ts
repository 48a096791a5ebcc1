import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listStreams, readFixture } from '../../../test/fixtures/index.ts'
import type { DialectId } from '../../core/chat.ts'
import { createSseReader, dialects, type WireReader } from './index.ts'

const ids = Object.keys(dialects) as DialectId[] // the keys of the registry are its type's

interface Reading {
  readonly forwarded: string
  readonly code: string | undefined
  readonly reader: WireReader
}

function relay(
  id: DialectId,
  chunks: readonly Buffer[],
  options: { stripUsage?: boolean; bytes?: number } = {},
): Reading {
  const reader = dialects[id].createWireReader({
    stripUsage: options.stripUsage ?? false,
    eventBytesMax: options.bytes ?? 1_000_000,
  })
  const forwarded: Buffer[] = []
  let code: string | undefined
  try {
    for (const chunk of chunks) forwarded.push(reader.read(chunk) ?? Buffer.alloc(0))
    forwarded.push(reader.end() ?? Buffer.alloc(0))
  } catch (thrown) {
    code = codeOf(thrown)
  }
  return { forwarded: Buffer.concat(forwarded).toString('utf8'), code, reader }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'not a PlatformError'
}

const failing: Readonly<Record<string, string>> = {
  'openai-chat/stream-error.txt': 'UPSTREAM_FAILED',
  'openai-chat/stream-error-overloaded.txt': 'UPSTREAM_OVERLOADED',
  'openai-chat/stream-cut.txt': 'UPSTREAM_CUT',
  'anthropic-messages/stream-error.txt': 'UPSTREAM_OVERLOADED',
  'anthropic-messages/stream-cut.txt': 'UPSTREAM_CUT',
  'openai-responses/stream-failed.txt': 'UPSTREAM_FAILED',
  'openai-responses/stream-error.txt': 'UPSTREAM_RATE_LIMITED',
  'openai-responses/stream-cut.txt': 'UPSTREAM_CUT',
}

const streams = ids.flatMap((id) => listStreams(id).map((name) => ({ id, name, bytes: readFixture(id, name) })))

describe('reading beside a relayed stream', () => {
  test.each(streams)('forwards $id/$name unchanged and meets its end', ({ id, name, bytes }) => {
    const { forwarded, code } = relay(id, [bytes])
    expect(code).toBe(failing[`${id}/${name}`])
    const text = bytes.toString('utf8')
    if (code === undefined) expect(forwarded).toBe(text)
    else expect(text.startsWith(forwarded)).toBe(true)
    expect(forwarded === '' || forwarded.endsWith('\n\n')).toBe(true)
  })

  test.each(streams)('reads $id/$name the same wherever it is cut', ({ id, bytes }) => {
    const whole = relay(id, [bytes], { stripUsage: true })
    for (let at = 0; at <= bytes.length; at++) {
      const cut = relay(id, [bytes.subarray(0, at), bytes.subarray(at)], { stripUsage: true })
      expect(cut.forwarded).toBe(whole.forwarded)
      expect(cut.code).toBe(whole.code)
      expect(cut.reader.usage).toEqual(whole.reader.usage)
      expect(cut.reader.generated).toEqual(whole.reader.generated)
    }
  })

  test('reads the same in chunks of any sizes and with any line ends', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        ({ id, bytes }, sizes, lineEnd) => {
          const stream = Buffer.from(bytes.toString('utf8').replaceAll('\n', lineEnd))
          const chunks: Buffer[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1
            chunks.push(stream.subarray(at, at + size))
            at += size
          }
          const whole = relay(id, [stream], { stripUsage: true })
          const cut = relay(id, chunks, { stripUsage: true })
          expect(cut.forwarded).toBe(whole.forwarded)
          expect(cut.code).toBe(whole.code)
          expect(cut.reader.usage).toEqual(relay(id, [bytes]).reader.usage)
        },
      ),
      { numRuns: 150 },
    )
  })

  test.each(streams.filter(({ id, name }) => failing[`${id}/${name}`] === undefined))(
    'counts in $id/$name what the decoder gives',
    ({ id, bytes }) => {
      const decoder = dialects[id].createStreamDecoder()
      const events = createSseReader({ eventBytesMax: 1_000_000 })
        .push(bytes)
        .flatMap((event) => decoder.decode(event))
        .concat(decoder.end())
      let length = 0
      for (const event of events) {
        if (event.type === 'text-delta' || event.type === 'refusal-delta' || event.type === 'reasoning-delta') {
          if (event.text !== '\n\n') length += event.text.length // a paragraph between summaries is not generated
        }
        // A call without arguments is given the empty object; nothing of it was generated.
        if (event.type === 'tool-call-delta' && event.arguments !== '{}') length += event.arguments.length
      }
      const counted = relay(id, [bytes]).reader.generated.units
      const invented =
        bytes.toString('utf8').includes('"arguments":"{}","name":"get_time"') && id === 'openai-chat' ? 2 : 0
      expect(counted).toBe(length + invented)
      const usages = events.filter((event) => event.type === 'usage')
      expect(relay(id, [bytes]).reader.usage).toEqual(usages.at(-1)?.usage)
    },
  )

  test('leaves out the usage event that the client did not ask for, and only that', () => {
    const text = readFixture('openai-chat', 'stream-text.txt').toString('utf8')
    const { forwarded, reader } = relay('openai-chat', [Buffer.from(text)], { stripUsage: true })
    const events = text.split(/(?<=\n\n)/)
    expect(forwarded).toBe(events.filter((event) => !event.includes('"choices":[]')).join(''))
    expect(reader.usage).toMatchObject({ inputTotal: 1_214, outputTotal: 19, cacheRead: 1_024, reasoning: 0 })
  })

  test('leaves usage where it rides on other chunks, and a chunk without choices that holds no usage', () => {
    for (const name of ['stream-text-groq.txt', 'stream-reasoning-deepseek.txt', 'stream-tools-no-index.txt']) {
      const text = readFixture('openai-chat', name).toString('utf8')
      expect(relay('openai-chat', [Buffer.from(text)], { stripUsage: true }).forwarded).toBe(text)
    }
    const azure = readFixture('openai-chat', 'stream-text-azure.txt')
    expect(relay('openai-chat', [azure], { stripUsage: true }).forwarded).toContain('prompt_filter_results')
  })

  test('forwards what came before an error, then throws', () => {
    const bytes = readFixture('openai-chat', 'stream-error.txt')
    const reader = dialects['openai-chat'].createWireReader({ stripUsage: true, eventBytesMax: 10_000 })
    const forwarded = reader.read(bytes)?.toString('utf8') ?? ''
    expect(forwarded).toContain('Par')
    expect(forwarded).not.toContain('error')
    expect(reader.failure).toMatchObject({ code: 'UPSTREAM_FAILED' })
    expect(() => reader.read(Buffer.from('data: {}\n\n'))).toThrow(/CUDA out of memory/)
  })

  test('charges a failed response for the usage it reports', () => {
    const { reader } = relay('openai-responses', [readFixture('openai-responses', 'stream-failed.txt')])
    expect(reader.usage).toMatchObject({ inputTotal: 328, outputTotal: 7 })
  })

  test('does not take the few tokens of a message start for the output of a stream that was cut', () => {
    const { reader } = relay('anthropic-messages', [readFixture('anthropic-messages', 'stream-cut.txt')])
    expect(reader.usage).toMatchObject({ inputTotal: 800, outputTotal: undefined })
    expect(reader.generated).toMatchObject({ units: 'Half of an'.length, wide: 0, reported: { units: 0 } })
  })

  test('tells wide scripts from narrow ones, in units of UTF-16, and counts the events that carry text', () => {
    const chunk = (content: string): Buffer => Buffer.from(`data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`)
    const seen = (...contents: string[]) => relay('openai-chat', contents.map(chunk)).reader.generated
    expect(seen('abcdefgh', '', 'i')).toMatchObject({ units: 9, wide: 0, pieces: 2 })
    expect(seen('年假为二十五')).toMatchObject({ units: 6, wide: 6, pieces: 1 })
    expect(seen('\\u5e74\\u5047\\u4e3a')).toMatchObject({ units: 3, wide: 3 })
    expect(seen('\\"\\n\\u00e9é')).toMatchObject({ units: 4, wide: 0 })
  })

  test.each([
    ['garbage', 'data: <html>\n\n'],
    ['half a JSON object', 'data: {"choices":[\n\n'],
    ['two objects', 'data: {} {}\n\n'],
    ['another end mark', 'data: [END]\n\n'],
  ])('refuses %s', (_, text) => {
    const { code, forwarded } = relay('openai-chat', [Buffer.from(text)])
    expect([code, forwarded]).toEqual(['UPSTREAM_INVALID', ''])
  })

  test('reads an error that a server sent without the event frame', () => {
    expect(relay('openai-chat', [Buffer.from('{"error":{"message":"no such model","code":404}}\n\n')])).toMatchObject({
      code: 'UPSTREAM_REJECTED',
    })
  })

  test('passes comments on at once and keeps only the unfinished event', () => {
    const reader = dialects['anthropic-messages'].createWireReader({ stripUsage: false, eventBytesMax: 1_000 })
    expect(reader.read(Buffer.from(': keep-alive\n\ndata: {"ty'))?.toString()).toBe(': keep-alive\n\n')
    expect(reader.read(Buffer.from('pe":"ping"}'))).toBeUndefined()
    expect(reader.read(Buffer.from('\n\n'))?.toString()).toBe('data: {"type":"ping"}\n\n')
  })

  test.each(ids)('%s: empty data and a foreign end mark are passed on without harm', (id) => {
    const stream = listStreams(id).find((name) => name.startsWith('stream-text')) ?? ''
    const text = `data:\n\n${readFixture(id, stream).toString('utf8')}data: [DONE]\n\n`
    expect(relay(id, [Buffer.from(text)])).toMatchObject({ forwarded: text, code: undefined })
    const decoder = dialects[id].createStreamDecoder()
    const events = createSseReader({ eventBytesMax: 1_000_000 }).push(Buffer.from(text))
    expect(events.flatMap((event) => decoder.decode(event)).at(-1)).toMatchObject({ type: 'finish', reason: 'stop' })
  })

  test('gives back the very chunk when it holds whole events', () => {
    const reader = dialects['openai-chat'].createWireReader({ stripUsage: true, eventBytesMax: 1_000 })
    const chunk = Buffer.from('data: {"choices":[]}\n\n')
    expect(reader.read(chunk)).toBe(chunk)
  })

  test('refuses an event longer than the bound', () => {
    const bytes = Buffer.from(`data: {"a":"${'x'.repeat(500)}"}\n\n`)
    expect(relay('openai-chat', [bytes], { bytes: 100 }).code).toBe('UPSTREAM_INVALID')
    expect(relay('openai-chat', [bytes.subarray(0, 200)], { bytes: 100 }).code).toBe('UPSTREAM_INVALID')
  })
})
