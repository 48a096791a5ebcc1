import { variantsOf, type KeySchema } from './json-schema.ts'

/** What a value at a key must be, in words: `a whole number from 0 to 65535`, `one of debug, info, warn`. */
export function describeExpectation(root: KeySchema, schema: KeySchema): string {
  const words = variantsOf(root, schema).map(describeVariant)
  return [...new Set(words)].join(', or ')
}

function describeVariant(schema: KeySchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`
  switch (schema.type) {
    case 'integer':
      return `a whole number${describeRange(schema)}`
    case 'number':
      return `a number${describeRange(schema)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list${describeItems(schema)}`
    case 'object':
      return describeMapping(schema)
    case 'string':
      return schema.format === 'uri' ? 'a URL' : schema.format === 'date' ? 'a date such as 2026-01-31' : 'a text'
    default:
      return 'a value'
  }
}

function describeRange(schema: KeySchema): string {
  if (schema.exclusiveMinimum !== undefined) return ` above ${schema.exclusiveMinimum} and at most ${schema.maximum}`
  return schema.minimum === undefined || schema.maximum === undefined
    ? ''
    : ` from ${schema.minimum} to ${schema.maximum}`
}

function describeItems(schema: KeySchema): string {
  const words = schema.items?.enum === undefined ? '' : ` of ${schema.items.enum.map(String).join(', ')}`
  return schema.maxItems === undefined ? words : `${words} with ${schema.minItems ?? 0} to ${schema.maxItems} entries`
}

function describeMapping(schema: KeySchema): string {
  const required = schema.required ?? []
  return required.length === 0 ? 'a mapping' : `a mapping with ${required.map((key) => `"${key}"`).join(' and ')}`
}
