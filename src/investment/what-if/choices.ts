import type { CallFacts } from '../../core/call.ts'
import { isJsonObject } from '../../core/json.ts'
import { estimateOffPolicy, type LoggedChoice } from './off-policy.ts'
import type { EndpointEstimate } from './what-if.ts'

export interface Choices {
  learn(node: CallFacts): void
  estimate(): readonly EndpointEstimate[]
}

interface Choice {
  readonly chosen: string
  readonly propensity: number
  readonly candidates: readonly string[]
  readonly cost: number
  readonly latencyMs: number
  readonly served: number
}

/** So many of the choices made by chance are looked at, the first ones. */
const choicesMax = 500_000

/**
 * Gathers the choices that a draw decided. Another policy may be estimated only where it takes what had a chance: where the draw was
 * between equals.
 */
export function createChoices(): Choices {
  const made: Choice[] = []
  return {
    learn({ kind, name, status, cost, durationMs, detail }) {
      const decision = detail?.['decision']
      if (kind !== 'dispatch' || !isJsonObject(decision) || made.length >= choicesMax) return
      const { propensity, draw, candidates } = decision
      if (typeof propensity !== 'number' || draw === null || !isJsonObject(candidates)) return
      made.push({
        chosen: name,
        propensity,
        candidates: Object.keys(candidates),
        cost: Number(cost ?? 0n) / 1e12,
        latencyMs: durationMs,
        served: status === 'ok' ? 1 : 0,
      })
    },
    estimate() {
      const endpoints = [...new Set(made.map(({ chosen }) => chosen))].toSorted()
      return endpoints.flatMap((endpoint) => {
        const own = made.filter(({ candidates }) => candidates.includes(endpoint))
        const outcomes = (pick: (choice: Choice) => number): readonly LoggedChoice[] =>
          own.map((choice) => ({ ...choice, outcome: pick(choice) }))
        const always = (_: LoggedChoice, candidate: string): number => (candidate === endpoint ? 1 : 0)
        const cost = estimateOffPolicy(
          outcomes((choice) => choice.cost),
          always,
        )
        const latencyMs = estimateOffPolicy(
          outcomes((choice) => choice.latencyMs),
          always,
        )
        const served = estimateOffPolicy(
          outcomes((choice) => choice.served),
          always,
        )
        if (cost === undefined || latencyMs === undefined || served === undefined) return []
        return [{ endpoint, choices: own.length, cost, latencyMs, served }]
      })
    },
  }
}
