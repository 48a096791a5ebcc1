import { createHash } from 'node:crypto'
import { z } from 'zod'
import { toCanonicalJson } from '../../core/canonical-json.ts'
import { PlatformError } from '../../core/errors.ts'
import { findSimilar } from '../../core/similar.ts'
import { inspect, readCondition, type Comparison } from './condition.ts'
import type { Condition } from './language.ts'
import { factSchema, isDate, type FactDefinition, type Vocabulary } from './vocabulary.ts'

const id = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, 'an id: lower-case letters, digits, dots and hyphens')
const day = z.string().refine(isDate, 'a date, YYYY-MM-DD')
const sentence = z.string().min(1).max(1_000)

/** From the mildest to the most severe. */
export const tiers = ['minimal', 'limited', 'general-purpose', 'high', 'prohibited'] as const
export type Tier = (typeof tiers)[number]

/**
 * What an obligation asks for: hold for a human · log set · notice · machine-readable mark · document that must exist ·
 * control of an endpoint · evidence that no gateway can enforce.
 */
const controls = ['hold', 'log', 'notice', 'mark', 'document', 'technical', 'evidence'] as const

const obligationSchema = z.strictObject({
  control: z.enum(controls),
  article: sentence,
  text: sentence,
  /** The document of the fact `evidence` that fulfils it; the use case cannot be activated before. */
  document: id.optional(),
  /** For the control `hold`: what is held, and how many people have to agree; one, of the answer, when absent. */
  hold: z
    .strictObject({ of: z.enum(['request', 'answer']).default('answer'), persons: z.int().min(1).max(2).default(1) })
    .optional(),
  /** Control tags of other catalogues: `iso42001:A.6.2.4`, `nist:MAP-1.1`. */
  tags: z.array(sentence).optional(),
})

const ruleSchema = z.strictObject({
  id,
  article: sentence,
  title: sentence,
  from: day,
  /** The first day on which it no longer applies. */
  until: day.optional(),
  tier: z.enum(tiers).optional(),
  when: z.unknown(),
  effect: z.enum(['deny', 'require', 'allow']),
  require: z.array(id).optional(),
  /** What it means that the condition is unknown; by the effect when absent: a denial denies, all others ask for review. */
  unknown: z.enum(['deny', 'review', 'pass']).optional(),
  reason: sentence,
})

const testSchema = z.strictObject({
  name: sentence,
  at: day,
  facts: z.record(z.string(), z.unknown()),
  decision: z.enum(['allow', 'review', 'deny']),
  /** Rules that must hold. */
  holds: z.array(id).optional(),
  /** Rules that must not hold and must not be unknown either. */
  not: z.array(id).optional(),
})

const packSchema = z.strictObject({
  id,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version such as 1.0.0'),
  title: sentence,
  jurisdiction: sentence,
  corpus: sentence,
  verifiedOn: day,
  staleAfterDays: z.int().min(1).max(3_650),
  /** What happens where no rule speaks: `deny` needs a rule of effect `allow` that holds. */
  default: z.enum(['allow', 'deny']).default('allow'),
  facts: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), factSchema),
  definitions: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), z.unknown()).default({}),
  obligations: z.record(id, obligationSchema).default({}),
  rules: z.array(ruleSchema).min(1).max(1_000).optional(),
  /** Instead of rules: policies in another language, as text. */
  language: z.literal('cedar').optional(),
  policies: z.string().min(1).max(1_000_000).optional(),
})

/** Cases that a pack promises to decide so. They lie beside the pack and are no part of its hash. */
const casesSchema = z.strictObject({
  /** Facts on which each case stands; a case puts its own in their place, `null` for unknown. */
  base: z.record(z.string(), z.unknown()).default({}),
  tests: z.array(testSchema).min(1).max(5_000),
})

export interface Rule extends Omit<z.infer<typeof ruleSchema>, 'when' | 'require' | 'unknown'> {
  readonly when: Condition
  readonly require: readonly string[]
  readonly unknown: 'deny' | 'review' | 'pass'
}

export type Obligation = z.infer<typeof obligationSchema>
export type PackTest = z.infer<typeof testSchema>
export type PackCases = z.infer<typeof casesSchema>

/** A pack that has been read and checked. */
export interface Pack extends Omit<z.infer<typeof packSchema>, 'rules' | 'definitions' | 'facts'> {
  readonly facts: Vocabulary
  /** In an order in which each refers only to those before it. */
  readonly definitions: readonly (readonly [string, Condition])[]
  readonly rules: readonly Rule[]
  /** All of it as canonical JSON, from which it can be read again. */
  readonly text: string
  /** SHA-256 of that text, lower-case hexadecimal. */
  readonly hash: string
}

const packBytesMax = 4_194_304

/** Reads a pack. Throws INVALID_REQUEST with the place of the first fault: nothing of a faulty pack is taken. */
export function readPack(given: unknown): Pack {
  const parsed = packSchema.safeParse(given)
  if (!parsed.success) throw toFault(parsed.error, 'pack')
  checkLanguage(parsed.data)
  const { rules: written = [], definitions, ...rest } = parsed.data
  const read = Object.entries(definitions).map(
    ([name, condition]) => [name, readCondition(condition, `definitions.${name}`)] as const,
  )
  const rules = written.map((rule, index) => toRule(rule, `rules[${index}]`))
  const pack = { ...rest, definitions: inOrder(read), rules }
  checkReferences(pack)
  const text = toCanonicalJson(parsed.data)
  if (text.length > packBytesMax) throw invalid('pack', `is larger than ${packBytesMax} bytes`)
  return { ...pack, text, hash: createHash('sha256').update(text).digest('hex') }
}

/** Rules in our own language, or policies in another one that stand for all of it. */
function checkLanguage({ language, policies, rules, definitions, obligations }: z.infer<typeof packSchema>): void {
  if (language === undefined) {
    if (policies !== undefined) throw invalid('policies', 'needs language: cedar')
    if (rules === undefined) throw invalid('rules', 'must be a list of rules')
    return
  }
  if (policies === undefined) throw invalid('policies', 'must hold the policies in Cedar')
  const own = [rules, ...Object.keys(definitions), ...Object.keys(obligations)].some((each) => each !== undefined)
  if (own) throw invalid('rules', 'and definitions and obligations are not for a pack in Cedar')
}

/** Reads the cases of a pack. Throws INVALID_REQUEST with the place of the first fault. */
export function readCases(given: unknown): PackCases {
  const parsed = casesSchema.safeParse(given)
  if (!parsed.success) throw toFault(parsed.error, 'cases')
  return parsed.data
}

function toFault(error: z.ZodError, whole: string): PlatformError {
  const [issue] = error.issues
  return invalid(issue?.path.map(String).join('.') || whole, issue?.message ?? 'is not understood')
}

function toRule(written: z.infer<typeof ruleSchema>, path: string): Rule {
  const { from, until, effect, require = [] } = written
  if (until !== undefined && until <= from) throw invalid(`${path}.until`, `must be after ${from}`)
  if ((effect === 'require') !== require.length > 0) {
    throw invalid(`${path}.require`, 'must name obligations with the effect require, and only then')
  }
  const unknown = written.unknown ?? (effect === 'deny' ? 'deny' : 'review')
  return { ...written, when: readCondition(written.when, `${path}.when`), require, unknown }
}

type Named = readonly (readonly [string, Condition])[]

/** Sorts definitions so that each refers only to those before it. Throws when they go round in a circle. */
function inOrder(definitions: Named): Named {
  const byName = new Map(definitions)
  const sorted: (readonly [string, Condition])[] = []
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): void => {
    const condition = byName.get(name)
    if (condition === undefined || done.has(name)) return
    if (path.includes(name))
      throw invalid(`definitions.${name}`, `is defined by itself: ${[...path, name].join(' → ')}`)
    for (const reference of inspect(condition).references) visit(reference, [...path, name])
    done.add(name)
    sorted.push([name, condition])
  }
  for (const [name] of definitions) visit(name, [])
  return sorted
}

type Unhashed = Omit<Pack, 'hash' | 'text'>

/** Every name that a rule, definition or obligation refers to exists, and every value is one of its fact's answers. */
function checkReferences(pack: Unhashed): void {
  const ids = new Set<string>()
  for (const [index, rule] of pack.rules.entries()) {
    const path = `rules[${index}]`
    if (ids.has(rule.id)) throw invalid(`${path}.id`, `is taken: ${rule.id} stands twice`)
    ids.add(rule.id)
    for (const obligation of rule.require) {
      if (!Object.hasOwn(pack.obligations, obligation)) {
        throw invalid(`${path}.require`, unknownName(obligation, Object.keys(pack.obligations)))
      }
    }
    checkCondition(pack, rule.when, `${path}.when`)
  }
  for (const [name, condition] of pack.definitions) checkCondition(pack, condition, `definitions.${name}`)
  for (const [name, { document }] of Object.entries(pack.obligations)) {
    const evidence = pack.facts['evidence']
    const isListed = evidence?.type === 'some-of' && document !== undefined && Object.hasOwn(evidence.values, document)
    if (document !== undefined && !isListed) {
      throw invalid(`obligations.${name}.document`, `is ${document}, which is no answer to the fact evidence`)
    }
  }
  if (pack.language === undefined && pack.default === 'deny' && !pack.rules.some(({ effect }) => effect === 'allow')) {
    throw invalid('default', 'denies everything, since no rule allows anything')
  }
}

function checkCondition(pack: Unhashed, condition: Condition, path: string): void {
  const { comparisons, references } = inspect(condition)
  const defined = pack.definitions.map(([name]) => name)
  for (const reference of references) {
    if (!defined.includes(reference)) throw invalid(path, `refers to ${unknownName(reference, defined)}`)
  }
  for (const comparison of comparisons) {
    for (const fact of [comparison.fact, ...(comparison.other === undefined ? [] : [comparison.other])]) {
      if (!Object.hasOwn(pack.facts, fact))
        throw invalid(path, `asks for ${unknownName(fact, Object.keys(pack.facts))}`)
    }
    const definition = pack.facts[comparison.fact]
    if (definition !== undefined) checkComparison(comparison, definition, path)
  }
}

/** Which operators a type of fact understands. */
const understood: Readonly<Record<FactDefinition['type'], readonly Comparison['operator'][]>> = {
  'yes-no': ['exists', 'eq'],
  'one-of': ['exists', 'eq', 'in'],
  'some-of': ['exists', 'has', 'meets', 'subset'],
  texts: ['exists', 'has', 'meets', 'subset'],
  number: ['exists', 'eq', 'lt', 'gte'],
  date: ['exists', 'eq', 'lt', 'gte'],
}

function checkComparison({ operator, fact, values }: Comparison, definition: FactDefinition, path: string): void {
  if (!understood[definition.type].includes(operator)) {
    throw invalid(
      path,
      `compares ${fact} by ${operator}; a fact of type ${definition.type} knows ${understood[definition.type].join(', ')}`,
    )
  }
  for (const value of values) {
    if (isAnswer(value, definition)) continue
    const answers = 'values' in definition ? `; its answers are ${Object.keys(definition.values).join(', ')}` : ''
    throw invalid(path, `compares ${fact} with ${String(value).slice(0, 100)}, which is no answer to it${answers}`)
  }
}

function isAnswer(value: boolean | number | string, definition: FactDefinition): boolean {
  switch (definition.type) {
    case 'yes-no':
      return typeof value === 'boolean'
    case 'one-of':
    case 'some-of':
      return typeof value === 'string' && Object.hasOwn(definition.values, value)
    case 'texts':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'date':
      return typeof value === 'string' && isDate(value)
  }
}

function unknownName(name: string, known: readonly string[]): string {
  const similar = findSimilar(name, known)
  return `${name.slice(0, 100)}, which is not defined${similar.length === 0 ? '' : `; did you mean ${similar.join(' or ')}?`}`
}

function invalid(path: string, what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${path}: ${what}`, { param: path })
}
