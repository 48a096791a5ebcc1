import type { Config } from '../../config/index.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { LookupAnswer, LookupQuestion } from '../../core/ports-lookups.ts'
import { nativeDialects } from '../dialects/index.ts'
import type { EgressTarget, Errand, ErrandAnswer } from '../egress/index.ts'
import { findLookupWay, readLookup, toLookupPath } from './ways.ts'

/** Asks vendors afterwards what an answer used. */
export interface VendorLookups {
  /** Asks once. Never rejects: what goes wrong is why nothing was told. */
  ask(question: LookupQuestion, signal: AbortSignal): Promise<LookupAnswer>
}

export interface VendorLookupsDeps {
  readonly config: Pick<Config, 'endpoints'>
  /** What governance allows the platform's own data. */
  readonly allowedRegions: readonly string[]
  /** Regions that lie in both lists. */
  readonly narrowRegions: (outer: readonly string[], inner: readonly string[]) => readonly string[]
  readonly findTarget: (endpoint: string) => EgressTarget | undefined
  readonly run: (errand: Errand) => Promise<ErrandAnswer>
}

/** An answer may hold all that was generated. */
const answerBytesMax = 16_777_216
/** Nobody waits for it, but it holds a connection. */
const totalMsMax = 30_000

/**
 * Asks through the one door out: as a call of its own, within the regions that the call allowed and those the platform allows
 * now, and only where the answer came from: an id is not told to whoever the endpoint leads to today.
 */
export function createVendorLookups(deps: VendorLookupsDeps): VendorLookups {
  async function run({ callId, endpoint, answer }: LookupQuestion, signal: AbortSignal): Promise<LookupAnswer> {
    const target = deps.findTarget(endpoint)
    const config = deps.config.endpoints[endpoint]
    const { id, lookup, origin, regions = [] } = answer
    if (target?.url === undefined || config === undefined) return notTold('the endpoint is not configured any more')
    if (new URL(target.url).origin !== origin) return notTold('the endpoint is elsewhere now')
    const dialect = nativeDialects[config.dialect]
    const { vendor } = target
    const way = dialect === undefined ? undefined : findLookupWay({ dialect, vendor, setting: config.lookup })
    if (way === undefined || way !== lookup) return notTold('the endpoint is not asked that way any more')
    const { status, body } = await deps.run({
      target: { ...target, timeouts: { ...target.timeouts, totalMs: Math.min(target.timeouts.totalMs, totalMsMax) } },
      allowedRegions: deps.narrowRegions(deps.allowedRegions, regions),
      request: { method: 'GET', path: toLookupPath(way, id), headers: { accept: 'application/json' }, body: undefined },
      answerBytesMax,
      about: { lookup: callId },
      signal,
    })
    return status === 200 ? readLookup(way, id, body) : notTold(`it answered ${status}`)
  }

  return {
    async ask(question, signal) {
      try {
        return await run(question, signal)
      } catch (thrown) {
        const error = thrown instanceof PlatformError ? thrown : toPlatformError(thrown)
        return notTold(error.code)
      }
    },
  }
}

function notTold(reason: string): LookupAnswer {
  return { type: 'not-told', reason }
}
