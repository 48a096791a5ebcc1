import { describe, expect, test } from 'vitest'
import type { Chat } from '../../../core/chat.ts'
import { createChatRequest, createTextMessage } from '../testing.ts'
import { toAnswerJob } from './prompt.ts'

describe('chats for a local model', () => {
  test('messages become turns that alternate; settings go with them', () => {
    const messages = [
      createTextMessage('system', 'Be kind.'),
      createTextMessage('system', 'Be brief.'),
      createTextMessage('user', '你好'),
      createTextMessage('assistant', ''),
      createTextMessage('user', 'Hi'),
    ]
    const job = toJob({ messages, temperature: 0, topK: 3, seed: 1, stop: ['', 'END'], reasoningEffort: 'none' })
    expect(job.turns).toEqual([
      { role: 'system', text: 'Be kind.\n\nBe brief.' },
      { role: 'user', text: '你好\n\nHi' },
    ])
    expect(job).toMatchObject({ owner: 'tenant_1', outputTokensMax: 100, stop: ['END'], reasoningTokensMax: 0 })
    expect(job.sampling).toMatchObject({ temperature: 0, topK: 3, seed: 1, topP: undefined })
    expect(toJob({ outputTokensMax: 5 }).outputTokensMax).toBe(5)
  })

  test('JSON output becomes a constraint', () => {
    expect(toJob({ responseFormat: { type: 'text' } }).constraint).toBeUndefined()
    expect(toJob({ responseFormat: { type: 'json' } }).constraint).toEqual({ type: 'json' })
    const schema = { type: 'string', title: 'Name' }
    const format = { type: 'json-schema', name: 'n', description: undefined, schema, strict: true } as const
    expect(toJob({ responseFormat: format }).constraint).toEqual({ type: 'json-schema', schema: { type: 'string' } })
  })

  test('tools, their results and media are refused with their place', () => {
    const tool = { name: 'search', description: undefined, parameters: {}, strict: undefined }
    expectRefusal({ tools: [tool] }, 'tools')
    expect(toJob({ tools: [tool], toolChoice: { type: 'none' } }).turns).toHaveLength(1)
    const image = { type: 'image', source: { type: 'url', url: 'https://example.com' }, detail: undefined } as const
    expectRefusal(
      { messages: [{ role: 'user', parts: [{ type: 'text', text: 'See' }, image] }] },
      'messages[0].content[1]',
    )
    expectRefusal({ messages: [createTextMessage('user', 'Hi'), createTextMessage('tool', '42')] }, 'messages[1]')
  })

  test('a chat without text is refused', () => {
    expect(() => toJob({ messages: [] })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

function toJob(chat: Partial<Chat>) {
  return toAnswerJob(createChatRequest('Hi', chat).chat, { owner: 'tenant_1', outputTokensMax: 100 })
}

function expectRefusal(chat: Partial<Chat>, param: string): void {
  expect(() => toJob(chat)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_PARAMETER', param }))
}
