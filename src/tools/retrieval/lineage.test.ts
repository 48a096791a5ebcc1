import { expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createSystemClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createPreparation } from '../preparation/index.ts'
import { createKnowledge, type Knowledge, type VersionLineage } from './index.ts'

const tenant = 'tenant_a'
const page =
  '<html><title>Leave</title><h1>Leave</h1><p>Full-time staff have 25 days of leave.</p><h2>Sick leave</h2><p>From the third day on a certificate is needed.</p></html>'

interface Bench {
  readonly knowledge: Knowledge
  /** Names of the files that were really read. */
  readonly read: string[]
}

interface Named {
  readonly name: string
  readonly text: string
}

let seed = 1

async function openBench(store: Store, settings: object = {}): Promise<Bench> {
  const clock = createSystemClock()
  const ids = createIds({ clock, random: createSeededRandom(seed++) })
  const config = configSchema.parse({ knowledge: settings }).knowledge
  const real = createPreparation(config)
  const read: string[] = []
  const parse: typeof real.parse = (file, options) => {
    read.push(file.source)
    return real.parse(file, options)
  }
  const preparation = { ...real, parse }
  const knowledge = createKnowledge({ store, clock, ids, config, log: silentLog, preparation, searchOn: 'same-thread' })
  for (const name of ['handbook', 'other']) await knowledge.createCollection(tenant, name).catch(() => undefined)
  return { knowledge, read }
}

async function put({ knowledge }: Bench, collection: string, file: string | Named): Promise<string> {
  const { name, text } = typeof file === 'string' ? { name: 'leave.html', text: file } : file
  const document = { externalId: 'leave', name, bytes: Buffer.from(text) }
  return (await knowledge.putDocument(tenant, collection, document)).id
}

function stage(lineage: readonly VersionLineage[], version: number, name: string) {
  const found = lineage[version]?.stages.find((each) => each.stage === name)
  if (found === undefined) throw new Error(`version ${version} has no stage ${name}`)
  return found
}

describeEngines('the lineage of a version', (open) => {
  test('names every stage with its input, version, configuration, outcome and time', async () => {
    const bench = await openBench(await open())
    const id = await put(bench, 'handbook', page)
    const lineage = await bench.knowledge.listLineage(tenant, id)
    expect(lineage).toHaveLength(1)
    const stages = lineage[0]?.stages ?? []
    expect(stages.map((each) => each.stage)).toEqual([
      'fetch',
      'sniff',
      'quarantine',
      'parse',
      'text',
      'quality',
      'language',
      'chunk',
      'context',
      'duplicates',
      'index',
      'publish',
    ])
    expect(stage(lineage, 0, 'fetch').outcome).toBe(`${page.length} bytes`)
    expect(stage(lineage, 0, 'parse')).toMatchObject({ version: expect.stringMatching(/^html@\d+$/), isReused: false })
    expect(stage(lineage, 0, 'parse').durationMs).toBeGreaterThan(0)
    expect(stage(lineage, 0, 'parse').configuration).toMatch(/^[0-9a-f]{32}$/)
    // What one stage gives is what the next is given.
    expect(stage(lineage, 0, 'text').outcome).toContain(stage(lineage, 0, 'chunk').input)
    expect(stage(lineage, 0, 'fetch').input).toBe(stage(lineage, 0, 'parse').input)
    expect(stage(lineage, 0, 'quality').outcome).toBe('1 ok')
    expect(stage(lineage, 0, 'language').outcome).toBe('en')
    expect(stage(lineage, 0, 'publish').outcome).toBe('in force')
    expect(await bench.knowledge.listLineage('tenant_b', id)).toEqual([])
  })

  test('a file that was read before under the same key is not read again, in another collection or with other passages', async () => {
    const store = await open()
    const bench = await openBench(store)
    const id = await put(bench, 'handbook', page)
    expect(bench.read).toEqual(['leave.html'])
    await put(bench, 'handbook', page)
    const copy = await put(bench, 'other', page)
    expect(bench.read).toEqual(['leave.html'])
    expect(stage(await bench.knowledge.listLineage(tenant, copy), 0, 'parse').isReused).toBe(true)

    const finer = await openBench(store, { chunkUnitsMax: 100 })
    await put(finer, 'handbook', page)
    expect(finer.read).toEqual([])
    const lineage = await finer.knowledge.listLineage(tenant, id)
    expect(stage(lineage, 1, 'chunk').configuration).not.toBe(stage(lineage, 0, 'chunk').configuration)
    expect(stage(lineage, 1, 'parse').configuration).toBe(stage(lineage, 0, 'parse').configuration)
    expect(stage(lineage, 0, 'publish').outcome).toBe('of the past')
    const search = { tenant, collections: ['handbook'], query: 'sick leave certificate', passagesMax: 3 }
    expect((await finer.knowledge.search(search))[0]?.text).toContain('From the third day on')
    expect(await finer.knowledge.verify(tenant, 'handbook')).toMatchObject({ wrongSpans: 0, missingPostings: 0 })
  })

  test('what depends on it is read anew: other bytes, another name, other bounds, another tenant', async () => {
    const store = await open()
    const bench = await openBench(store)
    await put(bench, 'handbook', page)
    await put(bench, 'other', page.replace('25', '26'))
    await put(bench, 'handbook', { name: 'holidays.html', text: page })
    expect(bench.read).toEqual(['leave.html', 'leave.html', 'holidays.html'])
    const bounded = await openBench(store, { parsing: { nodesMax: 5_000 } })
    await put(bounded, 'other', page.replace('25', '26'))
    expect(bounded.read).toEqual(['leave.html'])
    await bounded.knowledge.createCollection('tenant_b', 'theirs')
    const theirs = { externalId: 'leave', name: 'holidays.html', bytes: Buffer.from(page) }
    await bench.knowledge.putDocument('tenant_b', 'theirs', theirs)
    expect(bench.read.at(-1)).toBe('holidays.html')
    expect(bench.read).toHaveLength(4)
  })

  test('goes with its document, and what was read of it too', async () => {
    const store = await open()
    const bench = await openBench(store)
    const id = await put(bench, 'handbook', page)
    await put(bench, 'handbook', page.replace('25', '27'))
    const kept = await store.sql
      .selectFrom('version_stage')
      .select(['version_id', 'parsed'])
      .orderBy('version_id')
      .execute()
    expect(kept.map(({ parsed }) => parsed !== null)).toEqual([false, true])
    await bench.knowledge.deleteDocument(tenant, 'handbook', id)
    expect(await store.sql.selectFrom('version_stage').selectAll().execute()).toEqual([])
    await put(bench, 'handbook', page.replace('25', '27'))
    expect(bench.read).toHaveLength(3)
  })
})
