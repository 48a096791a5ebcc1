import { describe, expect, test } from 'vitest'
import { toGrammarSchema } from './schema.ts'

describe('schemas for constrained output', () => {
  test('keeps what a grammar can hold, and leaves out what only describes', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Leave',
      type: 'object',
      properties: {
        days: { type: 'integer', description: 'Whole days.' },
        kind: { anyOf: [{ const: 'paid' }, { const: 'unpaid' }] },
        from: { type: 'string', format: 'date' },
        notes: { type: 'array', items: { $ref: '#/$defs/note' }, maxItems: 2 },
        rest: { type: 'object' },
      },
      required: ['days'],
      additionalProperties: false,
      $defs: { note: { type: ['string', 'null'], examples: ['-'] } },
    }
    expect(toGrammarSchema(schema)).toEqual({
      type: 'object',
      properties: {
        days: { type: 'integer' },
        kind: { oneOf: [{ const: 'paid' }, { const: 'unpaid' }] },
        from: { type: 'string', format: 'date' },
        notes: { type: 'array', items: { $ref: '#/$defs/note' }, maxItems: 2 },
        rest: { type: 'object', additionalProperties: true },
      },
      required: ['days'],
      additionalProperties: false,
      $defs: { note: { type: ['string', 'null'] } },
    })
  })

  test.each([
    [{ type: 'object', properties: { age: { type: 'integer', minimum: 0 } } }, 'properties.age.minimum'],
    [{ type: 'array', items: { type: 'string', pattern: '^a' } }, 'items.pattern'],
    [{ type: 'string', format: 'email' }, 'format'],
    [{ anyOf: [{ type: 'string' }, { allOf: [] }] }, 'anyOf[1].allOf'],
    [{ $ref: '#/definitions/x', definitions: {} }, 'definitions'],
    [{ $ref: '#/$defs/x' }, '$ref'],
    [{ type: 'object', properties: { any: {} } }, 'properties.any'],
    [{ type: 'array', items: true }, 'items'],
  ])('refuses what a grammar would drop, and says where: %j', (schema, place) => {
    expect(() => toGrammarSchema(schema)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_PARAMETER', param: `response_format.schema.${place}` }),
    )
  })

  test('refuses schemas nested without end', () => {
    let schema: Parameters<typeof toGrammarSchema>[0] = { type: 'string' }
    for (let depth = 0; depth < 100; depth++) schema = { type: 'array', items: schema }
    expect(() => toGrammarSchema(schema)).toThrow(/nested deeper/)
  })
})
