import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, type LoadedConfig } from '../../src/config/index.ts'
import { createSystemRandom } from '../../src/core/random.ts'
import { createSystemClock } from '../../src/core/time.ts'
import { scenarioSchema } from '../../src/investment/index.ts'
import { createPlatform, type Platform } from '../../src/platform/index.ts'
import { measureCoverage } from '../kit/choice-worlds.ts'
import { recordTraffic, trafficConfig } from '../kit/traffic.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

const callsWanted = 1_000_000

/** Whether recorded traffic, replayed with nothing changed, gives every route and every picodollar again. */
export const scorecard: Scorecard = {
  name: 'what-if',
  purpose:
    'a million recorded calls take their routes again at their costs, and are priced again; off-policy estimates on 500 simulated logs hold the truth',
  async run(options) {
    const replayed = await measureWhatIf(options, callsWanted)
    const estimated = await measureEstimates(options)
    const figures = { ...replayed.figures, ...estimated.figures }
    return { figures, promised: { ...replayed.promised, ...estimated.promised }, unmeasured: [] }
  },
}

const promised = {
  sameShare: ['=', 1],
  repriceSameShare: ['=', 1],
  replaySeconds: ['<', 60],
  repriceSeconds: ['<', 10],
} as const satisfies Measurement['promised']

/** Whether the 95 % intervals of off-policy estimates hold what is known to be true: half a thousand choices in each log, and more and fewer. */
async function measureEstimates({ seed, print }: ScorecardOptions): Promise<Measurement> {
  const worlds = 500
  const [few, usual, many] = await Promise.all(
    [200, 500, 2_000].map((choices) => measureCoverage({ worlds, choices, seed })),
  )
  print(`off-policy estimates of ${worlds} logs: ${JSON.stringify(usual)}`)
  if (few === undefined || usual === undefined || many === undefined) throw new Error('three sizes are measured')
  return {
    figures: {
      offPolicyHeldShare: usual.held.doublyRobust,
      'offPolicyHeldShare.c200': few.held.doublyRobust,
      'offPolicyHeldShare.c2000': many.held.doublyRobust,
      'offPolicyHeldShare.ips': usual.held.ips,
      'offPolicyHeldShare.snips': usual.held.snips,
      offPolicyHalfWidth: usual.halfWidth,
    },
    promised: { offPolicyHeldShare: ['>=', 0.93] },
    unmeasured: [],
  }
}

export async function measureWhatIf(options: ScorecardOptions, calls: number): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-what-if-'))
  const platform = await open(folder)
  try {
    const { clock, print } = options
    print(`recording ${calls} calls`)
    const tries = await recordTraffic(platform.store.recorder, { calls, seed: options.seed, nowMs: clock.now() })
    await platform.store.flush()
    await platform.audit.seal() // what is sealed by itself meanwhile would be counted too
    const span = { tenant: 'default', fromMs: 0, untilMs: clock.now() }
    const { whatIf } = platform.parts()
    const nothing = scenarioSchema.parse({})
    const timed = async <T>(work: () => Promise<T>) => {
      const startedMs = clock.monotonicMs()
      const before = process.cpuUsage()
      const result = await work()
      const { user, system } = process.cpuUsage(before)
      return { result, seconds: (clock.monotonicMs() - startedMs) / 1_000, cpuSeconds: (user + system) / 1e6 }
    }
    const priced = await timed(() => whatIf.reprice(span, nothing))
    print(`priced again in ${priced.seconds.toFixed(1)} s`)
    const replayed = await timed(() => whatIf.replay(span, nothing))
    print(`replayed in ${replayed.seconds.toFixed(1)} s; ${JSON.stringify(replayed.result.examples.slice(0, 3))}`)
    const lost = await timed(() =>
      whatIf.replay(span, scenarioSchema.parse({ gone: [{ endpoint: 'one', from: '09:00', to: '13:00' }] })),
    )
    const { recorded, same, routed } = replayed.result
    const figures = {
      calls: recorded.calls,
      tries,
      routedShare: routed / recorded.calls,
      sameShare: same / recorded.calls,
      costDifference: Number(replayed.result.replayed.cost - recorded.cost),
      replaySeconds: replayed.seconds,
      replayCpuMicrosecondsEach: (replayed.cpuSeconds * 1e6) / recorded.calls,
      repriceSameShare: priced.result.same / priced.result.dispatches,
      repriceSeconds: priced.seconds,
      repriceCpuMicrosecondsEach: (priced.cpuSeconds * 1e6) / recorded.calls,
      vendorLossSeconds: lost.seconds,
      vendorLossServedShare: lost.result.replayed.served / lost.result.recorded.served,
    }
    return { figures, promised, unmeasured: [] }
  } finally {
    await platform.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function open(folder: string): Promise<Platform> {
  const text = JSON.stringify(trafficConfig)
  const loaded: LoadedConfig = loadConfig({ folder, environment: {}, readFile: () => text }) // JSON is YAML
  return createPlatform({ loaded, clock: createSystemClock(), random: createSystemRandom(), writeLog: () => undefined })
}
