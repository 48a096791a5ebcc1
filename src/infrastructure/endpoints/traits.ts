import type { Traits } from '../../core/model.ts'
import type { EndpointState } from '../../core/ports.ts'
import type { TierChoice } from '../../core/usage-units.ts'
import { foreseeWattHours } from '../energy/index.ts'
import type { EndpointEntry } from './registry.ts'

/** What is true of one endpoint, from its configuration and the price in force. */
export function toTraits(entry: EndpointEntry, attemptsMax: number): Traits {
  const { config } = entry
  return {
    contextTokens: config.contextTokens,
    inputs: config.inputs,
    tools: config.tools,
    does: config.does,
    regions: toRegions(config.processing, config.storage),
    callsMax: attemptsMax,
    costMax: toCostMax(entry),
  }
}

/** How an endpoint is now. */
export function toState(entry: EndpointEntry): EndpointState {
  const { id, config, health, target } = entry
  return {
    isOpen: health.mayTry(),
    isLocal: target.url === undefined || isLoopback(target.url),
    inFlight: health.inFlight,
    firstByteMs: health.report(id).firstByteMs,
    costMax({ input, output }) {
      const bound = output ?? config.outputTokensMax
      return bound === undefined ? undefined : entry.findPrice()?.costMax({ input, output: bound })
    },
    energyWhMax(output) {
      const bound = output ?? config.outputTokensMax
      return bound === undefined || config.energy === undefined ? undefined : foreseeWattHours(config.energy, bound)
    },
  }
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}

/** All regions of both kinds; `undefined` unless both are known. */
function toRegions(
  processing: readonly string[] | undefined,
  storage: readonly string[] | undefined,
): readonly string[] | undefined {
  if (processing === undefined || storage === undefined) return undefined
  return [...new Set([...processing, ...storage])]
}

const anyTier: TierChoice = { place: true, speed: true, tier: true }

/**
 * Of one answer at full context and output; what is free costs nothing at any length. Tries that gave no answer have no
 * known cost, so they add none.
 */
function toCostMax(entry: EndpointEntry): Traits['costMax'] {
  const { contextTokens: input, outputTokensMax: output } = entry.config
  const price = entry.findPrice()
  if (input !== undefined && output !== undefined) return price?.costMax({ input, output, tiers: anyTier })
  return price?.costMax({ input: longestTokens, output: longestTokens }) === 0n ? 0n : undefined
}

const longestTokens = 1_000_000_000
