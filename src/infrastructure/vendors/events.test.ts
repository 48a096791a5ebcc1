import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { expect, test } from 'vitest'
import { createPartReader } from './events.ts'
import { openaiUsage } from './usage.ts'

const create = () => createPartReader({ proofs: undefined, usage: openaiUsage, isContinued: () => false })
const noUsage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
}
const finish = (raw: string | undefined): LanguageModelV4StreamPart => ({
  type: 'finish',
  finishReason: { unified: raw === undefined ? 'interrupted' : 'stop', raw },
  usage: noUsage,
})

test('a call that came in pieces and was never told whole is told at the end', () => {
  const reader = create()
  const parts: readonly LanguageModelV4StreamPart[] = [
    { type: 'tool-input-start', id: 'a', toolName: 'get_weather' },
    { type: 'tool-input-delta', id: 'a', delta: '{"city":' },
    { type: 'tool-input-start', id: 'b', toolName: 'write', inputEncoding: 'text' },
    { type: 'tool-input-delta', id: 'a', delta: '"Paris"}' },
    { type: 'tool-input-delta', id: 'b', delta: 'a "text"' },
    { type: 'tool-input-end', id: 'a' },
  ]
  expect(parts.flatMap((part) => reader.read(part))).toEqual([])
  expect(reader.generated().units).toBe('{"city":"Paris"}a "text"'.length)
  expect(reader.read(finish('stop'))).toMatchObject([
    { type: 'tool-call-start', index: 0, id: 'a', name: 'get_weather' },
    { type: 'tool-call-delta', index: 0, arguments: '{"city":"Paris"}' },
    { type: 'tool-call-end', index: 0 },
    { type: 'tool-call-start', index: 1, id: 'b', name: 'write' },
    { type: 'tool-call-delta', index: 1, arguments: '"a \\"text\\""' },
    { type: 'tool-call-end', index: 1 },
    { type: 'finish', reason: 'tool-calls' },
  ])
})

test('what the vendor runs itself is no call of the client’s', () => {
  const reader = create()
  const call = { type: 'tool-call', toolCallId: 'a', toolName: 'search', input: '{}', providerExecuted: true } as const
  expect(reader.read({ type: 'tool-input-start', id: 'a', toolName: 'search', providerExecuted: true })).toEqual([])
  expect(reader.read(call)).toEqual([])
  expect(reader.read(finish('stop'))).toMatchObject([{ type: 'finish', reason: 'stop' }])
})

test('zeros that a package made of nothing are no usage', () => {
  const reader = create()
  expect(reader.read(finish('stop'))).toMatchObject([{ type: 'finish' }])
  expect(reader.usage()).toBeUndefined()
})

test('an end that the package made up is a cut', () => {
  expect(() => create().read(finish(undefined))).toThrow(expect.objectContaining({ code: 'UPSTREAM_CUT' }))
})
