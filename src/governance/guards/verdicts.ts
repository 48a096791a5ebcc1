import type { GuardPlace } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { GuardVerdict } from '../../core/ports-guards.ts'
import type { Guard } from './guard.ts'
import type { Finding } from './scan.ts'

/** Gathers what one guard finds at one place of one request, and says it once. */
export class VerdictBook {
  readonly #guard: Guard
  readonly #place: GuardPlace
  readonly #found = new Map<string, number>()
  #score: number | undefined
  #isSaid = false

  constructor(guard: Guard, place: GuardPlace) {
    this.#guard = guard
    this.#place = place
  }

  add(findings: readonly Finding[], score?: number): void {
    for (const { what } of findings) this.#found.set(what, (this.#found.get(what) ?? 0) + 1)
    if (score !== undefined) this.#score = Math.max(score, this.#score ?? 0)
  }

  get hasFound(): boolean {
    return this.#found.size > 0
  }

  /** The refusal of a guard that blocks; names kinds and numbers, never what was found. */
  toRefusal(): PlatformError {
    const found = [...this.#found].map(([what, count]) => `${count} ${what}`).join(', ')
    const of = places[this.#place]
    return new PlatformError('GUARD_REFUSED', `the guard ${this.#guard.name} refuses ${of}: ${found}`, {
      details: this.#toJson('block'),
    })
  }

  /** What is thrown when the guard could not tell and is closed. */
  toFailure(thrown: unknown): PlatformError {
    if (thrown instanceof PlatformError && thrown.code === 'CANCELLED') return thrown
    const cause = thrown instanceof Error && thrown.name === 'GuardLate' ? thrown.message : toPlatformError(thrown).code
    return new PlatformError(
      'GUARD_FAILED',
      `the guard ${this.#guard.name} could not tell of ${places[this.#place]}: ${cause}`,
      {
        details: this.#toJson('error'),
        cause: thrown,
      },
    )
  }

  /** Puts it on record and counts it, the first time. */
  say(call: Call, observe: (verdict: GuardVerdict) => void, isError = false): void {
    if (this.#isSaid) return
    this.#isSaid = true
    const did = isError ? 'error' : this.hasFound ? this.#guard.does : 'pass'
    observe({ guard: this.#guard.name, place: this.#place, did })
    if (did === 'pass') return
    const said = call.notes?.['guards']
    const before: readonly JsonValue[] = Array.isArray(said) ? (said as readonly JsonValue[]) : [] // what was noted is JSON
    call.note({ guards: [...before, this.#toJson(did)] })
  }

  #toJson(did: GuardVerdict['did']): JsonObject {
    return {
      guard: this.#guard.name,
      at: this.#place,
      did,
      found: Object.fromEntries(this.#found),
      ...(this.#score === undefined ? {} : { score: Math.round(this.#score * 1_000) / 1_000 }),
    }
  }
}

const places: Readonly<Record<GuardPlace, string>> = {
  system: 'the instructions of the request',
  input: 'the input',
  tools: 'a result of a tool',
  passages: 'a passage that was found',
  answer: 'the answer',
}
