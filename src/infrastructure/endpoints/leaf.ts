import type { Config } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import { PlatformError, toPlatformError, type ErrorCode } from '../../core/errors.ts'
import type { EndpointChoice } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Try, TryOptions } from './attempt.ts'
import { chooseEndpoint, type Chosen } from './balance.ts'
import { hedge } from './hedge.ts'
import type { EndpointEntry } from './registry.ts'
import { wait } from './wait.ts'

export interface LeafDeps {
  readonly config: Config['egress']
  readonly entries: ReadonlyMap<string, EndpointEntry>
  readonly clock: Clock
  readonly random: Random
  /** Waits between tries instead of the usual wait, when recorded traffic is replayed. */
  readonly wait?: ((ms: number, call: Call) => Promise<void>) | undefined
}

/** One request at a leaf: who may be tried, and how to try. */
export interface LeafRequest<T> {
  readonly choice: EndpointChoice
  readonly does: 'chat' | 'embed' | 'rerank'
  readonly call: Call
  readonly attempt: (options: TryOptions) => Try<T>
}

/** Errors after which the same endpoint may be tried again. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_OVERLOADED',
  'UPSTREAM_FAILED',
  'UPSTREAM_INVALID',
  'UPSTREAM_CUT',
  'RUNTIME_FAILED',
])

/** Errors that rule this endpoint out for the request, but not the others. */
const excluding: ReadonlySet<ErrorCode> = new Set([
  'REGION_REFUSED',
  'PRICE_UNKNOWN',
  'BUDGET_EXCEEDED',
  'RATE_LIMITED',
  'PERSONAL_DATA_REFUSED',
  'BUDGET_SPENT',
  'UPSTREAM_UNAUTHENTICATED',
  'ADDRESS_REFUSED',
  'REDIRECT_REFUSED',
  'UNSUPPORTED_PARAMETER',
  'RUNTIME_MISSING',
  'CONFIG_INVALID',
])

/** Errors of admission: nothing was sent. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'REGION_REFUSED',
  'PRICE_UNKNOWN',
  'BUDGET_SPENT',
  'BUDGET_EXCEEDED',
  'RATE_LIMITED',
])

/** What has happened to a request so far. */
interface Progress {
  /** Tries that were admitted. */
  attempts: number
  failure: PlatformError | undefined
  readonly tried: EndpointEntry[]
  readonly excluded: EndpointEntry[]
  readonly refusals: PlatformError[]
}

/** A request with what has happened to it: what every step below needs. */
interface Run<T> {
  readonly request: LeafRequest<T>
  readonly members: readonly EndpointEntry[]
  readonly progress: Progress
}

export interface Leaf {
  /** Rejects with the last failure, or with why no endpoint could be tried: REGION_REFUSED, PRICE_UNKNOWN, NO_ENDPOINT. */
  run<T>(request: LeafRequest<T>): Promise<T>
}

/** Runs requests at leaves: choose, try, then try again or elsewhere until an endpoint answers or the tries are used up. */
export function createLeaf(deps: LeafDeps): Leaf {
  const { config, clock, random } = deps
  const members = createMembers(deps.entries)

  /** Untried endpoints first; of those, the balance decides. */
  function choose<T>({ request, members: all, progress }: Run<T>): Chosen | undefined {
    if (progress.attempts >= config.attemptsMax) return undefined
    const [only] = all
    if (all.length === 1 && only !== undefined) {
      return progress.excluded.length === 0 && only.health.mayTry() ? { entry: only, decision: undefined } : undefined
    }
    const { open, resting } = part(all, progress)
    const untried = open.filter((entry) => !progress.tried.includes(entry))
    const [first, ...rest] = untried.length > 0 ? untried : open
    if (first === undefined) return undefined
    return chooseEndpoint([first, ...rest], { balance: request.choice.balance, resting }, random)
  }

  /** How long the first byte may take before a second try is made elsewhere; `undefined` for never. */
  function hedgeDelayMs<T>(run: Run<T>, entry: EndpointEntry): number | undefined {
    const quantile = run.request.choice.hedgeQuantile
    return quantile === undefined || run.members.length < 2 ? undefined : entry.health.quantile(quantile)
  }

  function tryTwice<T>(run: Run<T>, chosen: Chosen, delayMs: number): Promise<T> {
    const { entry } = chosen
    return hedge(takingDown(run, entry, startTry(run, chosen, reasonOf(run, entry))), delayMs, () => {
      const other = choose(run)
      if (other === undefined || run.progress.tried.includes(other.entry)) return undefined
      return takingDown(run, other.entry, startTry(run, other, 'hedge'))
    })
  }

  /** Waits before the same endpoint is tried again: full jitter, and at least as long as it asked for. */
  async function backOff<T>({ request, progress }: Run<T>, entry: EndpointEntry): Promise<void> {
    const restMs = entry.health.restMs()
    const jitterMs =
      random.next() * Math.min(config.retryWaitMsMax, config.retryBackoffMs * 2 ** (progress.attempts - 1))
    const waitMs = Math.max(restMs, jitterMs)
    const isTooLong = restMs > config.retryWaitMsMax || clock.monotonicMs() + waitMs >= request.call.deadlineMs
    if (isTooLong && progress.failure !== undefined) throw progress.failure
    await (deps.wait ?? wait)(waitMs, request.call)
  }

  return {
    async run(request) {
      const progress: Progress = { attempts: 0, failure: undefined, tried: [], excluded: [], refusals: [] }
      const run = { request, members: members.of(request), progress }
      for (;;) {
        const chosen = choose(run)
        if (chosen === undefined) throw progress.failure ?? toRefusal(run)
        const { entry } = chosen
        if (progress.tried.includes(entry)) await backOff(run, entry)
        const delayMs = hedgeDelayMs(run, entry)
        try {
          if (delayMs !== undefined) return await tryTwice(run, chosen, delayMs)
          return await startTry(run, chosen, reasonOf(run, entry)).result
        } catch (thrown) {
          const error = toPlatformError(thrown)
          if (delayMs === undefined) takeDown(progress, entry, error)
          if (!passing.has(error.code) && !excluding.has(error.code)) throw error
        }
      }
    },
  }
}

/** Those that may be tried now, and the ids of those that are resting; what is ruled out for the request is neither. */
function part(
  all: readonly EndpointEntry[],
  { excluded }: Progress,
): { readonly open: readonly EndpointEntry[]; readonly resting: readonly string[] } {
  const resting: string[] = []
  const open = all.filter((entry) => {
    if (excluded.includes(entry)) return false
    const mayTry = entry.health.mayTry()
    if (!mayTry) resting.push(entry.id)
    return mayTry
  })
  return { open, resting }
}

function reasonOf<T>({ progress }: Run<T>, entry: EndpointEntry): TryOptions['reason'] {
  if (progress.attempts === 0) return 'first'
  return progress.tried.includes(entry) ? 'retry' : 'failover'
}

function startTry<T>({ request, progress }: Run<T>, chosen: Chosen, reason: TryOptions['reason']): Try<T> {
  const { entry, decision } = chosen
  progress.attempts += 1
  progress.tried.push(entry)
  return request.attempt({ entry, call: request.call, attempt: progress.attempts, reason, decision })
}

/** A try of two that are under way: its failure is taken down before the race hears of it. */
function takingDown<T>({ progress }: Run<T>, entry: EndpointEntry, started: Try<T>): Try<T> {
  const result = started.result.catch((thrown: unknown) => {
    const error = toPlatformError(thrown)
    takeDown(progress, entry, error)
    throw error
  })
  return { result, cancel: (why) => started.cancel(why) }
}

function takeDown(progress: Progress, entry: EndpointEntry, error: PlatformError): void {
  if (excluding.has(error.code)) progress.excluded.push(entry)
  if (refusals.has(error.code)) {
    // Nothing was sent, so it is not one of the tries.
    progress.attempts -= 1
    progress.refusals.push(error)
  } else if (error.code !== 'CANCELLED') {
    progress.failure = error
  }
}

/** Why there is nothing to try: refused each, or resting. */
function toRefusal<T>({ members, progress }: Run<T>): PlatformError {
  const [first] = progress.refusals
  // Its figures and its retry-after are the answer; a dearer endpoint would say no different.
  const limited = progress.refusals.find(({ code }) => code === 'BUDGET_EXCEEDED' || code === 'RATE_LIMITED')
  if (limited !== undefined && progress.excluded.length >= members.length) return limited
  if (first !== undefined && progress.excluded.length >= members.length) {
    return new PlatformError(first.code, progress.refusals.map((refusal) => refusal.message).join('; '), {
      details: { endpoints: members.map((entry) => entry.id), sent: false },
    })
  }
  const resting = members.filter((entry) => !progress.excluded.includes(entry))
  const states = resting.map((entry) => `${entry.id} ${entry.health.report(entry.id).lastError ?? 'not well'}`)
  return new PlatformError('NO_ENDPOINT', `every endpoint is cooling off after failures: ${states.join(', ')}`, {
    retryAfterMs: Math.max(1, Math.ceil(Math.min(...resting.map((entry) => entry.health.restMs())))),
    details: { endpoints: resting.map((entry) => entry.id), sent: false },
  })
}

/** Finds the entries a choice names. A choice lives as long as its tree, so what it comes down to is kept beside it. */
function createMembers(entries: LeafDeps['entries']): {
  of<T>(request: LeafRequest<T>): readonly EndpointEntry[]
} {
  const known = {
    chat: new WeakMap<EndpointChoice, EndpointEntry[]>(),
    embed: new WeakMap<EndpointChoice, EndpointEntry[]>(),
    rerank: new WeakMap<EndpointChoice, EndpointEntry[]>(),
  }
  return {
    of({ choice, does }) {
      const found = known[does].get(choice)
      if (found !== undefined) return found
      const members = choice.endpoints
        .map((id) => getEntry(entries, id))
        .filter((entry) => entry.config.does.includes(does))
      if (members.length === 0) {
        throw new PlatformError(
          'INVALID_REQUEST',
          `no endpoint of the model can ${does}: ${choice.endpoints.join(', ')}`,
          {
            param: 'model',
          },
        )
      }
      known[does].set(choice, members)
      return members
    },
  }
}

function getEntry(entries: LeafDeps['entries'], id: string): EndpointEntry {
  const entry = entries.get(id)
  if (entry === undefined)
    throw new PlatformError('NO_ENDPOINT', `the endpoint ${id} is not configured or its dialect is not installed`)
  return entry
}
