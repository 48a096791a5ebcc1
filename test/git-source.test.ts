import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startGitServer, type GitServer, type GitServerOptions } from './kit/git-server.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

const local = { processing: ['local'], storage: ['local'] }
const authorization = `Basic ${Buffer.from('git:git-secret').toString('base64')}`

const servers: readonly (readonly [string, GitServerOptions])[] = [
  ['a server that gives files one by one', { isNew: true, isPartial: true }],
  ['a server that gives whole commits', { isNew: true, isPartial: false }],
  ['an old server', { isNew: false }],
  ['a server that asks who comes', { authorization }],
]

let strata: RunningStrata

function configOf(sources: JsonObject): JsonObject {
  return { sources, knowledge: { documentBytesMax: 40_000 } }
}

/** Begins a sync and follows its events to the end; gives the last. */
async function synchronise(name: string, body: object = {}): Promise<JsonObject> {
  const begun = await strata.request(`/v1/sources/${name}/sync`, body)
  expect(begun.status).toBe(202)
  const events = (await (await strata.request(`/v1/sources/${name}/events`)).text()).split('\n\n')
  return JSON.parse(events.at(-3)?.slice('data: '.length) ?? '') as JsonObject // the shape of events, which other tests check
}

async function documents(collection: string): Promise<readonly string[]> {
  const { data } = (await (await strata.request(`/v1/collections/${collection}/documents`)).json()) as {
    readonly data: readonly { readonly external_id: string }[]
  }
  return data.map(({ external_id: id }) => id)
}

describe.each(servers)('a repository of %s', (_, options) => {
  let server: GitServer

  beforeAll(async () => {
    server = await startGitServer(options)
    for (let index = 0; index < 90; index++) {
      const lines = Array.from({ length: 40 }, (__, line) => `Rule ${line} of part ${index % 7} holds for everybody.`)
      server.write(`rules/${String(index).padStart(3, '0')}.md`, `# Rule ${index}\n\n${lines.join('\n')}\n`)
    }
    server.write('source/run.ts', 'export const answer = 42\n')
    server.write('large.md', 'x'.repeat(50_000))
    server.write('picture.bin', 'not read')
    server.commit()
    // Packed, so that files come as what makes them of others.
    server.git('gc', '-q')
    const token = options.authorization === undefined ? {} : { token: 'git-secret' }
    strata = await startStrata({
      config: configOf({
        code: { into: 'code', git: { url: server.url, ref: 'main', extensions: ['ts'], ...token, ...local } },
        stranger: { into: 'code', git: { url: server.url, token: 'wrong-secret', ...local } },
        far: { into: 'code', git: { url: server.url, processing: ['us'], storage: ['us'] } },
        missing: { into: 'code', git: { url: server.url, ref: 'nothing', ...token, ...local } },
        elsewhere: { into: 'code', git: { url: server.url.replace('notes', 'other'), ...token, ...local } },
        narrow: { into: 'narrow', git: { url: server.url, bytesMax: 2_000, ...token, ...local } },
      }),
    })
  })

  afterAll(async () => {
    await strata.close()
    await server.close()
  })

  test('is taken in as of its latest commit, and what is too large is refused by its name', async () => {
    expect(await synchronise('code')).toMatchObject({ state: 'done', counts: { created: 91, refused: 1, failed: 0 } })
    const names = await documents('code')
    expect(names).toContain('code:rules/089.md')
    expect(names).toContain('code:source/run.ts')
    const source = await (await strata.request('/v1/sources/code')).json()
    expect(source).toMatchObject({ faults: [{ item: 'large.md', reason: expect.stringContaining('50000 bytes') }] })
    const found = await strata.request('/v1/collections/code/search', { query: '"Rule 77"', syntax: 'operators' })
    expect(await found.text()).toContain('rules/077.md')
  })

  test('is asked for nothing but its refs while they stay as they are', async () => {
    server.requests.length = 0
    expect(await synchronise('code')).toMatchObject({
      state: 'done',
      counts: { unchanged: 92, created: 0, deleted: 0 },
    })
    expect(server.requests.length).toBeLessThanOrEqual(2)
    expect(server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBeLessThan(2_000)
  })

  test('gives what is new and changed, and what it has no more is deleted with a receipt', async () => {
    server.write('rules/003.md', 'The third rule is another one now.')
    server.write('new.md', 'A new rule.')
    server.git('rm', '-q', 'rules/004.md')
    server.commit()
    server.requests.length = 0
    expect(await synchronise('code')).toMatchObject({
      state: 'done',
      counts: { created: 1, updated: 1, deleted: 1, refused: 0 },
    })
    expect(await documents('code')).not.toContain('code:rules/004.md')
    const found = await strata.request('/v1/collections/code/search', { query: 'third rule another' })
    expect(await found.text()).toContain('The third rule is another one now.')
    // Trees and the two files, not the 90 others.
    if (options.isPartial === true) {
      expect(server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBeLessThan(12_000)
    }
  })

  test('holds a sync that would delete more than a fifth', async () => {
    server.git('rm', '-q', '-r', 'rules')
    server.commit()
    expect(await synchronise('code')).toMatchObject({ state: 'held', counts: { missing: 89, deleted: 0 } })
    server.git('revert', '--no-edit', 'HEAD')
    const cancelled = await strata.request('/v1/sources/code/cancel', {})
    expect(cancelled.status).toBe(200)
    expect(await synchronise('code')).toMatchObject({ state: 'done', counts: { missing: 0, unchanged: 92 } })
  })

  test('is not reached outside its regions, and failures say what to do', async () => {
    server.requests.length = 0
    expect(await synchronise('far')).toMatchObject({ state: 'failed', reason: expect.stringContaining('us') })
    expect(server.requests).toEqual([])
    expect(await synchronise('missing')).toMatchObject({ state: 'failed', reason: expect.stringContaining('git.ref') })
    expect(await synchronise('elsewhere')).toMatchObject({ state: 'failed', reason: expect.stringContaining('404') })
    expect(await synchronise('narrow')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('2000 bytes'),
    })
    if (options.authorization === undefined) return
    const refused = await synchronise('stranger')
    expect(refused).toMatchObject({ state: 'failed', reason: expect.stringContaining('git.token') })
    expect(JSON.stringify(refused) + strata.logLines.join('\n')).not.toContain('secret')
  })
})
