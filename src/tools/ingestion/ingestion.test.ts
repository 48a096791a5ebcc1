import { afterEach, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createSystemClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createKnowledge, type Knowledge, type NewDocument } from '../retrieval/index.ts'
import { createIngestion, type Ingestion } from './index.ts'

const tenant = 'tenant_a'
const clock = createSystemClock()
const closing: { close(): Promise<void> }[] = []
let seed = 1

afterEach(async () => {
  for (const each of closing.splice(0).toReversed()) await each.close()
})

interface Bench {
  readonly ingestion: Ingestion
  readonly knowledge: Knowledge
}

/** One process of several on a store. */
function openBench(store: Store, put?: Knowledge['putDocuments'], config: object = {}): Bench {
  const ids = createIds({ clock, random: createSeededRandom(seed++) })
  const { knowledge: section } = configSchema.parse({ knowledge: { ingestion: config } })
  const knowledge = createKnowledge({ store, clock, ids, config: section, log: silentLog, searchOn: 'same-thread' })
  const ingestion = createIngestion({
    store,
    clock,
    ids,
    log: silentLog,
    knowledge: { ...knowledge, ...(put === undefined ? {} : { putDocuments: put }) },
    config: section.ingestion,
    documentBytesMax: 10_000,
  })
  closing.push(knowledge, ingestion)
  return { ingestion, knowledge }
}

const toDocument = (name: string, text = `Rule ${name} of the house.`): NewDocument => ({
  externalId: name,
  name: `${name}.md`,
  bytes: Buffer.from(text),
})

const many = Array.from({ length: 100 }, (_, index) => String(index).padStart(2, '0'))

async function isIdle(ingestion: Ingestion): Promise<boolean> {
  const { waiting = 0, running = 0 } = await ingestion.count(tenant)
  return waiting + running === 0
}

describeEngines('ingestion', (open) => {
  test('a document is on record at once, is taken in beside, and its job says what it has become', async () => {
    const { ingestion, knowledge } = openBench(await open())
    await knowledge.createCollection(tenant, 'notes')
    const { id, state } = await ingestion.enqueue(tenant, 'notes', { ...toDocument('a'), region: 'eu' })
    expect(state).toBe('waiting')
    ingestion.start()
    await expect.poll(async () => (await ingestion.get(tenant, id)).state).toBe('done')
    const document = await knowledge.findDocument(tenant, 'notes', 'a')
    expect(await ingestion.get(tenant, id)).toMatchObject({ document: { id: document?.id, outcome: 'created' } })
    expect(await knowledge.canSee(tenant, document?.id ?? '', { regions: ['us'] })).toBe(false)
  })

  test('nothing of a document is left of its job once it has been deleted', async () => {
    const { ingestion, knowledge } = openBench(await open())
    await knowledge.createCollection(tenant, 'notes')
    const text = 'The quokka of Rottnest keeps seventeen umbrellas behind the lighthouse for rainy Sundays in winter.'
    await ingestion.enqueue(tenant, 'notes', toDocument('a', text))
    ingestion.start()
    await expect.poll(() => isIdle(ingestion)).toBe(true)
    const document = await knowledge.findDocument(tenant, 'notes', 'a')
    const { statement } = await knowledge.deleteDocument(tenant, 'notes', document?.id ?? '')
    expect(JSON.parse(statement ?? '{}')).toMatchObject({ result: 'gone', left: { rows: 0, hits: 0 } })
  })

  test('what cannot be taken in says why, and keeps nothing else out', async () => {
    const { ingestion, knowledge } = openBench(await open())
    await knowledge.createCollection(tenant, 'notes')
    const broken = { externalId: 'b', name: 'b.pdf', bytes: Buffer.from('%PDF-1.7 and nothing more') }
    const jobs = [
      await ingestion.enqueue(tenant, 'notes', broken),
      await ingestion.enqueue(tenant, 'notes', toDocument('a')),
    ]
    ingestion.start()
    await expect.poll(() => isIdle(ingestion)).toBe(true)
    expect(await ingestion.get(tenant, jobs[0]?.id ?? '')).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('b.pdf'),
    })
    expect(await ingestion.get(tenant, jobs[1]?.id ?? '')).toMatchObject({ state: 'done' })
  })

  test('is refused for a collection that is not there, for what is too large, beyond the bound, and to other tenants', async () => {
    const { ingestion, knowledge } = openBench(await open(), undefined, { jobsWaitingMax: 1 })
    await expect(ingestion.enqueue(tenant, 'notes', toDocument('a'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await knowledge.createCollection(tenant, 'notes')
    const large = toDocument('a', 'x'.repeat(20_000))
    await expect(ingestion.enqueue(tenant, 'notes', large)).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED' })
    const { id } = await ingestion.enqueue(tenant, 'notes', toDocument('a'))
    await expect(ingestion.enqueue(tenant, 'notes', toDocument('b'))).rejects.toMatchObject({ code: 'OVERLOADED' })
    await expect(ingestion.get('tenant_b', id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await ingestion.count('tenant_b')).toEqual({})
  })

  test('several processes share what waits: each document is given to one of them', async () => {
    const store = await open()
    const taken: string[][] = [[], [], []]
    const base = openBench(store)
    await base.knowledge.createCollection(tenant, 'notes')
    for (const name of many) await base.ingestion.enqueue(tenant, 'notes', toDocument(name))
    const workers = taken.map((list) =>
      openBench(store, (of, collection, documents) => {
        list.push(...documents.map(({ externalId }) => externalId))
        return base.knowledge.putDocuments(of, collection, documents)
      }),
    )
    for (const { ingestion } of workers) ingestion.start()
    await expect.poll(() => isIdle(base.ingestion)).toBe(true)
    expect(taken.flat().toSorted()).toEqual(many)
    expect(taken.filter((list) => list.length > 0).length).toBeGreaterThan(1)
    expect(await base.ingestion.count(tenant)).toEqual({ done: 100 })
  })

  test('what a process had in hand when it died is taken in by another, once', async () => {
    const store = await open()
    const base = openBench(store)
    await base.knowledge.createCollection(tenant, 'notes')
    for (const name of many.slice(0, 30)) await base.ingestion.enqueue(tenant, 'notes', toDocument(name))
    const gone = Promise.withResolvers<never[]>()
    let held = 0
    const dying = openBench(store, (_of, _collection, documents) => {
      held += documents.length
      return gone.promise
    })
    dying.ingestion.start()
    await expect.poll(() => held).toBe(20)
    // Nobody hears of a dead process: its lease ends.
    await store.sql.updateTable('ingestion_job').set({ lease_until_ms: 0 }).where('state', '=', 'running').execute()
    base.ingestion.start()
    await expect.poll(() => isIdle(base.ingestion)).toBe(true)
    gone.resolve([])
    expect(await base.ingestion.count(tenant)).toEqual({ done: 30 })
    const versions = await store.sql.selectFrom('document_version').select('id').execute()
    expect(versions).toHaveLength(30)
  })

  test('a document that every process dies of is given up', async () => {
    const store = await open()
    const { ingestion, knowledge } = openBench(store)
    await knowledge.createCollection(tenant, 'notes')
    const { id } = await ingestion.enqueue(tenant, 'notes', toDocument('a'))
    await store.sql.updateTable('ingestion_job').set({ attempts: 3, state: 'running', owner: 'dead' }).execute()
    ingestion.start()
    await expect.poll(async () => (await ingestion.get(tenant, id)).state).toBe('failed')
    expect((await ingestion.get(tenant, id)).reason).toContain('died')
    const row = await store.sql.selectFrom('ingestion_job').select('bytes').executeTakeFirst()
    expect(row?.bytes).toBeNull()
  })
})
