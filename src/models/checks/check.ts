import { Script, createContext, type Context } from 'node:vm'
import { Validator } from '@cfworker/json-schema'
import type { CheckConfig } from '../../config/index.ts'
import type { CompleteAnswer } from '../../core/answer.ts'
import type { Chat } from '../../core/chat.ts'
import type { JsonObject } from '../../core/json.ts'
import { runTimeBoxed } from '../../core/time-box.ts'
import { findFinalAnswer, findJson } from '../answers/index.ts'
import { checkEquations } from '../learning/index.ts'
import { checkUnit } from './unit.ts'

/** What a check finds. The reason is said to the model that is to mend the answer, and kept in the record by its name only. */
export type Verdict =
  | { readonly type: 'pass' }
  | { readonly type: 'fail'; readonly check: string; readonly reason: string }

/** Looks at one answer without asking anybody. */
export type Check = (answer: CompleteAnswer, chat: Chat) => Verdict

const pass: Verdict = Object.freeze({ type: 'pass' })
const textLengthMax = 200_000
const patternMsMax = 50

/** The checks of a configuration that need no other model, the cheapest first. Throws SyntaxError for a bad pattern. */
export function createChecks(config: CheckConfig): Check {
  const checks: Check[] = []
  if (config.pattern !== undefined) checks.push(createPatternCheck(config.pattern, true))
  if (config.without !== undefined) checks.push(createPatternCheck(config.without, false))
  if (config.arithmetic === true) checks.push(checkArithmetic)
  const { unit, schema } = config
  if (unit !== undefined) checks.push((answer) => toVerdict('unit', checkUnit(findTail(answer.text), unit)))
  // The configuration's schema is JSON, since YAML of the core schema is.
  if (schema !== undefined) checks.push(createSchemaCheck(schema as 'request' | JsonObject))
  return (answer, chat) => {
    for (const check of checks) {
      const verdict = check(answer, chat)
      if (verdict.type === 'fail') return verdict
    }
    return pass
  }
}

/**
 * A regular expression of the operator on a text of a model. Some take for ever on some texts, so that it runs under a
 * limit of time; what exceeds it fails.
 */
function createPatternCheck(pattern: string, wants: boolean): Check {
  const source = new RegExp(pattern, 'u').source // throws here when it is none
  const script = new Script(`new RegExp(${JSON.stringify(source)}, 'u').test(text)`)
  let context: Context | undefined
  const check = wants ? 'pattern' : 'without'
  return (answer) => {
    // Made when first needed: it takes a millisecond, and most nodes never come to it.
    context ??= createContext({ text: '' }, { codeGeneration: { strings: false, wasm: false } })
    context['text'] = answer.text.slice(0, textLengthMax)
    try {
      const isFound = runTimeBoxed(script, context, patternMsMax)
      if (isFound === wants) return pass
    } catch {
      return { type: 'fail', check, reason: `The expression /${pattern}/ took too long on the answer.` }
    } finally {
      context['text'] = ''
    }
    const reason = wants ? `The answer has to match /${pattern}/.` : `The answer must not match /${pattern}/.`
    return { type: 'fail', check, reason }
  }
}

function checkArithmetic(answer: CompleteAnswer): Verdict {
  const { wrong, right } = checkEquations(answer.text)
  if (wrong === 0) return pass
  const reason = `${wrong} of the ${wrong + right} equations in the answer are wrong. Do each of them again.`
  return { type: 'fail', check: 'arithmetic', reason }
}

function createSchemaCheck(schema: 'request' | JsonObject): Check {
  const own = schema === 'request' ? undefined : createValidator(schema)
  return (answer, chat) => {
    if (answer.toolCalls.length > 0) return pass // Not an answer yet: the client will come back with the results.
    const format = chat.responseFormat
    if (schema === 'request' && (format === undefined || format.type === 'text')) return pass
    const value = findJson(answer.text)
    if (value === undefined)
      return { type: 'fail', check: 'schema', reason: 'The answer has to be one JSON value and nothing else.' }
    const validator = own ?? (format?.type === 'json-schema' ? createValidator(format.schema) : undefined)
    if (validator === undefined) return pass
    const { valid, errors } = validator.validate(value)
    if (valid) return pass
    const said = errors.slice(-3).map((error) => `${error.instanceLocation}: ${error.error}`)
    return { type: 'fail', check: 'schema', reason: `The JSON does not fit its schema: ${said.join('; ')}` }
  }
}

function createValidator(schema: JsonObject): Validator {
  // It writes into the schema it is given, and what stands in a configuration is frozen.
  return new Validator(structuredClone(schema), '2020-12', true)
}

function toVerdict(check: string, reason: string | undefined): Verdict {
  return reason === undefined ? pass : { type: 'fail', check, reason }
}

/** Where the final answer stands with its unit: the last line that says anything. */
function findTail(text: string): string {
  const lines = text.trim().split('\n')
  const last = lines.findLast((line) => /\d/.test(line)) ?? ''
  return last === '' ? (findFinalAnswer(text) ?? '') : last
}
