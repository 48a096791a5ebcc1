import { describe, expect, test } from 'vitest'
import { listStreams, readFixture } from '../../../test/fixtures/index.ts'
import type { DialectId } from '../../core/chat.ts'
import { AnswerIdFinder, createSseReader, dialects } from './index.ts'

const ids = Object.keys(dialects) as DialectId[] // the keys of the registry are its type's
const streams = ids.flatMap((id) => listStreams(id).map((name) => ({ id, name, bytes: readFixture(id, name) })))

/** Beside the finder: the first id that any event names at its top or of the answer it holds, by plain reading. */
function expectedId(bytes: Buffer): string | undefined {
  for (const event of createSseReader({ eventBytesMax: 1_000_000 }).push(bytes)) {
    if (event.data === '[DONE]') continue
    const data = JSON.parse(event.data) as Record<string, { id?: string } & string>
    const id: string | undefined = data['id'] ?? data['response']?.id ?? data['message']?.id
    if (id !== undefined && id !== '') return id
  }
  return undefined
}

function findIds(id: DialectId, chunks: readonly Buffer[]): readonly string[] {
  const found: string[] = []
  const onAnswerId = (answerId: string): unknown => found.push(answerId)
  const reader = dialects[id].createWireReader({ stripUsage: false, eventBytesMax: 1_000_000, onAnswerId })
  try {
    for (const chunk of chunks) reader.read(chunk)
  } catch {
    // what goes wrong in the stream is another test's
  }
  return found
}

describe("the vendor's id of an answer", () => {
  test.each(streams)('is told once by the events of $id/$name, wherever they are cut', ({ id, bytes }) => {
    const expected = expectedId(bytes)
    const told = expected === undefined ? [] : [expected]
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      expect(findIds(id, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(told)
    }
  })

  test('is found in most recorded streams', () => {
    expect(streams.filter(({ bytes }) => expectedId(bytes) !== undefined).length).toBeGreaterThan(15)
  })

  test.each([
    ['{"choices":[{"delta":{"tool_calls":[{"id":"call_1"}]}}],"id":"chatcmpl-1"}', 'chatcmpl-1'],
    ['{"id":"","choices":[]}', undefined],
    ['{ "id" : "gen-1" }', 'gen-1'],
    ['{"id":7}', undefined],
    ['{"id":"a b"}', undefined],
    [`{"id":"${'x'.repeat(129)}"}`, undefined],
    ['{"id":"../../admin"}', undefined],
    ['{"type":"response.created","response":{"output":[{"id":"msg_1"}],"id":"resp_1"}}', 'resp_1'],
    ['{"id":"broken', undefined],
    ['nothing of the kind', undefined],
  ])('of %s is %s', (data, expected) => {
    const found: string[] = []
    new AnswerIdFinder((id) => found.push(id)).show({ data })
    expect(found).toEqual(expected === undefined ? [] : [expected])
  })

  test('is looked for in the first events only', () => {
    const found: string[] = []
    const finder = new AnswerIdFinder((id) => found.push(id))
    for (let event = 0; event < 4; event++) finder.show({ data: '{"id":""}' })
    finder.show({ data: '{"id":"late"}' })
    expect(found).toEqual([])
  })
})
