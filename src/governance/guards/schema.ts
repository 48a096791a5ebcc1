import { createContext, Script, type Context } from 'node:vm'
import { Validator } from '@cfworker/json-schema'
import type { GuardConfig } from '../../config/index.ts'
import type { JsonObject } from '../../core/json.ts'
import { isTimeout, runTimeBoxed } from '../../core/time-box.ts'
import { GuardLate, type Inspected, type Inspection } from './guard.ts'

type SchemaSettings = Extract<GuardConfig, { readonly guard: 'schema' }>

const msMaxDefault = 1_000

/**
 * Whether an answer is one JSON value of a schema. Schemas may hold regular expressions that take for ever, so that it runs under
 * a limit of time. An answer that calls tools is a step on the way and passes, as does one for which nobody gave a schema.
 */
export function createSchemaLook({
  schema,
  ms = msMaxDefault,
}: SchemaSettings): (text: string, around: Inspection) => Inspected {
  const own = schema === 'request' ? undefined : createValidator(schema as JsonObject) // the configuration is JSON
  let context: Context | undefined
  const script = new Script('run()')
  return (text, { request, callsTools }) => {
    const format = request?.chat.responseFormat
    if (callsTools || (own === undefined && (format === undefined || format.type === 'text'))) return { findings: [] }
    const value = readJson(text)
    if (value === undefined) return { findings: [{ start: 0, end: text.length, what: 'not-json' }] }
    const validator = own ?? (format?.type === 'json-schema' ? createValidator(format.schema) : undefined)
    if (validator === undefined) return { findings: [] }
    context ??= createContext({ run: undefined }, { codeGeneration: { strings: false, wasm: false } })
    context['run'] = () => validator.validate(value).valid
    try {
      const isValid = runTimeBoxed(script, context, ms)
      return { findings: isValid === true ? [] : [{ start: 0, end: text.length, what: 'not-of-schema' }] }
    } catch (thrown) {
      if (isTimeout(thrown)) throw new GuardLate(ms)
      throw thrown
    } finally {
      context['run'] = undefined
    }
  }
}

function createValidator(schema: JsonObject): Validator {
  // It writes into the schema it is given, and what stands in a configuration is frozen.
  return new Validator(structuredClone(schema), '2020-12', true)
}

/** One JSON value, bare or in one fence; wrapped, because null is one too. */
function readJson(text: string): unknown {
  const bare = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text
  try {
    return JSON.parse(bare)
  } catch {
    return undefined
  }
}
