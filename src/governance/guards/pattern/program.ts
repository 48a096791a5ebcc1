import { PlatformError } from '../../../core/errors.ts'
import { letters, unitMax, type CharSet } from './char-set.ts'
import type { Expression } from './syntax.ts'

/**
 * Several expressions as one non-deterministic automaton (Thompson's construction). Units that no expression tells apart are of
 * one class, so that a step looks at a small number.
 */
export interface Program {
  /** By state: what it does. */
  readonly states: readonly State[]
  /** Where matches of all expressions begin. */
  readonly start: readonly number[]
  /** Where matches begin behind a letter or digit of ASCII. */
  readonly startInside: readonly number[]
  /** By class: whether its units are letters or digits of ASCII. */
  readonly isLetter: Uint8Array
  /** By code unit. */
  readonly classOf: Uint16Array
  readonly classes: number
}

export type State =
  | { readonly type: 'take'; readonly has: Uint8Array; readonly next: number }
  | { readonly type: 'split'; readonly next: readonly number[] }
  | { readonly type: 'match'; readonly expression: number }

const statesMax = 60_000

export interface Source {
  readonly expression: Expression
  /** It does not begin behind a letter or digit of ASCII. */
  readonly startsWord: boolean
}

/** Throws INVALID_REQUEST for an expression that matches nothing at all, or is too large when its counts are written out. */
export function compileProgram(sources: readonly Source[]): Program {
  const expressions = sources.map(({ expression }) => expression)
  const sets = new Map<string, CharSet>([[keyOf(letters), letters]])
  for (const expression of expressions) collectSets(expression, sets)
  const { classOf, classes, has } = partition([...sets.values()])
  const states: State[] = []
  const add = (state: State): number => {
    if (states.length >= statesMax) throw tooLarge()
    return states.push(state) - 1
  }
  const hasOf = new Map([...sets.keys()].map((key, index) => [key, has[index] ?? new Uint8Array(classes)]))

  /** The state where `expression` begins, when `next` comes after it. */
  function build(expression: Expression, next: number): number {
    switch (expression.type) {
      case 'set':
        return add({ type: 'take', has: hasOf.get(keyOf(expression.set)) ?? new Uint8Array(classes), next })
      case 'sequence':
        return expression.parts.reduceRight((after, part) => build(part, after), next)
      case 'choice':
        return add({ type: 'split', next: expression.parts.map((part) => build(part, next)) })
      case 'repeat':
        return buildRepeat(expression, next)
    }
  }

  function buildRepeat({ part, least, most }: Extract<Expression, { type: 'repeat' }>, next: number): number {
    let after = next
    if (most === Number.POSITIVE_INFINITY) {
      const loop: number[] = [next]
      const again = add({ type: 'split', next: loop })
      loop.push(build(part, again))
      after = again
    } else {
      for (let turn = least; turn < most; turn++) after = add({ type: 'split', next: [next, build(part, after)] })
    }
    for (let turn = 0; turn < least; turn++) after = build(part, after)
    return after
  }

  const start = expressions.map((expression, index) => build(expression, add({ type: 'match', expression: index })))
  const startInside = start.filter((_, index) => sources[index]?.startsWord !== true)
  const isLetter = hasOf.get(keyOf(letters)) ?? new Uint8Array(classes)
  const program = { states, start, startInside, isLetter, classOf, classes }
  for (const state of closure(program, start)) {
    if (states[state]?.type === 'match') throw new PlatformError('INVALID_REQUEST', 'the pattern matches an empty text')
  }
  return program
}

/** The states that take or match, reached from these without taking anything; in order. */
export function closure({ states }: Pick<Program, 'states'>, from: Iterable<number>): readonly number[] {
  const seen = new Set<number>()
  const found: number[] = []
  const waiting = [...from]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (seen.has(index)) continue
    seen.add(index)
    const state = states[index]
    if (state?.type === 'split') waiting.push(...state.next)
    else found.push(index)
  }
  return found.toSorted((left, right) => left - right)
}

function collectSets(expression: Expression, sets: Map<string, CharSet>): void {
  if (expression.type === 'set') sets.set(keyOf(expression.set), expression.set)
  else if (expression.type === 'repeat') collectSets(expression.part, sets)
  else for (const part of expression.parts) collectSets(part, sets)
}

function keyOf(set: CharSet): string {
  return set.map(([low, high]) => `${low}-${high}`).join(',')
}

/** Parts the units into classes that are in the same sets. */
function partition(sets: readonly CharSet[]): {
  readonly classOf: Uint16Array
  readonly classes: number
  readonly has: readonly Uint8Array[]
} {
  const changes = new Map<number, number[]>()
  for (const [index, set] of sets.entries()) {
    for (const [low, high] of set) {
      for (const place of [low, high + 1]) changes.set(place, [...(changes.get(place) ?? []), index])
    }
  }
  const classOf = new Uint16Array(unitMax + 1)
  const classByKey = new Map<string, number>([['', 0]])
  const members: (readonly number[])[] = [[]]
  const active = new Set<number>()
  let current = 0
  const places = [...changes.keys()].toSorted((left, right) => left - right)
  for (const [turn, place] of places.entries()) {
    for (const index of changes.get(place) ?? []) if (!active.delete(index)) active.add(index)
    const list = [...active].toSorted((left, right) => left - right)
    const key = list.join(',')
    current = classByKey.get(key) ?? members.push(list) - 1
    classByKey.set(key, current)
    classOf.fill(current, place, places[turn + 1] ?? unitMax + 1)
  }
  const has = sets.map(() => new Uint8Array(members.length))
  for (const [number, list] of members.entries()) {
    for (const index of list) {
      const flags = has[index]
      if (flags !== undefined) flags[number] = 1
    }
  }
  return { classOf, classes: members.length, has }
}

function tooLarge(): PlatformError {
  return new PlatformError('INVALID_REQUEST', `the pattern is too large: more than ${statesMax} states`)
}
