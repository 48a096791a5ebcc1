import type { z } from 'zod'
import { isJsonObject } from '../core/json.ts'
import { unreachable } from '../core/assert.ts'
import { findSimilar } from '../core/similar.ts'
import { describeExpectation } from './expectation.ts'
import { findKeySchema, variantsOf, type KeyPath, type KeySchema } from './json-schema.ts'

/** One thing that is wrong with a configuration, in words. Never holds a value, which might be a secret. */
export interface Problem {
  readonly path: KeyPath
  /** Whether the key itself is at fault, rather than its value. */
  readonly at: 'key' | 'value'
  readonly problem: string
  readonly fix: string
}

type Issue = z.core.$ZodIssue

/** What the schema found, as sentences with a fix. */
export function explainIssues(issues: readonly Issue[], data: unknown, root: KeySchema): readonly Problem[] {
  return issues.flatMap((issue) => explainIssue(issue, toKeyPath(issue.path), { data, root }))
}

interface Context {
  readonly data: unknown
  readonly root: KeySchema
}

function explainIssue(issue: Issue, path: KeyPath, context: Context): readonly Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => explainUnknownKey([...path, key], context))
    case 'invalid_union':
      return explainUnion(issue, path, context)
    case 'invalid_key':
      return [
        {
          path,
          at: 'key',
          problem: 'this name is not allowed',
          fix: `Use ${issue.issues[0]?.message ?? 'another name'}.`,
        },
      ]
    case 'invalid_type':
      return [explainType(issue, path, context)]
    case 'invalid_value':
    case 'invalid_format':
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'custom':
      return [explainValue(issue, path, context)]
    default:
      return unreachable(issue)
  }
}

function explainUnknownKey(path: KeyPath, context: Context): Problem {
  const key = String(path.at(-1))
  const known = knownKeys(context.root, path.slice(0, -1))
  if (known.includes(key)) return explainMisplacedKey(path, context)
  const near = findSimilar(key, known)[0]
  const here = keysOfForm(path.slice(0, -1), context)
  const fix =
    near === undefined ? `Remove it; the keys here are ${here.join(', ')}.` : `Did you mean ${JSON.stringify(near)}?`
  return { path, at: 'key', problem: 'there is no such key', fix }
}

/** A key of another form of the same mapping. */
function explainMisplacedKey(path: KeyPath, { root }: Context): Problem {
  const key = String(path.at(-1))
  const schema = findKeySchema(root, path.slice(0, -1))
  const forms =
    schema === undefined ? [] : variantsOf(root, schema).filter(({ properties }) => key in (properties ?? {}))
  const beside = [...new Set(forms.flatMap(({ required }) => required?.slice(0, 1) ?? []))]
  const where = beside.length === 0 ? '' : `; it goes with ${beside.map((name) => JSON.stringify(name)).join(' or ')}`
  return { path, at: 'key', problem: 'this key does not go with the others here', fix: `Remove it${where}.` }
}

function explainType(issue: Issue, path: KeyPath, context: Context): Problem {
  const value = valueAt(context.data, path)
  const schema = findKeySchema(context.root, path)
  if (value === undefined) {
    const missing = String(path.at(-1))
    return {
      path,
      at: 'key',
      problem: `${JSON.stringify(missing)} is missing`,
      fix: `Add it: ${schema?.description ?? wanted(schema, context.root)}`,
    }
  }
  const isUnquoted = issue.code === 'invalid_type' && issue.expected === 'string' && typeof value !== 'object'
  const hint = isUnquoted && value !== null ? ' Put it in quotes.' : ''
  return {
    path,
    at: 'value',
    problem: `this is ${typeName(value)}`,
    fix: `Write ${wanted(schema, context.root)}.${hint}${about(schema)}`,
  }
}

function explainValue(issue: Issue, path: KeyPath, context: Context): Problem {
  const schema = findKeySchema(context.root, path)
  const value = valueAt(context.data, path)
  const isOwnSentence = issue.code === 'invalid_format' && issue.format === 'regex'
  const near = issue.code === 'invalid_value' ? nearValue(value, issue.values) : ''
  return {
    path,
    at: 'value',
    problem: valueProblem(issue, value),
    fix: isOwnSentence ? `Write ${issue.message}.${about(schema)}` : `${near}${fixOf(schema, context.root)}`,
  }
}

function valueProblem(issue: Issue, value: unknown): string {
  if (value === '') return 'this is empty'
  switch (issue.code) {
    case 'too_small':
      return Array.isArray(value) ? 'this list is too short' : 'this is too small'
    case 'too_big':
      return Array.isArray(value) ? 'this list is too long' : 'this is too large'
    case 'invalid_value':
      return 'this is none of the choices'
    default:
      return 'this has the wrong form'
  }
}

/** The alternative that fits best is explained; where none stands out, all are listed. */
function explainUnion(
  issue: Issue & { readonly code: 'invalid_union' },
  path: KeyPath,
  context: Context,
): readonly Problem[] {
  const value = valueAt(context.data, path)
  if (value === undefined) return [explainType(issue, path, context)]
  const misfits = issue.errors.map((issues) => ({ issues, misfit: misfitOf(issues, value) }))
  const least = Math.min(...misfits.map(({ misfit }) => misfit))
  const best = misfits.filter(({ misfit }) => misfit === least)
  const [only] = best
  if (best.length === 1 && only !== undefined) {
    return only.issues.flatMap((inner) => explainIssue(inner, [...path, ...toKeyPath(inner.path)], context))
  }
  return [explainNoForm(path, value, context)]
}

function explainNoForm(path: KeyPath, value: unknown, context: Context): Problem {
  const schema = findKeySchema(context.root, path)
  const known = knownKeys(context.root, path)
  const keys = isJsonObject(value) ? Object.keys(value) : []
  const wrong = keys.find((key) => !known.includes(key))
  const near = wrong === undefined ? undefined : findSimilar(wrong, known)[0]
  return {
    path: wrong === undefined ? path : [...path, wrong],
    at: wrong === undefined ? 'value' : 'key',
    problem: wrong === undefined ? `this is ${typeName(value)} that fits none of the forms` : 'there is no such key',
    fix: `${near === undefined ? '' : `Did you mean ${JSON.stringify(near)}? `}Write ${wanted(schema, context.root)}.`,
  }
}

/** How far a value is from an alternative: 100 for another type, 10 for each missing or unknown key, 1 for the rest. */
function misfitOf(issues: readonly Issue[], value: unknown): number {
  let misfit = 0
  for (const issue of issues) {
    if (issue.path.length === 0 && issue.code === 'invalid_type') misfit += 100
    else if (issue.path.length === 0 && issue.code === 'unrecognized_keys') misfit += 10 * issue.keys.length
    else if (issue.path.length === 1 && valueAt(value, toKeyPath(issue.path)) === undefined) misfit += 10
    else misfit += 1
  }
  return misfit
}

/** Keys of the forms that the mapping has begun; of all forms where it has begun none. */
function keysOfForm(path: KeyPath, { root, data }: Context): readonly string[] {
  const schema = findKeySchema(root, path)
  const value = valueAt(data, path)
  const given = isJsonObject(value) ? Object.keys(value) : []
  const forms = schema === undefined ? [] : variantsOf(root, schema)
  const begun = forms.filter(({ required = [] }) => required.length > 0 && required.every((key) => given.includes(key)))
  const keys = begun.flatMap(({ properties }) => Object.keys(properties ?? {}))
  return keys.length === 0 ? knownKeys(root, path) : [...new Set(keys)]
}

function knownKeys(root: KeySchema, path: KeyPath): readonly string[] {
  const schema = findKeySchema(root, path)
  if (schema === undefined) return []
  return [...new Set(variantsOf(root, schema).flatMap((variant) => Object.keys(variant.properties ?? {})))]
}

function nearValue(value: unknown, values: readonly unknown[]): string {
  const near = typeof value === 'string' ? findSimilar(value, values.map(String))[0] : undefined
  return near === undefined ? '' : `Did you mean ${JSON.stringify(near)}? `
}

function wanted(schema: KeySchema | undefined, root: KeySchema): string {
  return schema === undefined ? 'a value of another kind' : describeExpectation(root, schema)
}

function fixOf(schema: KeySchema | undefined, root: KeySchema): string {
  return `Write ${wanted(schema, root)}.${about(schema)}`
}

function about(schema: KeySchema | undefined): string {
  const fallback = schema?.default === undefined ? '' : ` The default is ${JSON.stringify(schema.default)}.`
  return `${schema?.description === undefined ? '' : ` It is: ${schema.description}`}${fallback}`
}

function typeName(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return typeof value === 'string' ? 'a text' : typeof value === 'boolean' ? 'a truth value' : 'a number'
}

function valueAt(data: unknown, path: KeyPath): unknown {
  let value = data
  for (const segment of path) {
    if (Array.isArray(value) && typeof segment === 'number') value = value[segment]
    else if (isJsonObject(value) && Object.hasOwn(value, segment)) value = value[segment]
    else return undefined
  }
  return value
}

function toKeyPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
}
