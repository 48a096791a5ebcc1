import type { Traits, Variation } from '../../core/model.ts'
import type { Picodollars } from '../../core/money.ts'

/** Whether one request calls one of the parts, or may call them all, one after the other. */
export type Combination = 'one-of' | 'all-of'

/**
 * What is true of a node made of `parts` (at least one), whichever of them answers: what every part can do, the
 * smallest context, all regions, and the worst case of calls and cost. What one part does not know, the node does not
 * know.
 */
export function combineTraits(parts: readonly Traits[], combination: Combination): Traits {
  const varies = [...new Set(parts.flatMap((part) => part.varies ?? []))].toSorted()
  return {
    ...(varies.length === 0 ? {} : { varies }),
    contextTokens: known(parts.map((part) => part.contextTokens))?.reduce((least, next) => Math.min(least, next)),
    inputs: common(parts.map((part) => part.inputs)),
    tools: parts.every((part) => part.tools),
    does: common(parts.map((part) => part.does)),
    regions: unite(parts.map((part) => part.regions)),
    callsMax:
      combination === 'all-of'
        ? parts.reduce((sum, part) => sum + part.callsMax, 0)
        : parts.reduce((most, part) => Math.max(most, part.callsMax), 0),
    costMax: known(parts.map((part) => part.costMax))?.reduce(combination === 'all-of' ? add : larger),
  }
}

/** The same, asked up to `times` times. */
export function repeatTraits(traits: Traits, times: number): Traits {
  const { callsMax, costMax } = traits
  return {
    ...traits,
    callsMax: callsMax * times,
    costMax: costMax === undefined ? undefined : costMax * BigInt(times),
  }
}

/**
 * The traits of what answers, with the calls, the cost and the regions of what only helps: it is asked in words of its
 * own, so what it can read does not matter.
 */
export function withHelpers(answering: Traits, helpers: readonly Traits[]): Traits {
  if (helpers.length === 0) return answering
  const all = combineTraits([answering, ...helpers], 'all-of')
  const { regions, callsMax, costMax, varies } = all
  return { ...answering, regions, callsMax, costMax, ...(varies === undefined ? {} : { varies }) }
}

/** The traits of what also hangs on something else than its parts do. */
export function varyBy(traits: Traits, more: readonly Variation[]): Traits {
  if (more.length === 0) return traits
  return { ...traits, varies: [...new Set([...(traits.varies ?? []), ...more])].toSorted() }
}

/** Traits of a node that chats, whichever of the parts does the answering. */
export function chatTraits(parts: readonly Traits[], combination: Combination): Traits {
  return { ...combineTraits(parts, combination), does: ['chat'] }
}

/** The values, or `undefined` when one of them is not known. */
function known<Value>(values: readonly (Value | undefined)[]): readonly Value[] | undefined {
  const found = values.filter((value) => value !== undefined)
  return found.length === values.length ? found : undefined
}

/** What every list holds, in the order of the first. */
function common<Item>(lists: readonly (readonly Item[])[]): readonly Item[] {
  const [first = [], ...others] = lists
  return first.filter((item) => others.every((list) => list.includes(item)))
}

function unite(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const all = known(lists)
  return all === undefined ? undefined : [...new Set(all.flat())].toSorted()
}

function add(sum: Picodollars, next: Picodollars): Picodollars {
  return sum + next
}

function larger(most: Picodollars, next: Picodollars): Picodollars {
  return next > most ? next : most
}
