import { expect, test } from 'vitest'
import type { CallFacts } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import { createIds } from '../../../core/ids.ts'
import type { Picodollars } from '../../../core/money.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFacts } from '../../../core/testing.ts'
import { createFakeClock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import { describeEngines, silentLog, type OpenStore } from '../../../store/testing.ts'
import type { Delivery, Lease, NodeTerms, Settlement } from './centre.ts'
import { createCentre, createSettlingStore, createUplink, type Uplink } from './index.ts'

const startMs = Date.parse('2026-11-01T08:00:00Z')
const key = 'sk-strata-of-the-node'
const terms: NodeTerms = { key: 'key_node', usd: '2.5', regions: ['local', 'eu'], leaseMs: 3_600_000 }
const who = { tenant: 'default', keyId: 'key_node', credential: key }

/** One call of a cent with a node and a dispatch below. */
function toFacts(id: string, more: Partial<CallFacts> = {}): readonly CallFacts[] {
  const cost = 10_000_000_000n as Picodollars // a cent
  const usage = { inputTotal: 10, outputTotal: 5, raw: { tokens: 15 }, source: 'reported' } as const
  const times = { startedAtMs: startMs, durationMs: 12.5, firstByteMs: 3 }
  const known = { keyId: 'key_of_the_edge', usage: { ...noUsage, ...usage }, cost, detail: { a: 1 } }
  const root = createFacts({ id, ...times, ...known })
  return [
    { ...root, id: `${id}.1`, parentId: id, kind: 'dispatch', name: 'here', regions: ['local'], ...more },
    { ...root, ...more },
  ]
}
const noUsage = { cacheRead: undefined, cacheWrite5m: undefined, cacheWrite1h: undefined, reasoning: undefined }

interface World {
  readonly edge: Store
  readonly centre: Store
  readonly leases: (Lease | undefined)[]
  readonly clock: ReturnType<typeof createFakeClock>
  /** What is between the two; it may lose, repeat or change what it carries. */
  carry: (delivery: Delivery) => Promise<Settlement>
  readonly deliver: (delivery: Delivery) => Promise<Settlement>
  link(more?: { readonly key?: string }): Uplink
  record(count: number): void
}

async function createWorld(open: OpenStore): Promise<World> {
  const clock = createFakeClock(startMs)
  const [edge, centre] = [await open({ clock }), await open({ clock })]
  const desk = createCentre({
    store: createSettlingStore(centre),
    recorder: centre.recorder,
    clock,
    nodes: () => ({ shop: terms }),
  })
  const ids = createIds({ clock, random: createSeededRandom(7) })
  const leases: (Lease | undefined)[] = []
  const deliver = (delivery: Delivery): Promise<Settlement> => desk.deliver(who, delivery)
  const world: World = {
    edge,
    centre,
    leases,
    clock,
    carry: deliver,
    deliver,
    link: (more) =>
      createUplink({
        node: 'shop',
        key,
        everyMs: 86_400_000,
        tenant: 'default',
        store: createSettlingStore(edge),
        calls: edge.calls,
        flush: () => edge.flush(),
        clock,
        log: silentLog,
        createEpoch: () => ids.create('job'),
        send: (delivery) => world.carry(delivery),
        onLease: async (lease) => {
          leases.push(lease)
        },
        ...more,
      }),
    record(count) {
      for (let at = 0; at < count; at++) edge.recorder.settle(toFacts(ids.create('call')))
    },
  }
  return world
}

/** Roots at the centre, as often as they stand there. */
async function rootsOf(store: Store): Promise<readonly CallFacts[]> {
  return store.calls.list('default', { limit: 1_000 })
}

describeEngines('an edge node settles up', (open) => {
  test('requests whose cost nobody knows are counted, not those that were refused before they were sent', async () => {
    const world = await createWorld(open)
    const ids = createIds({ clock: world.clock, random: createSeededRandom(8) })
    const nothing = { usage: undefined, cost: undefined, status: 'error' } as const
    world.edge.recorder.settle(toFacts(ids.create('call'), { ...nothing, detail: { attempt: 1, sent: false } }))
    world.edge.recorder.settle(toFacts(ids.create('call'), { ...nothing, detail: { attempt: 1, sent: true } }))
    world.record(1)
    expect(await world.link().settle()).toBe(3)
    const [node] = await createSettlingStore(world.centre).listNodes('default')
    expect(node).toMatchObject({ acknowledged: 3, spent: '10000000000', unpriced: 1 })
  })

  test('each call once, with its cost, its usage and who asked', async () => {
    const world = await createWorld(open)
    world.record(5)
    const link = world.link()
    expect(await link.settle()).toBe(5)
    expect(await link.settle()).toBe(0)
    world.record(2)
    expect(await link.settle()).toBe(2)
    const roots = await rootsOf(world.centre)
    expect(roots.map(({ id }) => id)).toEqual((await rootsOf(world.edge)).map(({ id }) => id))
    const last = roots.find(({ detail }) => JSON.stringify(detail).includes('"sequence":7'))
    expect(last).toMatchObject({
      keyId: 'key_node',
      cost: 10_000_000_000n,
      durationMs: 12.5,
      detail: { a: 1, edge: { node: 'shop', key: 'key_of_the_edge', sequence: 7 } },
    })
    const [, dispatch] = await world.centre.calls.find('default', roots[0]?.id ?? '')
    expect(dispatch).toMatchObject({ kind: 'dispatch', regions: ['local'], usage: { inputTotal: 10, outputTotal: 5 } })
    await link.close()
  })

  test('each call once when answers are lost, deliveries repeated and turned around', async () => {
    const world = await createWorld(open)
    const random = createSeededRandom(3)
    const past: Delivery[] = []
    world.carry = async (delivery) => {
      past.push(delivery)
      if (random.next() < 0.3) throw new PlatformError('UPSTREAM_UNREACHABLE', 'lost on its way')
      const again = past[Math.floor(random.next() * past.length)]
      if (again !== undefined) await world.deliver({ ...again, records: again.records.toReversed() })
      const settlement = await world.deliver({ ...delivery, records: delivery.records.toReversed() })
      if (random.next() < 0.4) throw new PlatformError('UPSTREAM_CUT', 'the answer was lost')
      return settlement
    }
    let link = world.link()
    for (let round = 0; round < 25; round++) {
      world.record(3)
      await link.settle().catch(() => undefined)
      if (round % 5 !== 4) continue
      await link.close() // another process goes on where this one was
      link = world.link()
    }
    world.carry = world.deliver
    await link.settle()
    expect(await rootsOf(world.centre)).toHaveLength(75)
    const [node] = await createSettlingStore(world.centre).listNodes('default')
    expect(node).toMatchObject({ acknowledged: 75, spent: String(75n * 10_000_000_000n), unpriced: 0 })
    await link.close()
  })

  test('a gap waits for what is missing', async () => {
    const world = await createWorld(open)
    let seen: Delivery | undefined
    world.carry = async (delivery) => {
      if (delivery.records.length === 0) return world.deliver(delivery)
      seen = delivery
      throw new PlatformError('UPSTREAM_UNREACHABLE', 'away')
    }
    world.record(4)
    const link = world.link()
    await expect(link.settle()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    const { records = [], epoch = '' } = seen ?? {}
    const late = await world.deliver({ node: 'shop', epoch, records: records.slice(2) })
    expect(late.acknowledged).toBe(0)
    expect((await world.deliver({ node: 'shop', epoch, records: records.slice(0, 3) })).acknowledged).toBe(3)
    expect(await rootsOf(world.centre)).toHaveLength(3)
    expect(await link.state()).toMatchObject({ isReached: false, waiting: 4, fault: 'UPSTREAM_UNREACHABLE' })
    await link.close()
  })

  test('what was changed on its way is refused, and nothing of the delivery taken', async () => {
    const world = await createWorld(open)
    world.record(3)
    const link = world.link()
    const change = (delivery: Delivery, how: (text: string) => string): Delivery => ({
      ...delivery,
      records: delivery.records.map((record, at) => (at === 1 ? { ...record, tree: how(record.tree) } : record)),
    })
    const cheaper = (text: string): string => text.replaceAll('10000000000', '1')
    world.carry = (delivery) => world.deliver(change(delivery, cheaper))
    await expect(link.settle()).rejects.toMatchObject({ code: 'SETTLEMENT_REFUSED', details: { sequence: 2 } })
    const moved = (delivery: Delivery): Delivery => {
      const [one, two, ...rest] = delivery.records
      if (one === undefined || two === undefined) return delivery
      return { ...delivery, records: [{ ...one, sequence: two.sequence }, { ...two, sequence: one.sequence }, ...rest] }
    }
    world.carry = (delivery) => world.deliver(moved(delivery))
    await expect(link.settle()).rejects.toMatchObject({ code: 'SETTLEMENT_REFUSED' })
    world.carry = (delivery) => world.deliver({ ...delivery, epoch: 'another' })
    await expect(link.settle()).rejects.toMatchObject({ code: 'SETTLEMENT_REFUSED' })
    expect(await rootsOf(world.centre)).toEqual([])
    world.carry = world.deliver
    expect(await link.settle()).toBe(3)
    await link.close()
  })

  test('what was changed while it waited is not told, and what stands before it is', async () => {
    const world = await createWorld(open)
    world.carry = async () => {
      throw new PlatformError('UPSTREAM_UNREACHABLE', 'away')
    }
    world.record(3)
    const link = world.link()
    await link.settle().catch(() => undefined)
    await world.edge.sql.updateTable('edge_queue').set({ tree: '[]' }).where('sequence', '=', 2).execute()
    world.carry = world.deliver
    await expect(link.settle()).rejects.toMatchObject({ code: 'SETTLEMENT_REFUSED' })
    expect(await rootsOf(world.centre)).toHaveLength(1)
    await link.close()
  })

  test('another key signs anew what waits; a foreign one is refused', async () => {
    const world = await createWorld(open)
    world.record(2)
    const foreign = world.link({ key: 'sk-strata-of-somebody-else' })
    await expect(foreign.settle()).rejects.toMatchObject({ code: 'SETTLEMENT_REFUSED' })
    await foreign.close()
    const link = world.link()
    expect(await link.settle()).toBe(2)
    await link.close()
  })

  test('goes on after its queue was set back to an older state', async () => {
    const world = await createWorld(open)
    world.record(4)
    const link = world.link()
    await link.settle()
    await link.close()
    // A backup of the time before: the queue knows nothing of what was told since.
    await world.edge.sql.deleteFrom('edge_queue').where('sequence', '>', 2).execute()
    world.record(1)
    const next = world.link()
    await next.settle()
    expect(await rootsOf(world.centre)).toHaveLength(5)
    await next.close()
  })

  test('is lent what it may spend, more as it settles, and nothing once the lease is over', async () => {
    const world = await createWorld(open)
    const link = world.link()
    await link.settle()
    expect(world.leases.at(-1)).toMatchObject({ granted: 2_500_000_000_000n, regions: ['local', 'eu'] })
    world.record(10)
    await link.settle()
    expect(world.leases.at(-1)?.granted).toBe(2_600_000_000_000n)
    await link.close()
    world.clock.advance(terms.leaseMs + 1)
    world.carry = async () => {
      throw new PlatformError('UPSTREAM_UNREACHABLE', 'away')
    }
    const late = world.link()
    await late.settle().catch(() => undefined)
    expect(world.leases.at(-1)).toBeUndefined()
    await late.close()
  })
})

describeEngines('a centre', (open) => {
  test('takes nothing from whoever is not its node', async () => {
    const store = await open()
    const nodes = (): Readonly<Record<string, NodeTerms>> => ({ shop: terms })
    const clock = createFakeClock(startMs)
    const centre = createCentre({ store: createSettlingStore(store), recorder: store.recorder, clock, nodes })
    const empty = { node: 'shop', epoch: 'e', records: [] }
    await expect(centre.deliver({ ...who, keyId: 'key_other' }, empty)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(centre.deliver(who, { ...empty, node: 'kiosk' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(centre.deliver(who, { ...empty, node: '__proto__' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const tree = JSON.stringify([{ id: 'call_x' }])
    const records = [{ sequence: 1, tree, mac: '0'.repeat(64) }]
    await expect(centre.deliver(who, { ...empty, records })).rejects.toMatchObject({ code: 'SETTLEMENT_REFUSED' })
  })
})
