import type { Finding } from '../scan.ts'
import { Automaton, dead, start } from './automaton.ts'
import { compileProgram, type Program } from './program.ts'
import { parseExpression } from './syntax.ts'

/** What is looked for, and what a match has to be beside matching. */
export interface Pattern {
  readonly what: string
  /** An expression of the closed language. */
  readonly source: string
  readonly caseless?: boolean | undefined
  /** A match must not touch a letter or digit of ASCII. */
  readonly words?: boolean | undefined
  /** A match must not begin behind a letter or digit of ASCII; `words` says it too. */
  readonly startsWord?: boolean | undefined
  /** A look at the matched text: its check digits, its entropy. */
  readonly check?: ((text: string) => boolean) | undefined
  /** Where in the matched text what was found begins; at its start when absent. */
  readonly from?: ((text: string) => number) | undefined
}

/** A part of a text, and the unit before it (NaN for none). Nothing is read from `until` on but the unit there. */
export interface TextPart {
  readonly text: string
  readonly before: number
  readonly until: number
}

export interface Matcher {
  /** The longest match that begins at a place and passes its check; of equally long ones the first pattern's. */
  match(part: TextPart, at: number): Finding | undefined
  /** Whether a match may begin with this unit. */
  mayBegin(unit: number): boolean
}

/** Throws INVALID_REQUEST for a pattern that is not of the language. */
export function compilePatterns(patterns: readonly Pattern[]): Program {
  return compileProgram(
    patterns.map((pattern) => ({
      expression: parseExpression(pattern.source, { caseless: pattern.caseless === true }),
      startsWord: startsWord(pattern),
    })),
  )
}

export function createMatcher(program: Program, patterns: readonly Pattern[], lengthMax: number): Matcher {
  const anchored = new Automaton(program, false)
  return {
    mayBegin: (unit) => anchored.step(start, unit) !== dead,
    match(part, at) {
      const ends = findEnds(anchored, part, { at, last: Math.min(part.until, at + lengthMax) })
      if (ends === undefined) return undefined
      for (const [index, end] of [...ends].toSorted((left, right) => right[1] - left[1] || left[0] - right[0])) {
        const pattern = patterns[index]
        if (pattern === undefined) continue
        if (startsWord(pattern) && isWord(unitAt(part, at - 1))) continue
        if (pattern.words === true && isWord(unitAt(part, end))) continue
        const text = part.text.slice(at, end)
        if (pattern.check?.(text) === false) continue
        return { start: at + (pattern.from?.(text) ?? 0), end, what: pattern.what }
      }
      return undefined
    },
  }
}

function startsWord({ words, startsWord: startsOnly }: Pattern): boolean {
  return words === true || startsOnly === true
}

/** Where each pattern that begins at a place matches last; `undefined` where none does. */
function findEnds(
  anchored: Automaton,
  { text }: TextPart,
  { at, last }: { readonly at: number; readonly last: number },
): ReadonlyMap<number, number> | undefined {
  let ends: Map<number, number> | undefined
  let state = start
  for (let index = at; index < last; index++) {
    state = anchored.step(state, text.charCodeAt(index))
    if (state === dead) break
    if (!anchored.isMatch(state)) continue
    ends ??= new Map()
    for (const expression of anchored.matchesOf(state)) ends.set(expression, index + 1)
  }
  return ends
}

function unitAt({ text, before }: TextPart, index: number): number {
  return index < 0 ? before : text.charCodeAt(index)
}

/** A letter or digit of ASCII; beyond the text there is none. */
export function isWord(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)
}
