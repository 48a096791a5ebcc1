import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSseReader, type SseEvent, toSse } from './index.ts'

function read(chunks: readonly (string | Buffer)[], eventBytesMax = 1_000_000): readonly SseEvent[] {
  const reader = createSseReader({ eventBytesMax })
  const events = chunks.flatMap((chunk) => reader.push(Buffer.from(chunk)))
  return [...events, ...reader.end()]
}

function readWhole(text: string): readonly string[] {
  return read([text]).map((event) => event.data)
}

/** Cuts bytes at the positions given. */
function cutAt(bytes: Buffer, positions: readonly number[]): readonly Buffer[] {
  const places = [...new Set(positions.map((position) => position % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

describe('reading server-sent events', () => {
  test.each([
    ['LF', 'data: a\n\ndata: b\n\n'],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['CR', 'data: a\r\rdata: b\r\r'],
    ['all of them mixed', 'data: a\r\n\ndata: b\r\r\n'],
    ['a missing last blank line', 'data: a\n\ndata: b\n'],
    ['a missing last line end', 'data: a\n\ndata: b'],
    ['comments between', ': ping\n\ndata: a\n: ping\n\n:\n\ndata: b\n\n'],
    ['no space after the colon', 'data:a\n\ndata:b\n\n'],
    ['a byte order mark', '\uFEFFdata: a\n\ndata: b\n\n'],
    ['ids and retry times', 'id: 1\nretry: 10\ndata: a\n\nid\ndata: b\n\n'],
  ])('understands %s', (_, text) => {
    expect(readWhole(text)).toEqual(['a', 'b'])
  })

  test('joins several data lines by LF, and takes one space only from the front', () => {
    expect(readWhole('data:  a\ndata\ndata:b \n\n')).toEqual([' a\n\nb '])
  })

  test('gives the name of an event, and nothing for a name without data', () => {
    expect(read(['event: ping\n\nevent: x\ndata: 1\n\ndata: 2\n\n'])).toEqual([
      { event: 'x', data: '1' },
      { event: '', data: '2' },
    ])
  })

  test('puts UTF-8 together that was split between chunks', () => {
    const bytes = Buffer.from('data: 年假🎉\n\n')
    for (let at = 0; at <= bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual([{ event: '', data: '年假🎉' }])
    }
  })

  test('shows a bare JSON line, as some servers send their errors', () => {
    expect(readWhole('{"error":"no such model"}\n')).toEqual(['{"error":"no such model"}'])
  })

  test('refuses an event longer than the bound, however it is cut, after the events before it', () => {
    const text = `data: a\n\ndata: ${'x'.repeat(50)}\n\n`
    for (const size of [1, 7, 1_000]) {
      const reader = createSseReader({ eventBytesMax: 40 })
      const events: SseEvent[] = []
      const feed = (): void => {
        for (let at = 0; at < text.length; at += size)
          events.push(...reader.push(Buffer.from(text.slice(at, at + size))))
        events.push(...reader.end())
      }
      expect(feed).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID' }))
      expect(events).toEqual([{ event: '', data: 'a' }])
    }
  })

  test('an object that breaks off at the end is a cut, a whole one without its blank line is not', () => {
    expect(read(['data: {"a":1}'])).toEqual([{ event: '', data: '{"a":1}' }])
    expect(() => read(['data: {"a":1}\n\ndata: {"usage":{"tot'])).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_CUT' }),
    )
  })

  test('gives the same events however the bytes are cut, and those of the specification', () => {
    const line = fc.oneof(
      fc.constantFrom('data: x', 'data:y', 'data', 'event: e', ': c', '', '', 'id: 1', 'data: 中文🎉', 'data:  z'),
    )
    const text = fc
      .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 })
      // A line end that is CR before an empty line that ends in LF would read as one CRLF.
      .map((lines) => lines.map(([words, end]) => words + end).join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (stream, cuts) => {
        const whole = read([stream])
        expect(read(cutAt(Buffer.from(stream), cuts))).toEqual(whole)
        expect(whole).toEqual(readByTheBook(stream))
      }),
      { numRuns: 500 },
    )
  })

  test('reads back what the writer wrote', () => {
    const data = { text: 'a\nb\r中', list: [1, null] }
    const [event] = read([toSse('named', data)])
    expect(event?.event).toBe('named')
    expect(JSON.parse(event?.data ?? '')).toEqual(data)
  })
})

/** The specification's steps, line by line, with what Strata adds: an event at the end counts without its blank line. */
function readByTheBook(stream: string): readonly SseEvent[] {
  const events: SseEvent[] = []
  let event = ''
  let data: string[] = []
  const dispatch = (): void => {
    if (data.length > 0) events.push({ event, data: data.join('\n') })
    event = ''
    data = []
  }
  for (const line of stream.split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (line === '') dispatch()
    else if (name === 'data') data.push(value)
    else if (name === 'event') event = value
  }
  dispatch()
  return events
}
