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

/** The letter an answer settles on: boxed, named as the answer, alone in its first line, chosen in words, else the last that stands alone. */
function readChoice(answer: string): string | undefined {
  const text = answer.normalize('NFKC')
  const whole = /^[\s"'`*([]*([A-Za-z])[\s"'`*)\].。]*$/.exec(text)?.[1]
  return (whole ?? letterWays.map((way) => lastLetter(text, way)).find((letter) => letter !== undefined))?.toUpperCase()
}

/** From the surest. Marks of emphasis, brackets and quotes may stand around the letter; what goes on as a word is none. */
const letterWays: readonly RegExp[] = [
  /\\boxed\{\s*(?:\\(?:text|mathrm|mathbf|textbf)\{)?\s*\(?([A-Z])\)?\s*\}/g,
  /(?:[Aa]nswer|ANSWER|[Cc]orrect (?:option|choice)|答案|正[确確]选[项項])[\s*_`"'\])】]*(?:(?:is|was|would be|should be|[:为為是应應])[\s*_`"']*)*(?:[Oo]ption|[Cc]hoice|选项|選項)?[\s*_`"'([【]*([A-Z])(?![A-Za-z'’])/g,
  /^[\s*_`"'([]*([A-Z])[\s*_`"')\].。:]*\n/g,
  /(?:[应應]?[选選]擇?择?|\b(?:pick|choose|select|chose)\b)[\s*_`"'(:]*([A-Z])(?![A-Za-z'’])/g,
  /\b(?:[Oo]ption|[Cc]hoice)\s*(?:is|:)?[\s*_`"'(]*([A-Z])(?![A-Za-z'’])|[选選][项項][\s:]*([A-Z])(?![A-Za-z'’])/g,
  /(?:^|[\s(["*`])([A-Z])(?=[).:,，。\]"*`\s]|$)/g,
]

function lastLetter(text: string, way: RegExp): string | undefined {
  const found = [...text.matchAll(way)].at(-1)
  return found?.[1] ?? found?.[2]
}

const numberForm = String.raw`-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?`

/** The number an answer ends with: after `####` or in `\boxed{}`, else the one named as the answer, else the last. */
function readNumber(answer: string): number | undefined {
  const text = answer
    .normalize('NFKC')
    .replaceAll('−', '-')
    .replaceAll(/\\[$%,!]|\{,\}/g, (mark) => (mark.includes(',') ? '' : mark.slice(1)))
  const marked = lastNumber(text, new RegExp(String.raw`(?:####|\\boxed\{)\s*[$€£¥]?\s*(${numberForm})`, 'g'))
  return marked ?? readNamedNumber(text) ?? lastNumber(text, new RegExp(String.raw`(?<![\d.])(${numberForm})`, 'g'))
}

/** Of the line that names the answer: what its sum comes to, else its first number. */
function readNamedNumber(text: string): number | undefined {
  const line = [...text.matchAll(/(?:\b[Aa]nswer\b|ANSWER|答案)\W*(?:is|was|为|為|是)?([^\n]*)/g)].at(-1)?.[1]
  const value = line?.slice(line.lastIndexOf('=') + 1)
  const first = value === undefined ? undefined : new RegExp(String.raw`^[^\d]*?(${numberForm})`).exec(value)?.[1]
  return toNumber(first)
}

function lastNumber(text: string, way: RegExp): number | undefined {
  return toNumber([...text.matchAll(way)].at(-1)?.[1])
}

function toNumber(text: string | undefined): number | undefined {
  const value = text === undefined ? Number.NaN : Number(text.replaceAll(',', ''))
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
