import { expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createAnalyser, type Analyser } from './analyse.ts'
import { createKnowledge, type Knowledge } from './index.ts'
import { indexChunk, toChunkSource } from './indexing.ts'
import { encodeTerms } from './postings/codec.ts'
import { createVectorRows } from './vectors/store.ts'

const tenant = 'tenant_a'
const sound = { formerDocuments: 0, wrongSpans: 0, missingPostings: 0, strayPostings: 0, wrongCounts: 0 }

function knowledgeOn(store: Store, foldChunksMax = 1_000): Knowledge {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({ knowledge: { foldChunksMax } }).knowledge
  return createKnowledge({ store, clock, ids, config, log: silentLog, searchOn: 'same-thread' })
}

const put = (knowledge: Knowledge, externalId: string, text: string) =>
  knowledge.putDocument(tenant, 'handbook', { externalId, name: `${externalId}.md`, bytes: Buffer.from(text) })

const find = async (knowledge: Knowledge, query: string): Promise<readonly string[]> => {
  const passages = await knowledge.search({ tenant, collections: ['handbook'], query, passagesMax: 20 })
  return passages.map(({ version }) => version).toSorted()
}

/** As if a former analyser, which knew no stems, had indexed all that is there; some of it in segments, some beside its passages. */
async function ageIndex(store: Store): Promise<void> {
  const present = createAnalyser()
  const analyse = (text: string): readonly string[] => text.toLowerCase().match(/[a-z]+/g) ?? []
  const former: Analyser = { ...present, id: 'terms@1', analyse }
  for (const chunk of await store.sql.selectFrom('chunk').selectAll().execute()) {
    const version = await store.sql
      .selectFrom('index_entry as entry')
      .innerJoin('document_version as version', 'version.id', 'entry.version_id')
      .select(['version.name', 'version.title'])
      .where('entry.number', '=', chunk.entry)
      .executeTakeFirstOrThrow()
    const made = indexChunk(former, toChunkSource(chunk, version))
    const changes = { terms: encodeTerms(made), term_count: made.termCount, likeness: made.likeness }
    await store.sql.updateTable('chunk').set(changes).where('number', '=', chunk.number).execute()
  }
  const counts = await store.sql.selectFrom('chunk').select(['entry', 'term_count']).execute()
  for (const [entry, chunks] of Map.groupBy(counts, (chunk) => chunk.entry)) {
    const term_count = chunks.reduce((sum, chunk) => sum + chunk.term_count, 0)
    await store.sql
      .updateTable('index_entry')
      .set({ analyser: 'terms@1', term_count })
      .where('number', '=', entry)
      .execute()
  }
  const term_count = counts.reduce((sum, chunk) => sum + chunk.term_count, 0)
  await store.sql.updateTable('collection').set({ analyser: 'terms@1', term_count, revision: 1_000 }).execute()
}

describeEngines('what a former analyser has indexed', (open) => {
  test('is told apart, and indexed anew from what is kept: versions, spans and vectors stay', async () => {
    const store = await open()
    const before = knowledgeOn(store)
    await before.createCollection(tenant, 'handbook')
    for (const name of ['a', 'b', 'c']) await put(before, name, `Receipts of ${name} are handed in.`)
    const versions = (await before.listDocuments(tenant, 'handbook')).map(({ version }) => version).toSorted()
    await ageIndex(store)
    await before.close()

    // A later document brings what was indexed formerly into a segment.
    const knowledge = knowledgeOn(store, 1)
    await put(knowledge, 'd', 'Something else of a later day.')
    const generation = await insertGeneration(store)
    expect(await find(knowledge, 'receipt')).toEqual([])
    const report = await knowledge.verify(tenant, 'handbook')
    expect(report).toMatchObject({ ...sound, documents: 4, formerDocuments: 3 })

    knowledge.embedding.start()
    await knowledge.embedding.settled()
    expect(await knowledge.verify(tenant, 'handbook')).toMatchObject({ ...sound, documents: 4, passages: 4 })
    expect(await find(knowledge, 'receipt')).toEqual(versions)
    expect((await createVectorRows(store.sql).countVectors(generation)).vectors).toBe(4)
    const { analyser } = await store.sql.selectFrom('collection').select('analyser').executeTakeFirstOrThrow()
    expect(analyser).toBe(createAnalyser().id)
    expect((await put(knowledge, 'a', 'Receipts of a are handed in.')).outcome).toBe('unchanged')
    await knowledge.close()
  })

  test('is renewed to its end by processes that stop in between and by two at once', async () => {
    const store = await open()
    const before = knowledgeOn(store)
    await before.createCollection(tenant, 'handbook')
    const documents = Array.from({ length: 450 }, (_, index) => {
      const text = `Receipts of number${index} are handed in.`
      return { externalId: `${index}`, name: `${index}.md`, bytes: Buffer.from(text) }
    })
    await before.putDocuments(tenant, 'handbook', documents)
    await ageIndex(store)
    await before.close()

    const stopped = knowledgeOn(store, 100)
    stopped.embedding.start()
    await expect.poll(async () => (await stopped.verify(tenant, 'handbook')).formerDocuments).toBeLessThan(450)
    await stopped.close()
    expect(await stopped.verify(tenant, 'handbook')).toMatchObject({
      ...sound,
      formerDocuments: expect.any(Number) as number,
    })

    const both = [knowledgeOn(store, 100), knowledgeOn(store, 100)]
    for (const each of both) each.embedding.start()
    for (const each of both) await each.embedding.settled()
    for (const each of both) {
      expect(await each.verify(tenant, 'handbook')).toMatchObject({ ...sound, documents: 450, passages: 450 })
      expect(await find(each, 'receipt number7')).toHaveLength(20)
    }
    for (const each of both) await each.close()
  })
})

/** With a vector for each passage. */
async function insertGeneration(store: Store): Promise<{ readonly collection: number; readonly number: number }> {
  const [first] = await store.sql.selectFrom('collection').selectAll().execute()
  if (first === undefined) throw new Error('the collection was just made')
  const row = {
    collection: first.number,
    number: 1,
    tenant,
    model: 'm',
    dimensions: 4,
    state: 'live' as const,
    principal: '{}',
    vector_next: 1,
    refused: 0,
    fault: null,
    created_at_ms: 0,
    indexed_next: null,
    with_context: 0,
    form: null,
  }
  const chunks = await store.sql.selectFrom('chunk').select('number').execute()
  await store.sql.transaction().execute(async (sql) => {
    const rows = createVectorRows(sql)
    await rows.insertGeneration(row)
    const vector = new Uint8Array(new Float32Array([1, 0, 0, 0]).buffer)
    await rows.insertVectors(
      row,
      chunks.map(({ number }) => ({ chunk: number, vector })),
    )
  })
  return row
}
