import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import { findSimilar } from '../../core/similar.ts'

/** More answers than these do not fit the bits of a number. */
const valuesMax = 30

/** One question of a pack: what a fact means and which answers there are. */
export const factSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('yes-no'), question: z.string().min(1).max(600) }),
  z.strictObject({ type: z.literal('one-of'), question: z.string().min(1).max(600), values: values() }),
  z.strictObject({ type: z.literal('some-of'), question: z.string().min(1).max(600), values: values() }),
  /** A list of any texts: regions, names. */
  z.strictObject({ type: z.literal('texts'), question: z.string().min(1).max(600) }),
  z.strictObject({ type: z.literal('number'), question: z.string().min(1).max(600), min: z.number(), max: z.number() }),
  z.strictObject({ type: z.literal('date'), question: z.string().min(1).max(600) }),
])

/** The answers of a question, each with what it means. */
function values() {
  return z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/), z.string().min(1).max(400))
    .refine((record) => Object.keys(record).length <= valuesMax, `at most ${valuesMax} answers`)
}

export type FactDefinition = z.infer<typeof factSchema>
/** What is answered to one question. */
export type FactValue = boolean | number | string | readonly string[]

export type Vocabulary = Readonly<Record<string, FactDefinition>>

const textsMax = 256
const textLengthMax = 200

/**
 * Facts as a pack's questions allow them. Throws INVALID_REQUEST naming the fact: one that no question asks for, an answer
 * that is none of its answers, a value of another type. A fact that is `null` or missing is unknown.
 */
export function readAnswers(given: unknown, vocabulary: Vocabulary): ReadonlyMap<string, FactValue> {
  if (!isJsonObject(given)) throw invalid('facts', 'must be one JSON object: a fact by name')
  const answers = new Map<string, FactValue>()
  for (const [name, value] of Object.entries(given)) {
    const definition = Object.hasOwn(vocabulary, name) ? vocabulary[name] : undefined
    if (definition === undefined) throw invalid(name, `is not asked for${adviseName(name, Object.keys(vocabulary))}`)
    if (value === null || value === undefined) continue
    answers.set(name, readFact(name, value, definition))
  }
  return answers
}

function readFact(name: string, value: unknown, definition: FactDefinition): FactValue {
  switch (definition.type) {
    case 'yes-no':
      if (typeof value === 'boolean') return value
      throw invalid(name, 'must be true or false; leave it out when that is not known')
    case 'one-of':
      return readOneOf(name, value, definition.values)
    case 'some-of':
      return readList(name, value).map((each, index) => readOneOf(`${name}[${index}]`, each, definition.values))
    case 'texts':
      return readList(name, value).map((each, index) => readText(`${name}[${index}]`, each))
    case 'number':
      if (typeof value === 'number' && value >= definition.min && value <= definition.max) return value
      throw invalid(name, `must be a number from ${definition.min} to ${definition.max}`)
    case 'date':
      if (typeof value === 'string' && isDate(value)) return value
      throw invalid(name, 'must be a date, YYYY-MM-DD')
  }
}

function readOneOf(name: string, value: unknown, allowed: Readonly<Record<string, string>>): string {
  if (typeof value === 'string' && Object.hasOwn(allowed, value)) return value
  const answers = Object.keys(allowed)
  const near = typeof value === 'string' ? adviseName(value, answers) : ''
  throw invalid(name, near === '' ? `must be one of ${answers.join(', ')}` : `is none of its answers${near}`)
}

function readList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(name, 'must be a list; [] for none')
  if (value.length > textsMax) throw invalid(name, `lists ${value.length} values; at most ${textsMax} are taken`)
  return value
}

function readText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= textLengthMax) return value
  throw invalid(name, `must be a text of 1 to ${textLengthMax} characters`)
}

/** True for a day that exists, written YYYY-MM-DD. */
export function isDate(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const instant = Date.parse(`${value}T00:00:00Z`)
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(value)
}

function adviseName(name: string, known: readonly string[]): string {
  const similar = findSimilar(name, known)
  return similar.length === 0 ? '' : `; did you mean ${similar.join(' or ')}?`
}

function invalid(param: string, what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${param.slice(0, 200)} ${what}`, { param: param.slice(0, 200) })
}
