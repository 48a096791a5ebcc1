import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRegionGate } from './index.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'

const gate = createRegionGate({ regions: {} })
const regions = ['de', 'fr', 'eu', 'eea', 'us', 'cn', 'local', '*'] as const
const narrow = (outer: readonly string[], inner: readonly string[]): readonly string[] => gate.meet(outer, inner)

function createCall(allowed: readonly string[]): Call {
  const clock = createFakeClock(0)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  return createRootCall(
    { clock, ids },
    {
      name: 'm',
      principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: allowed },
      durationMsMax: 1e9,
      narrowRegions: narrow,
    },
  )
}

/** What a model of the tree may do: begin work below, be given a labelled passage, keep an answer, answer from what was kept. */
const step = fc.oneof(
  fc.record({ type: fc.constant('child' as const), of: fc.nat(), regions: fc.option(fc.subarray([...regions])) }),
  fc.record({ type: fc.constant('passage' as const), of: fc.nat(), region: fc.constantFrom(...regions) }),
  fc.record({ type: fc.constant('keep' as const), of: fc.nat() }),
  fc.record({ type: fc.constant('replay' as const), of: fc.nat(), kept: fc.nat() }),
  fc.record({ type: fc.constant('request' as const), allowed: fc.subarray([...regions], { minLength: 1 }) }),
)

/** A region of the world that a place may be in: the smallest there are. */
const places = ['de', 'fr', 'us', 'cn', 'local', 'no']
const lies = (place: string, within: readonly string[]): boolean =>
  within.some((region) => gate.contains(region, place))

test('whatever is derived from whatever, nothing begun later may go where a label does not let it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      // Beside the calls, by their trees, what a reading of the law says: every list that the place has to lie in.
      const trees: { calls: { call: Call; lists: (readonly string[])[] }[]; data: (readonly string[])[] }[] = []
      const kept: { bounds: Call['bounds']; data: (readonly string[])[] }[] = []
      const begin = (allowed: readonly string[]): void => {
        trees.push({ calls: [{ call: createCall(allowed), lists: [allowed] }], data: [] })
      }
      begin([...regions])
      for (const each of steps) {
        const tree = trees.at(-1)
        if (tree === undefined) continue
        const at = 'of' in each ? tree.calls[each.of % tree.calls.length] : undefined
        if (each.type === 'request') begin(each.allowed)
        else if (at === undefined) continue
        else if (each.type === 'child') {
          const lists = each.regions === null ? at.lists : [...at.lists, each.regions]
          const options = each.regions === null ? {} : { allowedRegions: each.regions }
          tree.calls.push({ call: at.call.child({ kind: 'model', name: 'c', ...options }), lists })
        } else if (each.type === 'passage') {
          if (at.call.bind([each.region])) tree.data.push([each.region])
        } else if (each.type === 'keep') kept.push({ bounds: at.call.bounds, data: [...tree.data] })
        else {
          const entry = kept[each.kept % Math.max(1, kept.length)]
          if (entry?.bounds.every((bound) => at.call.bind(bound)) === true) tree.data.push(...entry.data)
        }
        // Whatever is sent now, from wherever in the newest tree.
        for (const { call, lists } of trees.at(-1)?.calls ?? []) {
          const { allowedRegions } = call.child({ kind: 'dispatch', name: 'd' }).labels
          for (const place of places) {
            if (!lies(place, allowedRegions)) continue
            const must = [...lists, ...(trees.at(-1)?.data ?? [])]
            expect(must.filter((list) => !lies(place, list))).toEqual([])
          }
        }
      }
    }),
    { numRuns: 400 },
  )
})

test('a bound that would leave no region binds nothing', () => {
  const call = createCall(['eu'])
  expect(call.bind(['de'])).toBe(true)
  expect(call.bind(['fr'])).toBe(false)
  expect(call.bind(['de'])).toBe(true)
  expect(call.bounds).toEqual([['de']])
  expect(call.child({ kind: 'dispatch', name: 'd' }).labels.allowedRegions).toEqual(['de'])
})
