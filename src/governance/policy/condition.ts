import { PlatformError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Condition } from './language.ts'

/** Nesting beyond this is refused: no rule needs it. */
const depthMax = 12
const listLengthMax = 256
const textLengthMax = 200
const operators = ['all', 'any', 'not', 'is', 'exists', 'eq', 'in', 'has', 'meets', 'subset', 'lt', 'gte'] as const
const namePattern = /^[a-z][A-Za-z0-9]*$/

/** Reads a condition from a pack. Throws INVALID_REQUEST with the place of what is none. */
export function readCondition(value: unknown, path: string, depth = 1): Condition {
  if (depth > depthMax) throw invalid(path, `is nested deeper than ${depthMax} levels`)
  const keys = isJsonObject(value) ? Object.keys(value) : []
  const [operator, ...more] = keys
  if (!isJsonObject(value) || operator === undefined || more.length > 0) {
    throw invalid(
      path,
      `must be one operator with its operands, such as { eq: [fact, value] }; there are ${operators.join(', ')}`,
    )
  }
  const operand: unknown = value[operator]
  const place = `${path}.${operator}`
  switch (operator) {
    case 'all':
      return { all: readConditions(operand, place, depth) }
    case 'any':
      return { any: readConditions(operand, place, depth) }
    case 'not':
      return { not: readCondition(operand, place, depth + 1) }
    case 'is':
      return { is: readName(operand, place) }
    case 'exists':
      return { exists: readName(operand, place) }
    default:
      return readComparison(operator, operand, place)
  }
}

function readConditions(operand: unknown, place: string, depth: number): readonly Condition[] {
  return readList(operand, place).map((part, index) => readCondition(part, `${place}[${index}]`, depth + 1))
}

function readComparison(operator: string, operand: unknown, place: string): Condition {
  if (!Array.isArray(operand) || operand.length !== 2) throw invalid(place, 'must be a pair: the fact and the value')
  const fact = readName(operand[0], `${place}[0]`)
  const value: unknown = operand[1]
  const at = `${place}[1]`
  switch (operator) {
    case 'eq':
      return { eq: [fact, typeof value === 'boolean' ? value : readScalar(value, at)] }
    case 'in':
      return { in: [fact, readList(value, at).map((each, index) => readScalar(each, `${at}[${index}]`))] }
    case 'has':
      return { has: [fact, readText(value, at)] }
    case 'meets':
      return { meets: [fact, readTexts(value, at)] }
    case 'subset':
      return { subset: [fact, typeof value === 'string' ? readName(value, at) : readTexts(value, at)] }
    case 'lt':
      return { lt: [fact, readScalar(value, at)] }
    case 'gte':
      return { gte: [fact, readScalar(value, at)] }
    default:
      throw invalid(place, `is no operator; there are ${operators.join(', ')}`)
  }
}

function readName(value: unknown, place: string): string {
  if (typeof value === 'string' && namePattern.test(value) && value.length <= textLengthMax) return value
  throw invalid(place, 'must be a name: letters and digits, the first one lower case')
}

function readScalar(value: unknown, place: string): number | string {
  return typeof value === 'number' && Number.isFinite(value) ? value : readText(value, place)
}

function readText(value: unknown, place: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= textLengthMax) return value
  throw invalid(place, `must be a text of 1 to ${textLengthMax} characters`)
}

function readTexts(value: unknown, place: string): readonly string[] {
  return readList(value, place).map((each, index) => readText(each, `${place}[${index}]`))
}

function readList(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= listLengthMax) return value
  throw invalid(place, `must be a list of 1 to ${listLengthMax}`)
}

function invalid(path: string, what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${path} ${what}`, { param: path })
}

/** One comparison of a condition: the fact it looks at, and what it compares it with. */
export interface Comparison {
  readonly operator: 'exists' | 'eq' | 'in' | 'has' | 'meets' | 'subset' | 'lt' | 'gte'
  readonly fact: string
  readonly values: readonly (boolean | number | string)[]
  /** The fact whose list bounds this one, for `subset` of another fact. */
  readonly other?: string
}

/** The comparisons of a condition, those of the definitions it refers to left out, and the names it refers to. */
export function inspect(condition: Condition): {
  readonly comparisons: readonly Comparison[]
  readonly references: readonly string[]
  readonly depth: number
} {
  if ('all' in condition) return join(condition.all)
  if ('any' in condition) return join(condition.any)
  if ('not' in condition) return join([condition.not])
  if ('is' in condition) return { comparisons: [], references: [condition.is], depth: 1 }
  return { comparisons: [toComparison(condition)], references: [], depth: 1 }
}

function join(parts: readonly Condition[]): ReturnType<typeof inspect> {
  const inspected = parts.map(inspect)
  return {
    comparisons: inspected.flatMap(({ comparisons }) => comparisons),
    references: inspected.flatMap(({ references }) => references),
    depth: 1 + Math.max(...inspected.map(({ depth }) => depth)),
  }
}

function toComparison(
  condition: Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown } | { is: unknown }>,
): Comparison {
  if ('exists' in condition) return { operator: 'exists', fact: condition.exists, values: [] }
  if ('eq' in condition) return { operator: 'eq', fact: condition.eq[0], values: [condition.eq[1]] }
  if ('in' in condition) return { operator: 'in', fact: condition.in[0], values: condition.in[1] }
  if ('has' in condition) return { operator: 'has', fact: condition.has[0], values: [condition.has[1]] }
  if ('meets' in condition) return { operator: 'meets', fact: condition.meets[0], values: condition.meets[1] }
  if ('lt' in condition) return { operator: 'lt', fact: condition.lt[0], values: [condition.lt[1]] }
  if ('gte' in condition) return { operator: 'gte', fact: condition.gte[0], values: [condition.gte[1]] }
  const [fact, among] = condition.subset
  if (typeof among === 'string') return { operator: 'subset', fact, values: [], other: among }
  return { operator: 'subset', fact, values: among }
}
