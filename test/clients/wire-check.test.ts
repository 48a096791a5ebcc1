import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadOpenaiShapes, startMockUpstream, type MockUpstream } from '../kit/index.ts'
import { createWireCheck } from './wire-check.ts'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMockUpstream()
})
afterAll(() => mock.close())
beforeEach(() => mock.reset())

const whole = { method: 'POST', body: '{"model":"m","messages":[]}' }
const streamed = { method: 'POST', body: '{"model":"m","messages":[],"stream":true}' }

test.skipIf(loadOpenaiShapes() === undefined)(
  'the check of bodies on the wire finds what is not of its shape',
  async () => {
    const wire = createWireCheck()
    const send = async (path: string, request: RequestInit): Promise<string> =>
      (await wire.fetch(`${mock.url}${path}`, request)).text()
    await send('/chat/completions', streamed)
    await send('/responses', whole)
    expect(await wire.findFaults()).toEqual([])
    mock.next({ json: { id: 'no completion' } })
    await send('/chat/completions', whole)
    mock.next({ insert: { afterEvents: 1, bytes: 'data: {"choices":7}\n\n' } })
    await send('/chat/completions', streamed)
    mock.next({ status: 429, json: { error: 'bare' } })
    await send('/responses', whole)
    expect((await wire.findFaults()).map((fault) => fault.split(':')[0])).toEqual([
      '/v1/chat/completions is no CreateChatCompletionResponse',
      '/v1/chat/completions is no CreateChatCompletionStreamResponse',
      '/v1/responses is no ErrorResponse',
    ])

    const wrong = { method: 'POST', body: '{"model":7}' }
    await send('/responses', wrong)
    expect(wire.findRequestFaults(mock.requests)).toEqual([]) // the client's own words
    wire.reset()
    await fetch(`${mock.url}/responses`, wrong)
    expect(wire.findRequestFaults(mock.requests.slice(-1))).toHaveLength(1)
  },
)
