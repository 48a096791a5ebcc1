import type { Config } from '../../config/index.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import { toPlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { CallRecorder, EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Egress } from '../egress/index.ts'
import type { EndpointEntry } from './registry.ts'

export interface ProbesDeps {
  readonly config: Config['egress']
  readonly entries: ReadonlyMap<string, EndpointEntry>
  readonly egress: Egress
  readonly recorder: CallRecorder
  readonly ids: Ids
  readonly clock: Clock
  readonly log: EventLog
}

export interface Probes {
  /** Probes the endpoints that are due now. Never rejects. Runs by itself from time to time until `close`. */
  run(): Promise<void>
  close(): void
}

/** An open breaker is probed this often while it is open, at first. */
const probesPerOpening = 3
/** Each probe is on record, so that an endpoint which stays away is asked less and less often, down to once in so many milliseconds. */
const waitMsMax = 300_000
const intervalMsMin = 250
/** Longest a probe may take, milliseconds. */
const probeMsMax = 10_000
/** Bytes of a probe's answer that are read before it is left. */
const probeBytesMax = 4_194_304
/** Probes under way at once. */
const probesAtOnceMax = 8

/** Asks endpoints that are silent how they are: those whose breaker is open, and, where configured, those without traffic. */
export function createProbes(deps: ProbesDeps): Probes {
  const { config, clock, entries } = deps
  const openIntervalMs = Math.max(intervalMsMin, config.breaker.openMs / probesPerOpening)
  const intervalMs = config.probeMs > 0 ? Math.min(openIntervalMs, config.probeMs) : openIntervalMs
  const hasProbes = [...entries.values()].some((entry) => entry.probe !== undefined)
  const timer = hasProbes ? setInterval(() => void run(), intervalMs).unref() : undefined
  let isRunning = false
  /** Of endpoints that probes found ill: how long the next one waits, and until when. */
  const waits = new Map<string, { readonly waitMs: number; readonly untilMs: number }>()

  function isDue(entry: EndpointEntry): boolean {
    if (entry.probe === undefined) return false
    if (entry.health.wantsProbe()) return clock.monotonicMs() >= (waits.get(entry.id)?.untilMs ?? 0)
    waits.delete(entry.id)
    return config.probeMs > 0 && clock.monotonicMs() - entry.health.lastHeardMs >= config.probeMs
  }

  async function run(): Promise<void> {
    if (isRunning) return
    isRunning = true
    const due = [...entries.values()].filter(isDue)
    for (let next = 0; next < due.length; next += probesAtOnceMax) {
      await Promise.all(due.slice(next, next + probesAtOnceMax).map(askAndWait))
    }
    isRunning = false
  }

  async function askAndWait(entry: EndpointEntry): Promise<void> {
    await probe(deps, entry)
    if (!entry.health.wantsProbe()) return
    const before = waits.get(entry.id)?.waitMs
    const waitMs = before === undefined ? openIntervalMs : Math.min(before * 2, Math.max(waitMsMax, openIntervalMs))
    // Half a turn less, or a wait of one turn would take two.
    waits.set(entry.id, { waitMs, untilMs: clock.monotonicMs() + waitMs - intervalMs / 2 })
  }

  return { run, close: () => clearInterval(timer) }
}

/** One GET under a call of the system's own: it carries nothing of a tenant, so the endpoint's own regions are allowed. */
async function probe(deps: ProbesDeps, entry: EndpointEntry): Promise<void> {
  const root = createRootCall(deps, {
    name: 'probe',
    principal: { tenant: 'system', keyId: 'system', role: 'admin', models: undefined, regions: undefined },
    labels: { allowedRegions: [...(entry.config.processing ?? []), ...(entry.config.storage ?? [])] },
    durationMsMax: probeMsMax,
  })
  const dispatch = root.child({ kind: 'dispatch', name: entry.id })
  const isWell = await ask(deps, entry, dispatch)
  root.end({ status: isWell === true ? 'ok' : 'error' })
  deps.recorder.settle(root.facts)
  if (isWell === undefined) return
  entry.health.probed(isWell)
  deps.log.debug({ endpoint: entry.id, isWell }, 'endpoint probed')
}

/** Whether the endpoint answered as a server that is up; `undefined` when it could not be asked. */
async function ask(deps: ProbesDeps, entry: EndpointEntry, dispatch: Call): Promise<boolean | undefined> {
  if (entry.probe === undefined) return undefined
  let isSent = false
  try {
    const permit = deps.egress.admit(entry.probe.target, dispatch)
    isSent = true
    const response = await deps.egress.send(permit, {
      method: 'GET',
      path: entry.probe.path,
      headers: {},
      body: undefined,
    })
    await response.body.collect(probeBytesMax)
    dispatch.end({ status: 'ok', firstByteMs: response.firstByteMs, regions: entry.config.processing })
    return response.status < 500 && response.status !== 429
  } catch (thrown) {
    dispatch.end({ status: 'error', errorCode: toPlatformError(thrown).code, regions: entry.config.processing })
    return isSent ? false : undefined
  }
}
