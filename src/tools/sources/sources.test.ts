import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, describe } from 'vitest'
import { configSchema, type Config } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createSystemClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createKnowledge, type Knowledge } from '../retrieval/index.ts'
import { signRequest } from './connectors/index.ts'
import { readRobots } from './connectors/web/index.ts'
import { createSources, type Sources, type SyncView } from './index.ts'

const tenant = 'default'
const clock = createSystemClock()
const closing: { close(): Promise<void> }[] = []
let folder = ''
let seed = 1

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-sources-'))
})

afterEach(async () => {
  for (const each of closing.splice(0).toReversed()) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Bench {
  readonly sources: Sources
  readonly knowledge: Knowledge
  /** Texts of the documents that the collection has now, by what the source calls them. */
  readonly names: () => Promise<readonly string[]>
}

/** One process: its own knowledge and sources on a store that may be shared. */
function openBench(store: Store, sources: Config['sources'], act: Partial<Knowledge> = {}): Bench {
  const ids = createIds({ clock, random: createSeededRandom(seed++) })
  const { knowledge: config } = configSchema.parse({})
  const knowledge = createKnowledge({ store, clock, ids, config, log: silentLog, searchOn: 'same-thread' })
  const made = createSources({
    config: sources,
    store,
    clock,
    ids,
    knowledge: { ...knowledge, ...act },
    log: silentLog,
    documentBytesMax: 10_000,
    toPath: (path) => path,
    toConnect: () => () => Promise.reject(new Error('nothing is connected to here')),
    toSend: () => () => Promise.reject(new Error('nothing is sent here')),
    recordRights: () => Promise.resolve(),
  })
  closing.push(knowledge, made)
  const names = async (): Promise<readonly string[]> =>
    (await knowledge.listDocuments(tenant, 'notes')).map(({ externalId }) => externalId.replace('notes:', ''))
  return { sources: made, knowledge, names }
}

function folderSource(more: object = {}): Config['sources'] {
  return configSchema.parse({ sources: { notes: { into: 'notes', folder: { path: folder }, ...more } } }).sources
}

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), text)
}

async function settle(sources: Sources): Promise<SyncView> {
  let last: SyncView | undefined
  for await (const sync of sources.follow(tenant, 'notes', AbortSignal.timeout(15_000))) last = sync
  if (last === undefined) throw new Error('nothing was synchronised')
  return last
}

async function synchronise(sources: Sources, options = {}): Promise<SyncView> {
  await sources.sync(tenant, 'notes', options)
  return settle(sources)
}

const ten = Array.from({ length: 10 }, (_, index) => `${index}.md`)

describeEngines('sources', (open) => {
  test('take in what is new and changed, leave what is not, and delete what is not listed any more within one sync', async () => {
    const { sources, knowledge, names } = openBench(await open(), folderSource())
    for (const name of ten) write(`deep/${name}`, `Rule ${name} of the house.`)
    write('.hidden.md', 'Nobody sees this.')
    write('program.exe', 'MZ')
    expect(await synchronise(sources)).toMatchObject({ state: 'done', counts: { listed: 10, created: 10, deleted: 0 } })
    expect(await names()).toEqual(ten.map((name) => `deep/${name}`))
    expect(await synchronise(sources)).toMatchObject({
      state: 'done',
      counts: { listed: 10, unchanged: 10, created: 0 },
    })
    write('deep/3.md', 'The third rule is another one now.')
    rmSync(join(folder, 'deep/4.md'))
    expect(await synchronise(sources)).toMatchObject({
      state: 'done',
      counts: { listed: 9, updated: 1, unchanged: 8, deleted: 1 },
    })
    expect(await names()).not.toContain('deep/4.md')
    const query = { tenant, collections: ['notes'], passagesMax: 20, confidenceMin: 0 }
    expect((await knowledge.search({ ...query, query: 'Rule 4.md' })).map(({ text }) => text)).not.toContain(
      'Rule 4.md of the house.',
    )
    expect((await knowledge.search({ ...query, query: 'third rule' }))[0]?.text).toBe(
      'The third rule is another one now.',
    )
  })

  test('a sync that would delete more than a fifth is held until it is confirmed, and can be cancelled', async () => {
    const { sources, names } = openBench(await open(), folderSource())
    for (const name of ten) write(name, `Rule ${name} of the house.`)
    await synchronise(sources)
    for (const name of ten.slice(0, 3)) rmSync(join(folder, name))
    expect(await synchronise(sources)).toMatchObject({
      state: 'held',
      counts: { missing: 3, deleted: 0 },
      reason: '3 of 10 would be deleted; confirm that this is meant',
    })
    expect(await names()).toHaveLength(10)
    await expect(sources.sync(tenant, 'notes')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await sources.cancel(tenant, 'notes')).toMatchObject({ state: 'cancelled' })
    expect(await names()).toHaveLength(10)
    expect(await synchronise(sources)).toMatchObject({ state: 'held' })
    expect(await synchronise(sources, { confirm: true })).toMatchObject({ state: 'done', counts: { deleted: 3 } })
    expect(await names()).toEqual(ten.slice(3))
  })

  test('a collection that was deleted is filled again; a document that somebody deleted stays so until it changes', async () => {
    const { sources, knowledge, names } = openBench(await open(), folderSource())
    for (const name of ten) write(name, `Rule ${name} of the house.`)
    await synchronise(sources)
    const [first] = await knowledge.listDocuments(tenant, 'notes')
    await knowledge.deleteDocument(tenant, 'notes', first?.id ?? '')
    expect(await synchronise(sources)).toMatchObject({ state: 'done', counts: { unchanged: 10 } })
    expect(await names()).toHaveLength(9)
    await knowledge.deleteCollection(tenant, 'notes')
    expect(await synchronise(sources)).toMatchObject({ state: 'done', counts: { created: 10 } })
    expect(await names()).toEqual(ten)
  })

  test('a folder that cannot be listed fails the sync and deletes nothing', async () => {
    const { sources, names } = openBench(await open(), folderSource({ deleteShareMax: 1 }))
    for (const name of ten) write(name, `Rule ${name} of the house.`)
    await synchronise(sources)
    renameSync(folder, `${folder}-away`)
    try {
      expect(await synchronise(sources)).toMatchObject({
        state: 'failed',
        reason: 'the folder of the source cannot be listed',
      })
      expect(await names()).toHaveLength(10)
    } finally {
      renameSync(`${folder}-away`, folder)
    }
  })

  test('what is refused is named with its reason, is not read again while it stays as it is, and keeps nothing else out', async () => {
    const { sources, names } = openBench(await open(), folderSource())
    write('good.md', 'This can be read.')
    write('large.md', 'x'.repeat(20_000))
    write('broken.pdf', '%PDF-1.7 and nothing more')
    expect(await synchronise(sources)).toMatchObject({ state: 'done', counts: { created: 1, refused: 2 } })
    const { faults } = await sources.get(tenant, 'notes')
    expect(faults.map(({ item }) => item)).toEqual(['broken.pdf', 'large.md'])
    expect(faults[1]?.reason).toContain('knowledge.documentBytesMax allows 10000')
    expect(await synchronise(sources)).toMatchObject({ counts: { refused: 0, unchanged: 3 } })
    expect(await names()).toEqual(['good.md'])
  })

  test('a sync is paused, gone on with where it was, and each document is taken in once', async () => {
    const taken: string[] = []
    const store = await open()
    let sources: Sources | undefined
    const slow = openBench(store, folderSource())
    const bench = openBench(store, folderSource(), {
      async putDocuments(of, collection, documents) {
        taken.push(...documents.map(({ name }) => name))
        if (taken.length === 20) await sources?.pause(tenant, 'notes')
        return slow.knowledge.putDocuments(of, collection, documents)
      },
    })
    sources = bench.sources
    const many = Array.from({ length: 60 }, (_, index) => `${String(index).padStart(2, '0')}.md`)
    for (const name of many) write(name, `Rule ${name} of the house.`)
    // The row is looked at once a second, so that a pause is seen at the latest then; the end may come before.
    await sources.sync(tenant, 'notes')
    expect(await settle(sources)).toMatchObject({ state: 'paused' })
    await expect(sources.sync(tenant, 'notes')).rejects.toMatchObject({ code: 'CONFLICT' })
    await sources.resume(tenant, 'notes')
    expect(await settle(sources)).toMatchObject({ state: 'done', counts: { listed: 60, created: 60 } })
    expect(taken.toSorted()).toEqual(many)
  })

  test('what a process has left unfinished is gone on with by another one, each document once', async () => {
    const store = await open()
    const taken: string[] = []
    const many = Array.from({ length: 60 }, (_, index) => `${String(index).padStart(2, '0')}.md`)
    for (const name of many) write(name, `Rule ${name} of the house.`)
    const other = openBench(store, folderSource(), {})
    const count: Partial<Knowledge> = {
      putDocuments(of, collection, documents) {
        taken.push(...documents.map(({ name }) => name))
        return other.knowledge.putDocuments(of, collection, documents)
      },
    }
    let hang: (() => void) | undefined
    const dying = openBench(store, folderSource(), {
      ...count,
      async putDocuments(of, collection, documents) {
        // It dies with its second batch in hand.
        if (taken.length >= 20) await new Promise<void>((resolve) => (hang = resolve))
        return count.putDocuments?.(of, collection, documents) ?? []
      },
    })
    await dying.sources.sync(tenant, 'notes')
    await expect.poll(() => hang !== undefined).toBe(true)
    // A process that is dead no longer renews its lease.
    await store.sql.updateTable('source_sync').set({ lease_until_ms: 0, owner: 'dead' }).execute()
    try {
      const rescuer = openBench(store, folderSource({ folder: { path: folder, watch: false } }), count)
      rescuer.sources.start()
      expect(await settle(rescuer.sources)).toMatchObject({ state: 'done', counts: { listed: 60, created: 60 } })
      expect(taken.toSorted()).toEqual(many)
      expect(await rescuer.names()).toEqual(many)
    } finally {
      hang?.()
    }
  })

  test('two processes that are asked at once do one sync', async () => {
    const store = await open()
    for (const name of ten) write(name, `Rule ${name} of the house.`)
    const [one, other] = [openBench(store, folderSource()), openBench(store, folderSource())]
    const [first, second] = await Promise.all([one.sources.sync(tenant, 'notes'), other.sources.sync(tenant, 'notes')])
    expect(first.id).toBe(second.id)
    expect(await settle(other.sources)).toMatchObject({ state: 'done', counts: { listed: 10, created: 10 } })
  })

  test('a change in a watched folder starts a sync', async () => {
    const { sources, names } = openBench(await open(), folderSource())
    write('a.md', 'The first note.')
    await synchronise(sources)
    sources.start()
    write('b.md', 'A note that comes later.')
    await expect.poll(names).toEqual(['a.md', 'b.md'])
  })

  test('a source of another tenant is not there', async () => {
    const { sources } = openBench(await open(), folderSource())
    await expect(sources.get('other', 'notes')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(sources.sync('other', 'notes')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await sources.list('other')).toEqual([])
  })

  test('a git repository is read as of a commit, without what is only in the working folder', async () => {
    const git = (...args: readonly string[]): void => {
      const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
      execFileSync('git', ['-C', folder, ...who, ...args], { stdio: 'ignore' })
    }
    git('init', '-b', 'main')
    write('readme.md', 'What this is.')
    write('source/run.ts', 'export const answer = 42')
    git('add', '.')
    git('commit', '-m', 'first')
    write('uncommitted.md', 'Not yet.')
    const config = configSchema.parse({
      sources: { notes: { into: 'notes', git: { path: folder, extensions: ['ts'] }, deleteShareMax: 1 } },
    }).sources
    const { sources, names } = openBench(await open(), config)
    expect(await synchronise(sources)).toMatchObject({ state: 'done', counts: { created: 2 } })
    expect(await names()).toEqual(['readme.md', 'source/run.ts'])
    git('mv', 'readme.md', 'about.md')
    git('commit', '-m', 'second')
    expect(await synchronise(sources)).toMatchObject({ counts: { created: 1, deleted: 1, unchanged: 1 } })
    expect(await names()).toEqual(['about.md', 'source/run.ts'])
    const missing = configSchema.parse({ sources: { notes: { into: 'notes', git: { path: folder, ref: 'nothing' } } } })
    const failing = openBench(await open(), missing.sources)
    expect(await synchronise(failing.sources)).toMatchObject({ state: 'failed' })
  })
})

describe('requests to S3', () => {
  test('are signed as the documentation of Amazon does it', () => {
    const headers = signRequest(
      {
        method: 'GET',
        host: 'examplebucket.s3.amazonaws.com',
        path: '/test.txt',
        query: {},
        headers: { range: 'bytes=0-9' },
        atMs: Date.parse('2013-05-24T00:00:00Z'),
      },
      { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' },
    )
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })

  test('with a query too', () => {
    const headers = signRequest(
      {
        method: 'GET',
        host: 'examplebucket.s3.amazonaws.com',
        path: '/',
        query: { 'max-keys': '2', prefix: 'J' },
        atMs: Date.parse('2013-05-24T00:00:00Z'),
      },
      { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' },
    )
    expect(headers['authorization']).toContain(
      'Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    )
  })
})

describe('robots.txt', () => {
  const robots = readRobots(
    [
      'User-agent: *',
      'Disallow: /',
      '',
      'User-agent: other',
      'User-agent: Strata',
      'Allow: /docs/public/ # open',
      'Disallow: /docs/',
      'Disallow: /*.pdf$',
      'Allow: /a',
      'Disallow: /a',
      'Crawl-delay: 2',
      'Sitemap: https://example.org/map.xml',
    ].join('\n'),
    'strata',
  )

  test.each([
    ['/', true],
    ['/docs/secret.html', false],
    ['/docs/public/page.html', true],
    ['/x/report.pdf', false],
    ['/x/report.pdf?download', true],
    ['/a', true],
  ])('for %s says %s, by the longest rule of our own group', (path, isAllowed) => {
    expect(robots.allows(path)).toBe(isAllowed)
  })

  test('says how long to wait and where the sitemaps are', () => {
    expect(robots.delayMs).toBe(2_000)
    expect(robots.sitemaps).toEqual(['https://example.org/map.xml'])
  })

  test('without a group of ours holds what it says to everybody, and without a word everything is allowed', () => {
    expect(readRobots('User-agent: *\nDisallow: /no', 'strata').allows('/no/way')).toBe(false)
    expect(readRobots('', 'strata').allows('/')).toBe(true)
  })

  test('with patterns made to take long is read at once', () => {
    const pattern = `/${'a*'.repeat(5_000)}b`
    expect(readRobots(`User-agent: *\nDisallow: ${pattern}`, 'strata').allows(`/${'a'.repeat(20_000)}`)).toBe(true)
  })
})
