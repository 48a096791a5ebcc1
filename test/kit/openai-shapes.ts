import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

/** The shapes of the OpenAI API description. */
export interface OpenaiShapes {
  /** What is wrong with `value` as a `schema` of the description; `undefined` when nothing is. */
  findFault(schema: string, value: unknown): string | undefined
}

export interface OpenaiShapesOptions {
  /** Reads `oneOf` as `anyOf`: where shapes of requests overlap, what the vendor's own client sends is of two of them. */
  readonly isOverlapAllowed?: boolean
}

/** Reads `openai/openapi.json` of the data folder, which lies beside the repository; `undefined` when it is not there. */
export function loadOpenaiShapes(options: OpenaiShapesOptions = {}): OpenaiShapes | undefined {
  const path = resolve(import.meta.dirname, '../../../shared/data/openai/openapi.json')
  if (!existsSync(path)) return undefined
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const text = readFileSync(path, 'utf8')
  const description: unknown = JSON.parse(
    options.isOverlapAllowed === true ? text.replaceAll('"oneOf":', '"anyOf":') : text,
    (_, value: unknown) => withoutNullable(value),
  )
  ajv.addSchema(description as object, 'openai') // the description is a JSON object
  return {
    findFault(schema, value) {
      const validate = ajv.getSchema(`openai#/components/schemas/${schema}`)
      if (validate === undefined) throw new Error(`the description has no schema ${schema}`)
      return validate(value) === true ? undefined : ajv.errorsText(validate.errors)
    },
  }
}

/** `nullable` is a word of OpenAPI 3.0, which the description still uses in places where JSON Schema wants a union. */
function withoutNullable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('nullable' in value) || value.nullable !== true) return value
  const { nullable: _, ...schema } = value
  return { anyOf: [schema, { type: 'null' }] }
}
