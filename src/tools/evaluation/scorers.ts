import { isJsonObject } from '../../core/json.ts'
import type { Expectation } from './suite.ts'

/** A way to score an answer without asking anybody: `undefined` when the expectation does not speak of it. */
type Scorer = (answer: string, expect: Expectation) => number | undefined

const scorers: readonly Scorer[] = [
  (answer, { equals }) => (equals === undefined ? undefined : Number(fold(answer) === fold(equals))),
  (answer, { contains }) => {
    const folded = fold(answer)
    return contains === undefined ? undefined : Number(contains.every((part) => folded.includes(fold(part))))
  },
  (answer, { excludes }) => {
    const folded = fold(answer)
    return excludes === undefined ? undefined : Number(!excludes.some((part) => folded.includes(fold(part))))
  },
  (answer, { choice }) => (choice === undefined ? undefined : Number(readChoice(answer) === choice.toUpperCase())),
  (answer, { number, tolerance = 0 }) => {
    if (number === undefined) return undefined
    const read = readNumber(answer)
    return Number(read !== undefined && Math.abs(read - number) <= tolerance + 1e-9 * Math.abs(number))
  },
  (answer, { json }) => (json === undefined ? undefined : Number(holds(readJson(answer), json))),
]

/** The least of what the exact scorers say; `undefined` when the case expects nothing that they could check. */
export function scoreExactly(answer: string, expect: Expectation): number | undefined {
  const scores = scorers.flatMap((score) => score(answer, expect) ?? [])
  return scores.length === 0 ? undefined : Math.min(...scores)
}

/** Case, width, space and marks at the ends do not count. */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/^[\s"'`*.。!]+|[\s"'`*.。!]+$/g, '')
}

/** The letter an answer settles on: the last that is named as the answer, else the last that stands alone. */
function readChoice(answer: string): string | undefined {
  const named = [
    ...answer.matchAll(/(?:answer|option|choice|答案|选项?|選項?)\s*(?:is|:|：|为|為|是)?\s*[(（[*"]*([A-Z])\b/gi),
  ]
  const alone = [...answer.matchAll(/(?:^|[\s(（["*])([A-Z])(?=[).:,，。）\]"*\s]|$)/g)]
  return (named.at(-1)?.[1] ?? alone.at(-1)?.[1])?.toUpperCase()
}

/** The number an answer ends with: after `####` or in `\boxed{}` where it has one. */
function readNumber(answer: string): number | undefined {
  const marked = /(?:####|\\boxed\{)\s*\$?(-?[\d,]*\.?\d+)/.exec(answer)?.[1]
  const last = [...answer.matchAll(/(?<![\d.])-?\d[\d,]*(?:\.\d+)?/g)].at(-1)?.[0]
  const text = (marked ?? last)?.replaceAll(',', '')
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isNaN(value) ? undefined : value
}

/** The JSON of an answer, out of its fence where it has one. */
function readJson(answer: string): unknown {
  const fenced = /```(?:json)?\s*([\s\S]*?)```/.exec(answer)?.[1]
  try {
    return JSON.parse(fenced ?? answer)
  } catch {
    return undefined
  }
}

/** Whether a value has at least the members expected, at any depth. */
function holds(value: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(value) &&
      value.length === expected.length &&
      expected.every((each, place) => holds(value[place], each))
    )
  }
  if (typeof expected !== 'object' || expected === null) return value === expected
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isJsonObject(expected as never))
    return false
  const members = value as Readonly<Record<string, unknown>> // an object, just checked
  return Object.entries(expected).every(([key, wanted]) => Object.hasOwn(members, key) && holds(members[key], wanted))
}
