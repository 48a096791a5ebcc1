import { expect, test } from 'vitest'
import type { CallFacts } from '../core/call.ts'
import { createUsage } from '../core/usage.ts'
import { createDispatch, createRequest } from './fixtures/trees.ts'
import { describeEngines } from './testing.ts'
import type { CallTree } from './calls.ts'
import type { Store } from './index.ts'

const span = { tenant: 'default', fromMs: 1_000, untilMs: 2_000 }

/** A fact as plain data, so that what is read lazily is read. */
function plain(fact: CallFacts): CallFacts {
  const { id, rootId, parentId, kind, name, tenant, keyId, startedAtMs, durationMs, firstByteMs, status, errorCode } =
    fact
  const { vendorModel, regions, usage, cost, priceVersion, detail } = fact
  const head = {
    id,
    rootId,
    parentId,
    kind,
    name,
    tenant,
    keyId,
    startedAtMs,
    durationMs,
    firstByteMs,
    status,
    errorCode,
  }
  return { ...head, vendorModel, regions, usage, cost, priceVersion, detail }
}

async function readTrees(store: Store): Promise<readonly CallTree[]> {
  const trees: CallTree[] = []
  for await (const { root, nodes } of store.calls.scan(span)) trees.push({ root: plain(root), nodes: nodes.map(plain) })
  return trees
}

describeEngines('a scan of the record', (open) => {
  test('gives back each fact as it was recorded, whole trees, oldest first', async () => {
    const store = await open()
    const first = [
      createRequest({ rootId: 'call_a', startedAtMs: 1_000, detail: { allowedRegions: ['eu'] } }),
      createDispatch({
        rootId: 'call_a',
        number: 1,
        startedAtMs: 1_001,
        status: 'error',
        errorCode: 'UPSTREAM_TIMEOUT',
        usage: undefined,
      }),
      createDispatch({
        rootId: 'call_a',
        number: 2,
        startedAtMs: 1_002,
        vendorModel: '模型\tπ\\n\n',
        regions: ['eu', 'local'],
        usage: createUsage({ inputTotal: 0, outputTotal: 2 ** 50, raw: { 词: 'a\tb' }, source: 'estimated' }),
        cost: 9_007_199_254_740_993n,
      }),
      ...Array.from({ length: 9 }, (_, index) =>
        createDispatch({ rootId: 'call_a', number: index + 3, startedAtMs: 1_003 }),
      ),
    ]
    const second = [
      createRequest({ rootId: 'call_b', startedAtMs: 1_500 }),
      createDispatch({ rootId: 'call_b', number: 1, startedAtMs: 1_500 }),
    ]
    store.recorder.settle(second)
    store.recorder.settle(first.toReversed())
    const trees = await readTrees(store)
    expect(trees).toEqual([
      { root: first[0], nodes: first.slice(1) },
      { root: second[0], nodes: second.slice(1) },
    ])
  })

  test('leaves out what lies outside the span and what is another tenant’s', async () => {
    const store = await open()
    for (const [rootId, startedAtMs] of [
      ['call_a', 999],
      ['call_b', 1_000],
      ['call_c', 1_999],
      ['call_d', 2_000],
    ] as const) {
      const more = { startedAtMs, keyId: 'k' }
      store.recorder.settle([createRequest({ rootId, ...more }), createDispatch({ rootId, number: 1, ...more })])
      const other = { ...more, tenant: 'other' }
      store.recorder.settle([createRequest({ rootId, ...other }), createDispatch({ rootId, number: 1, ...other })])
    }
    expect((await readTrees(store)).map(({ root }) => root.id)).toEqual(['call_b', 'call_c'])
    const uses = []
    for await (const page of store.calls.scanUses(span)) uses.push(...page)
    expect(uses.map(({ startedAtMs }) => startedAtMs)).toEqual([1_000, 1_999])
  })

  test('reads more than a page, with a tree that is larger than one, and the uses of the same dispatches', async () => {
    const store = await open()
    const sizes = [3, 4_500, 1, 0, 2, ...Array.from({ length: 700 }, (_, index) => index % 4)]
    for (const [index, size] of sizes.entries()) {
      const rootId = `call_${String(index).padStart(5, '0')}`
      const cost = (number: number) => BigInt(index * 10_000 + number)
      store.recorder.settle([
        createRequest({ rootId, startedAtMs: 1_000 + index }),
        ...Array.from({ length: size }, (_, number) =>
          createDispatch({
            rootId,
            number: number + 1,
            startedAtMs: 1_000 + index,
            cost: cost(number),
            usage: number % 3 === 2 ? undefined : createUsage({ inputTotal: number }),
          }),
        ),
      ])
    }
    const trees = await readTrees(store)
    expect(trees.map(({ nodes }) => nodes.length)).toEqual(sizes)
    const uses = []
    for await (const page of store.calls.scanUses(span)) uses.push(...page)
    const used = trees.flatMap(({ nodes }) => nodes).filter(({ usage }) => usage !== undefined)
    const sum = (all: readonly Pick<CallFacts, 'cost'>[]): bigint =>
      all.reduce((total, { cost = 0n }) => total + cost, 0n)
    expect([uses.length, sum(uses)]).toEqual([used.length, sum(used)])
    expect(uses.slice(0, 2)).toEqual(
      used
        .slice(0, 2)
        .map(({ name, vendorModel, startedAtMs, usage, cost }) => ({ name, vendorModel, startedAtMs, usage, cost })),
    )
  })
})
