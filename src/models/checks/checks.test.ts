import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CheckConfig } from '../../config/index.ts'
import type { CompleteAnswer } from '../../core/answer.ts'
import { createChat } from '../../core/chat.ts'
import { createChecks } from './index.ts'

function toAnswer(text: string): CompleteAnswer {
  const rest = { reasoning: [], refusal: undefined, toolCalls: [], citations: [], usage: undefined }
  return { ...rest, text, reason: 'stop', stopSequence: undefined }
}

function failed(config: CheckConfig, text: string): string | undefined {
  const verdict = createChecks(config)(toAnswer(text), createChat({}))
  return verdict.type === 'fail' ? verdict.check : undefined
}

describe('checks', () => {
  test('recompute the arithmetic', () => {
    expect(failed({ arithmetic: true }, 'He has 12 * 3 = 36 apples.')).toBeUndefined()
    expect(failed({ arithmetic: true }, 'He has 12 * 3 = 35 apples.')).toBe('arithmetic')
    expect(failed({ arithmetic: true }, 'No sums here.')).toBeUndefined()
  })

  test('hold JSON against a schema with references and alternatives', () => {
    const schema = {
      type: 'object',
      properties: { items: { type: 'array', items: { $ref: '#/$defs/item' }, minItems: 1 } },
      required: ['items'],
      additionalProperties: false,
      $defs: { item: { anyOf: [{ type: 'integer' }, { enum: ['无'] }] } },
    }
    expect(failed({ schema }, '{"items": [1, "无"]}')).toBeUndefined()
    for (const text of ['{"items": []}', '{"items": [1.5]}', '{"items": [1], "more": 1}', 'items: 1', '[]']) {
      expect(failed({ schema }, text)).toBe('schema')
    }
  })

  test('never throw, whatever the text', () => {
    const config: CheckConfig = {
      pattern: '^\\p{L}',
      arithmetic: true,
      unit: { of: ['kg', '$', 'm/s'] },
      schema: { type: 'object' },
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        failed(config, text)
        failed({ arithmetic: true, unit: { of: ['%'] } }, `1${text} = 2 %`)
      }),
    )
  })
})
