import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import type { ContextWriter } from '../../core/ports-contexts.ts'
import { createSeededRandom } from '../../core/random.ts'
import { pick } from '../../core/testing.ts'
import { createFakeClock } from '../../core/time.ts'
import { createStore, type Store } from '../../store/index.ts'
import { silentLog, startPostgres, type PostgresServer } from '../../store/testing.ts'
import { createKnowledge, type Knowledge, type KnowledgeParts } from './index.ts'

const tenant = 'tenant_a'
let folder: string
let server: PostgresServer
const stores: Store[] = []
const opened: Knowledge[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strata-engines-'))
  server = await startPostgres()
})

afterAll(async () => {
  for (const knowledge of opened) await knowledge.close()
  for (const store of stores) await store.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Opened {
  readonly knowledge: Knowledge
  readonly parts: KnowledgeParts
}

/** The same seed gives the same ids on both. Few chunks are left outside the segments, so that all of the index is used. */
async function open(
  url: string,
  searchOn: 'own-thread' | 'same-thread',
  contextWriter?: ContextWriter,
): Promise<Opened> {
  const clock = createFakeClock(1_700_000_000_000)
  const config = configSchema.parse({
    store: { folder: join(folder, `${opened.length}`), url },
    knowledge: { chunkUnitsMax: 200, foldChunksMax: 8 },
  })
  const store = await createStore({ config: config.store, clock, log: silentLog })
  stores.push(store)
  const ids = createIds({ clock, random: createSeededRandom(7) })
  const parts = { store, clock, ids, config: config.knowledge, log: silentLog, contextWriter }
  const knowledge = createKnowledge({ ...parts, searchOn })
  opened.push(knowledge)
  return { knowledge, parts }
}

const words = [
  'alpha',
  'beta',
  'gammaDelta',
  'running',
  'universal',
  '年假',
  '病假。',
  '資訊',
  '出差',
  '2024-03-05',
  '\n\n# Head\n\n',
]

test('SQLite on its thread and PostgreSQL give the same passages, with the same scores to the last bit', {
  timeout: 300_000,
}, async () => {
  const sqliteOpen = await open('sqlite:', 'own-thread')
  const engines = [sqliteOpen.knowledge, (await open(await server.createUrl(), 'same-thread')).knowledge]
  const random = createSeededRandom(3)
  for (const knowledge of engines) await knowledge.createCollection(tenant, 'handbook')
  const there = new Set<string>()
  for (let act = 0; act < 30; act++) {
    const externalId = `${Math.floor(random.next() * 20)}`
    const text = Array.from({ length: 5 + Math.floor(random.next() * 80) }, () => pick(random, words)).join(' ')
    const isDelete = random.next() < 0.2 && there.has(externalId)
    for (const knowledge of engines) {
      if (isDelete) {
        const documents = await knowledge.listDocuments(tenant, 'handbook')
        const id = documents.find((document) => document.externalId === externalId)?.id ?? ''
        await knowledge.deleteDocument(tenant, 'handbook', id)
      } else
        await knowledge.putDocument(tenant, 'handbook', {
          externalId,
          name: `${externalId}.md`,
          bytes: Buffer.from(text),
        })
    }
    if (isDelete) there.delete(externalId)
    else there.add(externalId)
    const query = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => pick(random, words)).join(' ')
    const ask = { tenant, collections: ['handbook'], query, passagesMax: 20, confidenceMin: 0 }
    const [first, second] = await Promise.all(engines.map((knowledge) => knowledge.find(ask)))
    expect(second).toEqual(first)
    // What is kept in memory from one search to the next changes nothing.
    const anew = createKnowledge({ ...sqliteOpen.parts, searchOn: 'same-thread' })
    expect(await anew.find(ask)).toEqual(first)
  }
  const [sqlite] = stores
  const segments = await sqlite?.sql.selectFrom('index_segment').selectAll().execute()
  expect(segments?.length).toBeGreaterThan(0)
})

test('the same with contexts of passages, the same as one another and other than without', {
  timeout: 300_000,
}, async () => {
  // Of every passage some of the words, by its length.
  const writer: ContextWriter = {
    write: ({ own }) => {
      const text = words.filter((_, index) => (own.length >> (index % 5)) % 2 === 1).join(' ')
      return Promise.resolve({ text: `It has ${text}`, isCut: false, usage: undefined, cost: undefined })
    },
  }
  const sqlite = await open('sqlite:', 'own-thread', writer)
  const engines = [sqlite.knowledge, (await open(await server.createUrl(), 'same-thread', writer)).knowledge]
  const principal = { tenant, keyId: 'key', role: 'admin', models: undefined, regions: undefined } as const
  for (const knowledge of engines) {
    await knowledge.createCollection(tenant, 'handbook')
    await knowledge.planContexts({ tenant, collection: 'handbook', model: 'writer', principal })
    await knowledge.embedding.settled() // each run takes an id
    for (let document = 0; document < 8; document++) {
      const text = Array.from({ length: 30 + document * 7 }, (_, at) => words[(at * (document + 2)) % words.length])
      const bytes = Buffer.from(text.join(' '))
      await knowledge.putDocument(tenant, 'handbook', { externalId: `${document}`, name: `${document}.md`, bytes })
      await knowledge.embedding.settled()
    }
  }
  for (const query of ['alpha', '年假 病假', 'universal 資訊 beta', 'running 2024-03-05']) {
    const ask = { tenant, collections: ['handbook'], query, passagesMax: 20, confidenceMin: 0 }
    const [first, second] = await Promise.all(engines.map((knowledge) => knowledge.find(ask)))
    expect(second).toEqual(first)
    expect(first?.passages.some(({ why }) => (why?.signals['context'] ?? 0) > 0)).toBe(true)
    const config = { ...sqlite.parts.config, context: { ...sqlite.parts.config.context, weight: 0 } }
    const without = createKnowledge({ ...sqlite.parts, config, searchOn: 'same-thread' })
    expect((await without.find(ask)).passages.every(({ why }) => why?.signals['context'] === undefined)).toBe(true)
  }
})

test('a search thread that is asked too much refuses, and one that has been closed leaves nothing open', {
  timeout: 300_000,
}, async () => {
  const { knowledge } = await open('sqlite:', 'own-thread')
  await knowledge.createCollection(tenant, 'handbook')
  const query = { tenant, collections: ['handbook'], query: 'alpha', passagesMax: 1 }
  const asked = Array.from({ length: 1_100 }, () => knowledge.search(query).catch((thrown: unknown) => thrown))
  const answers = await Promise.all(asked)
  expect(answers.filter((answer) => Array.isArray(answer))).toHaveLength(1_000)
  expect(answers.at(-1)).toMatchObject({ code: 'OVERLOADED', retryable: true })
  await knowledge.close()
  await expect(knowledge.search({ ...query, collections: ['none'] })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
