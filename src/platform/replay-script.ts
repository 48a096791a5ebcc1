import type { Call, CallFacts } from '../core/call.ts'
import type { AnswerEvent } from '../core/chat.ts'
import { nothingGenerated } from '../core/generated.ts'
import { PlatformError, type ErrorCode } from '../core/errors.ts'
import type { Ids } from '../core/ids.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { OutcomeSource, RecordedCall, WorldChange } from '../core/ports-replay.ts'
import type { Random } from '../core/random.ts'
import type { SpendGate } from '../core/spending.ts'
import type { Clock } from '../core/time.ts'
import type { Usage } from '../core/usage.ts'
import type { Adapter, HealthAccount } from '../infrastructure/index.ts'
import type { Adapters } from './adapters.ts'

type AdapterTable = Adapters['byDialect']

/** What lies outside the router, as one recorded call found it: time, chance, health, answers. One call at a time. */
export interface Script {
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly createHealth: (endpoint: string) => HealthAccount
  readonly wait: (ms: number) => Promise<void>
  readonly toAdapters: (adapters: AdapterTable) => AdapterTable
  /** Refuses what budgets refused. */
  readonly spending: SpendGate
  /** The next call to be replayed; the monotonic instant at which it begins. */
  begin(call: RecordedCall): number
  /** The call as it is made again: which of the recorded tries comes next is read from it. */
  follow(call: Call): void
  /** Ids of dispatches whose outcome is not on record. */
  estimated(): ReadonlySet<string>
}

/** Errors of tries that were refused before anything was sent: the door itself refuses them again. */
const refusals: ReadonlySet<ErrorCode | undefined> = new Set(['REGION_REFUSED', 'PRICE_UNKNOWN', 'DEADLINE_EXCEEDED'])

/** Errors of tries that budgets refused. */
const withheld: ReadonlySet<ErrorCode | undefined> = new Set(['BUDGET_EXCEEDED', 'RATE_LIMITED', 'PRICE_UNKNOWN'])

function isWithheld({ errorCode, detail }: CallFacts): boolean {
  return withheld.has(errorCode) && detail?.['sent'] === false
}

export function createScript(change: WorldChange, outcomes: OutcomeSource): Script {
  return new CallScript(change, outcomes)
}

class CallScript implements Script {
  readonly #change: WorldChange
  readonly #outcomes: OutcomeSource
  #root: CallFacts | undefined
  #recorded: readonly CallFacts[] = []
  /** Recorded tries that were sent and have not been used yet. */
  #left: CallFacts[] = []
  #hasNoEndpoint = false
  #made: Call | undefined
  #estimated = new Set<string>()
  /** Milliseconds since the call began, and of all calls before it. */
  #elapsedMs = 0
  #beforeMs = 0

  constructor(change: WorldChange, outcomes: OutcomeSource) {
    this.#change = change
    this.#outcomes = outcomes
  }

  readonly clock: Clock = {
    now: () => (this.#root?.startedAtMs ?? 0) + this.#elapsedMs,
    monotonicMs: () => this.#beforeMs + this.#elapsedMs,
  }

  readonly random: Random = {
    next: () => {
      const draw = this.#nextDecision()?.['draw']
      return typeof draw === 'number' ? draw : this.#chance()
    },
    bytes: (count) => new Uint8Array(count),
  }

  readonly ids: Ids = { create: () => this.#root?.id ?? 'call_0' }

  readonly wait = (ms: number): Promise<void> => {
    this.#elapsedMs += ms
    return Promise.resolve()
  }

  begin({ root, nodes }: RecordedCall): number {
    this.#beforeMs += this.#elapsedMs
    this.#elapsedMs = 0
    this.#root = root
    this.#recorded = nodes.filter(({ kind }) => kind === 'dispatch')
    this.#left = this.#recorded.filter((each) => isWithheld(each) || !refusals.has(each.errorCode))
    this.#hasNoEndpoint = root.errorCode === 'NO_ENDPOINT' || nodes.some(({ errorCode }) => errorCode === 'NO_ENDPOINT')
    this.#estimated = new Set()
    return this.#beforeMs
  }

  follow(call: Call): void {
    this.#made = call
  }

  estimated(): ReadonlySet<string> {
    return this.#estimated
  }

  readonly createHealth = (endpoint: string): HealthAccount => {
    const state = (place: 0 | 1 | 2): number | undefined => {
      const candidates = this.#nextDecision()?.['candidates']
      const own = isJsonObject(candidates) ? candidates[endpoint] : undefined
      const value = Array.isArray(own) ? own[place] : undefined
      return typeof value === 'number' ? value : undefined
    }
    const expectedMs = (): number => state(2) ?? this.#outcomes.nearest(endpoint, this.clock.now())?.firstByteMs ?? 0
    return {
      get inFlight() {
        return state(0) ?? 0
      },
      lastHeardMs: 0,
      mayTry: () => this.#mayTry(endpoint),
      restMs: () => state(1) ?? 0,
      begin: () => false,
      answered: () => undefined,
      end: () => undefined,
      rest: () => undefined,
      probed: () => undefined,
      wantsProbe: () => false,
      quantile: () => undefined,
      expectedMs,
      report: (id) => ({
        id,
        breaker: 'closed',
        inFlight: 0,
        failures: 0,
        lastError: undefined,
        firstByteMs: undefined,
        restMs: 0,
      }),
    }
  }

  /** What was in the budgets then is on no record: a try that they refused is refused again, unless its price is known by now. */
  readonly spending: SpendGate = {
    hold: ({ endpoint, price }) => {
      const place = this.#left.findIndex(({ name }) => name === endpoint)
      const next = this.#left[place]
      if (next === undefined || !isWithheld(next)) return undefined
      this.#left.splice(place, 1)
      if (next.errorCode === 'PRICE_UNKNOWN' && price !== undefined) return undefined
      this.#elapsedMs += next.durationMs
      throw new PlatformError(next.errorCode ?? 'BUDGET_EXCEEDED', 'as recorded', { details: { sent: false } })
    },
  }

  readonly toAdapters = (adapters: AdapterTable): AdapterTable =>
    Object.fromEntries(Object.entries(adapters).map(([dialect, adapter]) => [dialect, this.#toAdapter(adapter)]))

  /** Answers as recorded; where an endpoint is reached is asked of the real adapter, since its vendor is read from that. */
  #toAdapter({ locate }: Adapter): Adapter {
    return {
      ...(locate === undefined ? {} : { locate: (config) => ({ ...locate(config), probePath: undefined }) }),
      answer: async (_, { endpoint, permit }) => {
        const told = this.#take(endpoint.id, permit.call)
        if (told.errorCode !== undefined && told.firstByteMs === undefined) throw this.#fail(told)
        const pass = (): PlatformError | undefined => this.#pass(told)
        return {
          events: readEvents(pass),
          wire: undefined,
          firstByteMs: told.firstByteMs ?? told.durationMs,
          usage: () => told.usage,
          generated: () => nothingGenerated,
          cancel: () => undefined,
        }
      },
      embed: async (_, { endpoint, permit }) => {
        const told = this.#take(endpoint.id, permit.call)
        if (told.errorCode !== undefined) throw this.#fail(told)
        this.#pass(told)
        return { vectors: [[0]], usage: told.usage }
      },
    }
  }

  /** The recorded try at this endpoint that comes next, else one made from the others of the endpoint. */
  #take(endpoint: string, dispatch: Call): Told {
    const place = this.#left.findIndex(({ name }) => name === endpoint)
    const [found] = place === -1 ? [] : this.#left.splice(place, 1)
    if (found !== undefined) return found
    this.#estimated.add(dispatch.id)
    const { firstByteMs, durationMs } = this.#outcomes.nearest(endpoint, this.clock.now()) ?? {
      firstByteMs: 0,
      durationMs: 0,
    }
    const answered = this.#recorded.findLast(({ usage }) => usage !== undefined)?.usage ?? this.#root?.usage
    // Tokens as the endpoint counted them that did answer; what another vendor's raw figures say does not hold here.
    const usage = answered === undefined ? undefined : { ...answered, raw: undefined, source: 'estimated' as const }
    return { errorCode: undefined, firstByteMs, durationMs, usage }
  }

  #fail(told: Told): PlatformError {
    this.#elapsedMs += told.durationMs
    return new PlatformError(told.errorCode ?? 'UPSTREAM_FAILED', 'as recorded', { details: { sent: true } })
  }

  #pass(told: Told): PlatformError | undefined {
    this.#elapsedMs += told.durationMs
    return told.errorCode === undefined ? undefined : new PlatformError(told.errorCode, 'as recorded')
  }

  /** An endpoint that was tried may be tried as often as it was; one that was not, unless the record says it was resting. */
  #mayTry(endpoint: string): boolean {
    if (this.#change.isGone(endpoint, this.clock.now())) return false
    const known = standingIn(this.#nextDecision(), endpoint)
    if (known === 'candidate') this.#align(endpoint)
    if (known !== undefined) return known === 'candidate'
    if (this.#recorded.some(({ name }) => name === endpoint)) {
      this.#align(endpoint)
      const isLeft = this.#left.some(({ name }) => name === endpoint)
      return isLeft || this.#recorded.some(({ name, errorCode }) => name === endpoint && refusals.has(errorCode))
    }
    const wasResting = this.#recorded.some(({ detail }) => standingIn(detail?.['decision'], endpoint) === 'resting')
    return !wasResting && !this.#hasNoEndpoint
  }

  /** Prices may depend on the minute: the clock shows what it showed when the try was made. */
  #align(endpoint: string): void {
    const next = this.#recorded[this.#countMade()]
    if (next?.name !== endpoint) return
    const { startedAtMs } = next
    this.#elapsedMs = Math.max(this.#elapsedMs, startedAtMs - (this.#root?.startedAtMs ?? startedAtMs))
  }

  /** How the next recorded try was chosen. */
  #nextDecision(): JsonObject | undefined {
    const decision = this.#recorded[this.#countMade()]?.detail?.['decision']
    return isJsonObject(decision) ? decision : undefined
  }

  #countMade(): number {
    let made = 0
    for (const { kind } of this.#made?.facts ?? []) if (kind === 'dispatch') made++
    return made
  }

  /** A draw that was not made when it was recorded: from the call's own id, so that every replay draws the same. */
  #chance(): number {
    let mixed = 2_166_136_261
    for (const character of this.#root?.id ?? '') mixed = Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 16_777_619)
    return (mixed >>> 0) / 4_294_967_296
  }
}

/** How an endpoint stood when a choice was made; `undefined` when it was none of those to choose from. */
function standingIn(decision: JsonValue | undefined, endpoint: string): 'candidate' | 'resting' | undefined {
  if (!isJsonObject(decision)) return undefined
  const { candidates, resting } = decision
  if (isJsonObject(candidates) && endpoint in candidates) return 'candidate'
  return Array.isArray(resting) && resting.includes(endpoint) ? 'resting' : undefined
}

interface Told {
  readonly errorCode: ErrorCode | undefined
  readonly firstByteMs: number | undefined
  readonly durationMs: number
  readonly usage: Usage | undefined
}

async function* readEvents(pass: () => PlatformError | undefined): AsyncGenerator<AnswerEvent> {
  const failure = pass()
  if (failure !== undefined) throw failure
  yield { type: 'finish', reason: 'stop' }
}
