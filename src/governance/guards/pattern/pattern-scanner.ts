import type { Finding, Scan, Scanner } from '../scan.ts'
import { Automaton, start, type DeterministicState } from './automaton.ts'
import { compilePatterns, createMatcher, type Matcher, type Pattern } from './matcher.ts'

/**
 * Finds every pattern in one pass: the leftmost match, of those the longest that passes its check. The time is linear in the
 * text, whatever the patterns are. `lengthMax`: longest match, in UTF-16 units; a scan holds at most twice as much. Throws
 * INVALID_REQUEST for a pattern that is not of the language.
 */
export function createPatternScanner(patterns: readonly Pattern[], lengthMax: number): Scanner {
  const program = compilePatterns(patterns)
  const shared: Shared = {
    lengthMax,
    floating: new Automaton(program, true),
    matcher: createMatcher(program, patterns, lengthMax),
  }
  return { open: () => new PatternScan(shared) }
}

interface Shared {
  readonly lengthMax: number
  /** Tells where nothing is under way, and where something has matched. */
  readonly floating: Automaton
  readonly matcher: Matcher
}

class PatternScan implements Scan {
  readonly #shared: Shared
  /** Text in which a match may still be under way. */
  #held = ''
  #heldAt = 0
  /** The unit before the held text; NaN at the start. */
  #before = Number.NaN
  #state = start
  /** What the state is, since its number holds only until the automaton forgets. */
  #described: DeterministicState | undefined
  #generation = 0
  /** Offset in the held text behind the last place where something matched; 0 for none. */
  #matchedUntil = 0

  constructor(shared: Shared) {
    this.#shared = shared
  }

  get safe(): number {
    return this.#heldAt
  }

  read(text: string): readonly Finding[] {
    const { floating, lengthMax } = this.#shared
    if (this.#described !== undefined && this.#generation !== floating.generation) {
      this.#state = floating.numberOf(this.#described)
    }
    const found: Finding[] = []
    const from = this.#held.length
    const held = from === 0 ? text : this.#held + text
    this.#held = held
    let state = this.#state
    /** Where the held text that nobody has decided on begins. */
    let open = 0
    for (let index = from; index < held.length; index++) {
      state = floating.step(state, held.charCodeAt(index))
      if (floating.isIdle(state)) {
        if (this.#matchedUntil > open) this.#decide({ from: open, before: index + 1, until: index + 1 }, found)
        open = index + 1
      } else if (floating.isMatch(state)) {
        this.#matchedUntil = index + 1
      } else if (index + 1 - open >= lengthMax * 2) {
        const before = open + lengthMax
        open = this.#matchedUntil > open ? this.#decide({ from: open, before, until: index + 1 }, found) : before
      }
    }
    this.#state = state
    this.#described = floating.describe(state)
    this.#generation = floating.generation
    this.#drop(open)
    return found
  }

  end(): readonly Finding[] {
    const found: Finding[] = []
    const { length } = this.#held
    if (this.#matchedUntil > 0) this.#decide({ from: 0, before: length, until: length }, found)
    this.#drop(length)
    return found
  }

  /** Finds what begins in `from…before` of the held text, reading to `until` at most; where the next match may begin. */
  #decide(span: { readonly from: number; readonly before: number; readonly until: number }, found: Finding[]): number {
    let at = span.from
    while (at < span.before) {
      const match = this.#shared.matcher.match({ text: this.#held, before: this.#before, until: span.until }, at)
      if (match === undefined) at++
      else {
        found.push({ start: this.#heldAt + match.start, end: this.#heldAt + match.end, what: match.what })
        at = match.end
      }
    }
    return at
  }

  #drop(length: number): void {
    if (length === 0) return
    this.#before = this.#held.charCodeAt(length - 1)
    this.#held = this.#held.slice(length)
    this.#heldAt += length
    this.#matchedUntil = Math.max(0, this.#matchedUntil - length)
  }
}
