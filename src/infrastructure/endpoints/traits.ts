import type { Traits } from '../../core/model.ts'
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

/** All regions of both kinds; `undefined` unless both are known. */
function toRegions(
  processing: readonly string[] | undefined,
  storage: readonly string[] | undefined,
): readonly string[] | undefined {
  if (processing === undefined || storage === undefined) return undefined
  return [...new Set([...processing, ...storage])]
}

/** Of one answer at full context and output. Tries that gave no answer have no known cost, so they add none. */
function toCostMax(entry: EndpointEntry): Traits['costMax'] {
  const { contextTokens, outputTokensMax } = entry.config
  if (contextTokens === undefined || outputTokensMax === undefined) return undefined
  return entry.findPrice()?.costMax({ input: contextTokens, output: outputTokensMax })
}
