import { z } from 'zod'
import { configSchema } from './schema.ts'

/** One node of the JSON Schema of strata.yaml: what an editor, the reference and the error messages say of a key. */
export interface KeySchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, KeySchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: KeySchema | boolean
  readonly propertyNames?: KeySchema
  readonly items?: KeySchema
  readonly anyOf?: readonly KeySchema[]
  readonly allOf?: readonly KeySchema[]
  readonly definitions?: Readonly<Record<string, KeySchema>>
  readonly $ref?: string
  readonly $schema?: string
  readonly title?: string
}

/** JSON Schema (draft 7) of strata.yaml, for editors and for `strata config schema`. A constant, made when first asked for. */
export function configJsonSchema(): KeySchema {
  return jsonSchema.value
}

const jsonSchema = {
  /** Takes the place of itself: making it takes some 50 ms, which a start without a wrong key need not pay. */
  get value(): KeySchema {
    const made = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' })
    // Zod's own type for the result is wider than the subset of keywords it writes, which KeySchema lists.
    const value = { ...(made as KeySchema), title: 'strata.yaml' }
    Object.defineProperty(jsonSchema, 'value', { value })
    return value
  },
}

export type KeyPath = readonly (string | number)[]

/** The schema of the value at a path; `undefined` when the path is not one the schema knows. */
export function findKeySchema(root: KeySchema, path: KeyPath): KeySchema | undefined {
  let candidates = variantsOf(root, root)
  for (const segment of path) {
    candidates = candidates.flatMap((candidate) => {
      const child = childOf(candidate, segment)
      return child === undefined ? [] : variantsOf(root, child)
    })
  }
  return candidates.length > 1 ? { anyOf: candidates } : candidates[0]
}

/** A schema without references and unions: each shape that a value may have. A described union describes its parts. */
export function variantsOf(root: KeySchema, schema: KeySchema): readonly KeySchema[] {
  if (schema.$ref !== undefined) {
    const target = root.definitions?.[schema.$ref.slice('#/definitions/'.length)]
    return target === undefined ? [] : variantsOf(root, target)
  }
  const parts = schema.anyOf ?? schema.allOf
  if (parts === undefined) return [schema]
  return parts.flatMap((part) => variantsOf(root, part)).map((part) => ({ ...described(schema), ...part }))
}

function described(schema: KeySchema): KeySchema {
  return schema.description === undefined ? {} : { description: schema.description }
}

function childOf(schema: KeySchema, segment: string | number): KeySchema | undefined {
  if (typeof segment === 'number') return schema.items
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, segment)) return schema.properties[segment]
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}
