import { toPlatformError } from '../../../core/errors.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import { createTokenScale, readScaleState, scaleVersion, type ScaleState, type TokenScale } from '../scale.ts'
import type { ScaleStore } from './store.ts'

/** The token scale of each endpoint and model, kept over restarts and over changes of the configuration. */
export interface TokenScales {
  /** The same object for the same endpoint and model. */
  of(endpoint: string, model: string): TokenScale
  /** Writes what was learned since it was last written. Rejects with STORE_UNAVAILABLE; then nothing is lost but time. */
  save(): Promise<void>
  /** Saves once more and stops doing so by itself. Never rejects. */
  close(): Promise<void>
}

export interface TokenScalesDeps {
  readonly store: ScaleStore
  readonly clock: Clock
  readonly log: EventLog
}

/** Endpoints and models whose scales are kept. */
const keptMax = 1_000
const saveMs = 60_000

interface Kept {
  readonly endpoint: string
  readonly model: string
  readonly scale: TokenScale
  /** As many answers as had been learned from when it was last written. */
  saved: number
}

/** Reads what is kept. What cannot be read is begun anew, and named in the log. */
export async function createTokenScales({ store, clock, log }: TokenScalesDeps): Promise<TokenScales> {
  const states = await readStates(store, log)
  const kept = new Map<string, Kept>()

  async function save(): Promise<void> {
    let isWritten = false
    for (const each of kept.values()) {
      const state = each.scale.state()
      if (state.learned === each.saved) continue
      const { endpoint, model } = each
      const row = { endpoint, model, version: scaleVersion, learned: state.learned }
      await store.save({ ...row, body: JSON.stringify(state), saved_at_ms: Math.trunc(clock.now()) })
      each.saved = state.learned
      isWritten = true
    }
    if (isWritten) await store.prune(keptMax)
  }

  const trySave = (): Promise<void> =>
    save().catch((thrown: unknown) => {
      log.warn({ reason: toPlatformError(thrown).message }, 'token scales could not be saved')
    })
  const timer = setInterval(() => void trySave(), saveMs).unref()
  return {
    of(endpoint, model) {
      const key = JSON.stringify([endpoint, model])
      const known = kept.get(key)
      if (known !== undefined) return known.scale
      const state = states.get(key)
      const scale = createTokenScale(state)
      // Beyond the bound a scale lives as long as its endpoint, and is not written.
      if (kept.size < keptMax) kept.set(key, { endpoint, model, scale, saved: state?.learned ?? 0 })
      return scale
    },
    save,
    async close() {
      clearInterval(timer)
      await trySave()
    },
  }
}

async function readStates(store: ScaleStore, log: EventLog): Promise<ReadonlyMap<string, ScaleState>> {
  const states = new Map<string, ScaleState>()
  for (const { endpoint, model, version, body } of await store.list(keptMax)) {
    const state = version === scaleVersion ? readScaleState(body) : undefined
    if (state !== undefined) {
      states.set(JSON.stringify([endpoint, model]), state)
      continue
    }
    if (version === scaleVersion) await store.remove({ endpoint, model, body })
    log.warn({ endpoint, model, version }, 'a token scale is of another version or damaged, and begins anew')
  }
  return states
}
