import { sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configSchema } from '../../../../config/index.ts'
import type { Principal } from '../../../../core/call.ts'
import { createIds } from '../../../../core/ids.ts'
import { createSeededRandom, type Random } from '../../../../core/random.ts'
import { createFakeClock } from '../../../../core/time.ts'
import type { Store, Tables } from '../../../../store/index.ts'
import { describeEngines, openPglite, silentLog, type QueriedStore } from '../../../../store/testing.ts'
import { createKnowledge, type Knowledge, type KnowledgeParts } from '../../index.ts'
import { toUnitBytes, toUnitVector, VectorBlock, type Near } from '../block.ts'
import { createIndexKeeping } from './keeping.ts'
import { compareSome, walkAll, walkIndex } from './store.ts'
import { findIndexed } from './search.ts'
import { createVectorRows } from '../store.ts'

const tenant = 'tenant_a'
const principal: Principal = { tenant, keyId: 'key_a', role: 'admin', models: undefined, regions: undefined }
const place = { collection: 1, number: 1 }
const dimensions = 48
const [clusters, perCluster] = [40, 100]

function drawUnit(random: Random): readonly number[] {
  return Array.from({ length: dimensions }, () => random.next() + random.next() - 1)
}

/** Vectors in clusters, as those of texts are. */
function drawVectors(random: Random): readonly (readonly number[])[] {
  return Array.from({ length: clusters }, () => drawUnit(random)).flatMap((centre) =>
    Array.from({ length: perCluster }, () => {
      const off = drawUnit(random)
      return centre.map((value, axis) => value + 0.6 * (off[axis] ?? 0))
    }),
  )
}

describe('vectors in PostgreSQL with pgvector', () => {
  let store: Awaited<ReturnType<typeof openPglite>>
  const random = createSeededRandom(7)
  const drawn = drawVectors(random)
  const block = new VectorBlock(dimensions)
  const within = <T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> => store.transaction(work)

  /** Passage n has the n-th vector; the tables around are not needed here. */
  async function insert(numbers: readonly number[]): Promise<void> {
    await within(async (transaction) => {
      await sql`set local session_replication_role = replica`.execute(transaction)
      for (let from = 0; from < numbers.length; from += 500) {
        const rows = numbers.slice(from, from + 500).map((number) => {
          const bytes = toUnitBytes(drawn[number] ?? [])
          if (bytes === undefined) throw new Error('no direction')
          return { tenant, collection: 1, generation: 1, number: number + 1, chunk: number, vector: bytes }
        })
        await transaction.insertInto('chunk_vector').values(rows).execute()
      }
      await createVectorRows(transaction).updateGeneration(place, { vector_next: Math.max(...numbers) + 2 })
    })
  }

  const keep = (indexFrom: number) =>
    createIndexKeeping({ store, log: silentLog, config: { indexFrom, inMemoryMib: 512 } }).keepUp(place, () => false)
  const readRow = async () => {
    const [row] = await createVectorRows(store.sql).listGenerations(1)
    if (row === undefined) throw new Error('no generation')
    return row
  }

  beforeAll(async () => {
    store = await openPglite()
    await within(async (transaction) => {
      await sql`set local session_replication_role = replica`.execute(transaction)
      await createVectorRows(transaction).insertGeneration({
        ...place,
        tenant,
        model: 'm',
        form: '',
        with_context: 1,
        dimensions,
        state: 'live',
        principal: '{}',
        vector_next: 1,
        refused: 0,
        fault: null,
        created_at_ms: 0,
        indexed_next: null,
      })
    })
    await insert(drawn.map((_, number) => number).slice(0, -50))
    await block.sync(createVectorRows(store.sql), place, drawn.length - 49)
  }, 180_000)
  afterAll(() => store.close())

  test('are indexed from the threshold on, and not below', async () => {
    await keep(1_000_000)
    expect((await readRow()).indexed_next).toBeNull()
    await keep(1_000)
    expect(await readRow()).toMatchObject({ indexed_next: drawn.length - 49, vector_next: drawn.length - 49 })
    const { rows } = await sql<{ readonly count: number }>`select count(*)::int as count from chunk_embedding`.execute(
      store.sql,
    )
    expect(rows[0]?.count).toBe(drawn.length - 50)
  }, 180_000)

  /** The share of the truly nearest among those found, over questions near the clusters. */
  async function measure(
    maySee: (chunk: number) => boolean,
    find: (question: Float32Array) => Promise<readonly Near[]>,
    countMax: number,
  ): Promise<number> {
    let [hits, all] = [0, 0]
    for (let asked = 0; asked < 30; asked++) {
      const near = drawn[Math.floor(random.next() * drawn.length)] ?? []
      const off = drawUnit(random)
      const question = toUnitVector(near.map((value, axis) => value + 0.5 * (off[axis] ?? 0)))
      if (question === undefined) throw new Error('no direction')
      const expected = block.search(question, maySee, countMax)
      const found = new Set((await find(question)).map(({ chunk }) => chunk))
      hits += expected.filter(({ chunk }) => found.has(chunk)).length
      all += expected.length
    }
    return hits / all
  }

  const own = { ...place, dimensions }
  test.each([
    ['everything', (): boolean => true],
    ['a third', (chunk: number): boolean => chunk % 3 === 0],
    ['some clusters far and near', (chunk: number): boolean => Math.floor(chunk / perCluster) % 5 === 0],
    ['a fiftieth', (chunk: number): boolean => chunk % 50 === 0],
  ])('are found by the index when %s may be seen: recall@10 at least 0.95, nothing else', async (_, maySee) => {
    const recall = await measure(
      maySee,
      async (question) => {
        const search = { place: own, vector: question, countMax: 10, maySee }
        const found = await within((transaction) => walkIndex(transaction, search))
        expect(found.every(({ chunk }) => maySee(chunk))).toBe(true)
        return found
      },
      10,
    )
    expect(recall).toBeGreaterThanOrEqual(0.95)
  })

  test('are found by walking the index itself', async () => {
    const countScans = async (): Promise<number> => {
      await sql`select pg_stat_force_next_flush()`.execute(store.sql)
      const { rows } = await sql<{ readonly scans: number }>`select idx_scan::int as scans
        from pg_stat_user_indexes where indexrelname = 'chunk_embedding_1_1'`.execute(store.sql)
      return rows[0]?.scans ?? Number.NaN
    }
    const vector = toUnitVector(drawn[0] ?? [])
    if (vector === undefined) throw new Error('no direction')
    const before = await countScans()
    await within((transaction) => walkIndex(transaction, { place: own, vector, countMax: 10, maySee: () => true }))
    expect(await countScans()).toBe(before + 1)
    await within((transaction) => walkAll(transaction, { place: own, vector, countMax: 10, maySee: () => true }))
    expect(await countScans()).toBe(before + 1)
  })

  test('are all compared where the index is not asked: the very nearest', async () => {
    const maySee = (chunk: number): boolean => chunk % 7 === 0
    const seen = drawn.flatMap((_, chunk) => (maySee(chunk) ? [chunk] : []))
    const search = { place: own, countMax: 50, maySee }
    const all = (vector: Float32Array) => within((transaction) => walkAll(transaction, { ...search, vector }))
    const some = (vector: Float32Array) =>
      within((transaction) => compareSome(transaction, { ...search, vector }, seen))
    expect(await measure(maySee, all, 50)).toBe(1)
    expect(await measure(maySee, some, 50)).toBe(1)
  })

  test('that came after the index are found beside it, and those deleted by neither', async () => {
    await insert(drawn.map((_, number) => number).slice(-50))
    const row = await readRow()
    expect(row.vector_next - (row.indexed_next ?? 0)).toBe(50)
    const last = toUnitVector(drawn.at(-1) ?? [])
    if (last === undefined) throw new Error('no direction')
    const ask = async () =>
      findIndexed(store.sql, { row: await readRow(), vector: last, countMax: 5, maySee: () => true, chunkEnd: 4_000 })
    expect((await ask())?.[0]).toMatchObject({ chunk: drawn.length - 1, similarity: expect.closeTo(1, 5) })
    await keep(1_000)
    expect((await ask())?.[0]?.chunk).toBe(drawn.length - 1)
    await store.sql
      .deleteFrom('chunk_vector')
      .where('chunk', '=', drawn.length - 1)
      .execute()
    expect((await ask())?.map(({ chunk }) => chunk)).not.toContain(drawn.length - 1)
    const left = await sql`select 1 from chunk_embedding where chunk = ${drawn.length - 1}`.execute(store.sql)
    expect(left.rows).toEqual([])
  })

  test('leave nothing when their generation goes', async () => {
    await createIndexKeeping({ store, log: silentLog, config: { indexFrom: 1, inMemoryMib: 1 } }).drop(place)
    const left = await sql`select 1 from chunk_embedding union all
      select 1 from pg_indexes where indexname = 'chunk_embedding_1_1'`.execute(store.sql)
    expect(left.rows).toEqual([])
    expect((await readRow()).indexed_next).toBeNull()
  })
})

const words = ['holiday', 'laptop', 'hotel', 'salary']
const texts = [
  'Everybody has leave.',
  'Notebooks are lent.',
  'Lodging is paid.',
  'The wage is paid.',
  'Leave and wage.',
]
const meanings = ['leave', 'notebook', 'lodging', 'wage']

function embed(text: string): readonly number[] {
  return [...meanings, ...words].reduce(
    (sum, word, index) =>
      sum.map((value, axis) => value + (axis === index % 4 && text.toLowerCase().includes(word) ? 1 : 0)),
    [0.01, 0.01, 0.01, 0.01],
  )
}

async function openKnowledge(store: QueriedStore, indexFrom: number): Promise<Knowledge> {
  const clock = createFakeClock(1_700_000_000_000)
  const parts: Omit<KnowledgeParts, 'store'> = {
    clock,
    ids: createIds({ clock, random: createSeededRandom(1) }),
    config: configSchema.parse({ knowledge: { dense: { indexFrom } } }).knowledge,
    log: silentLog,
    searchOn: 'same-thread',
    embedder: { embed: ({ inputs }) => Promise.resolve({ vectors: inputs.map(embed), usage: undefined }) },
  }
  const knowledge = createKnowledge({ ...parts, store: store as Store }) // what it asks of a store on the thread that asks
  await knowledge.createCollection(tenant, 'handbook')
  for (const [number, text] of texts.entries()) {
    await knowledge.putDocument(tenant, 'handbook', {
      externalId: `${number}`,
      name: `${number}.md`,
      bytes: Buffer.from(text),
    })
  }
  const { number } = await knowledge.createGeneration({ tenant, collection: 'handbook', model: 'small', principal })
  await knowledge.embedding.settled()
  await knowledge.switchGeneration({ tenant, collection: 'handbook', generation: number })
  return knowledge
}

async function askAll(knowledge: Knowledge): Promise<readonly object[]> {
  const answers: object[] = []
  for (const query of words) {
    const found = await knowledge.find({
      tenant,
      collections: ['handbook'],
      query,
      passagesMax: 5,
      by: { principal },
      confidenceMin: 0,
    })
    answers.push(
      found.passages.map(({ source, score, why }) => [source, score.toFixed(9), why?.similarity?.toFixed(6)]),
    )
  }
  return answers
}

describeEngines('a search by the index', (open) => {
  test('answers as one that compares every vector', async () => {
    const compared = await openKnowledge(await open(), 1_000)
    const pglite = await openPglite()
    const indexed = await openKnowledge(pglite, 1)
    const [row] = await createVectorRows(pglite.sql).listGenerations(1)
    expect(row?.indexed_next).toBe(row?.vector_next)
    expect(await askAll(indexed)).toEqual(await askAll(compared))
    await Promise.all([compared.close(), indexed.close()])
    await pglite.close()
  }, 180_000)

  test('is none where the database has no pgvector: every vector is compared', async () => {
    const store = await open()
    const knowledge = await openKnowledge(store, 1)
    const [row] = await createVectorRows(store.sql).listGenerations(1)
    expect(row?.indexed_next).toBeNull()
    expect((await askAll(knowledge))[0]).not.toEqual([])
    await knowledge.close()
  })
})
