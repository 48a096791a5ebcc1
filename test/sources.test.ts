import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject, type JsonValue } from '../src/core/json.ts'
import { listenOnLoopback } from '../src/core/testing.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

let strata: RunningStrata
const files = mkdtempSync(join(tmpdir(), 'strata-files-'))
const site = createSite()
const bucket = createBucket()
const dav = createDav()

beforeAll(async () => {
  const [siteUrl, bucketUrl, davUrl] = await Promise.all(
    [site, bucket, dav].map(async ({ server }) => `http://127.0.0.1:${await listenOnLoopback(server)}`),
  )
  const local = { processing: ['local'], storage: ['local'] }
  mkdirSync(join(files, 'docs'))
  writeFileSync(join(files, 'docs/leave.md'), '# Leave\n\nStaff have 25 days of leave.\n')
  strata = await startStrata({
    config: {
      sources: {
        docs: { into: 'docs', folder: { path: join(files, 'docs') } },
        site: { into: 'web', web: { url: `${siteUrl}/guide/`, delayMs: 0, ...local } },
        far: { into: 'web', web: { url: `${siteUrl}/guide/`, delayMs: 0, processing: ['us'], storage: ['us'] } },
        bucket: {
          into: 'files',
          deleteShareMax: 1,
          s3: { url: `${bucketUrl}/team`, region: 'eu-central-1', ...keys, prefix: 'handbook/', ...local },
        },
        dav: {
          into: 'shared',
          deleteShareMax: 1,
          webdav: { url: `${davUrl}/remote/files/`, user: 'anna', password: 'dav-secret', ...local },
        },
        theirs: { into: 'docs', tenant: 'other', folder: { path: files } },
      },
    },
  })
})

afterAll(async () => {
  await strata.close()
  for (const { server } of [site, bucket, dav]) await new Promise((resolve) => server.close(resolve))
  rmSync(files, { recursive: true, force: true })
})

afterEach(() => {
  site.requests.length = 0
})

async function getJson(path: string): Promise<JsonObject> {
  return toObject(await (await strata.request(path)).json())
}

function toObject(value: unknown): JsonObject {
  if (!isJsonObject(value as JsonValue)) throw new Error('the answer is no object')
  return value as JsonObject // checked above
}

/** Begins a sync and follows its events to the end; gives the last. */
async function synchronise(name: string, body: object = {}): Promise<JsonObject> {
  const begun = await strata.request(`/v1/sources/${name}/sync`, body)
  expect(begun.status).toBe(202)
  const events = await (await strata.request(`/v1/sources/${name}/events`)).text()
  const lines = events.split('\n\n').filter((line) => line !== '')
  expect(lines.at(-1)).toBe('data: [DONE]')
  return toObject(JSON.parse((lines.at(-2) ?? '').slice('data: '.length)))
}

interface Listed {
  readonly id: string
  readonly external_id: string
}

async function listDocuments(collection: string): Promise<readonly Listed[]> {
  const { data } = await getJson(`/v1/collections/${collection}/documents`)
  return data as unknown as readonly Listed[] // the shape of the list, which other tests check
}

async function documents(collection: string): Promise<readonly string[]> {
  return (await listDocuments(collection)).map((each) => each.external_id)
}

describe('sources over HTTP', () => {
  test('are listed for their tenant, by collection and alone, without secrets', async () => {
    const { data } = await getJson('/v1/sources')
    expect((data as JsonObject[]).map((each) => [each['name'], each['kind']])).toEqual([
      ['bucket', 's3'],
      ['dav', 'webdav'],
      ['docs', 'folder'],
      ['far', 'web'],
      ['site', 'web'],
    ])
    expect(JSON.stringify(data)).not.toContain('secret')
    const { data: ofWeb } = await getJson('/v1/collections/web/sources')
    expect((ofWeb as JsonObject[]).map((each) => each['name'])).toEqual(['far', 'site'])
    expect((await strata.request('/v1/sources/theirs')).status).toBe(404)
    expect((await strata.request('/v1/sources/theirs/sync', {})).status).toBe(404)
    expect((await strata.request('/v1/sources/docs/pause', {})).status).toBe(409)
  })

  test('a folder is synchronised, its progress comes as events, and its documents are found', async () => {
    expect(await synchronise('docs')).toMatchObject({ object: 'sync', state: 'done', counts: { created: 1 } })
    const found = await strata.request('/v1/collections/docs/search', { query: 'days of leave' })
    expect(await found.json()).toMatchObject({ data: [{ source: 'leave.md' }] })
  })

  test('the web is reached under the regions that the source states, and refused where they are not allowed', async () => {
    expect(await synchronise('far')).toMatchObject({ state: 'failed', reason: expect.stringContaining('us') })
    expect(site.requests).toEqual([])
  })
})

describe('a web site', () => {
  test('is read below its address, as robots.txt allows, by sitemap and links', async () => {
    expect(await synchronise('site')).toMatchObject({ state: 'done', counts: { created: 4, deleted: 0 } })
    const pages = ['', 'a.html', 'b.html', 'only-in-sitemap.html']
    expect((await documents('web')).map((id) => id.slice(id.indexOf('/guide/') + 7))).toEqual(pages)
    const paths = site.requests.map(({ path }) => path)
    expect(paths).toContain('/robots.txt')
    expect(paths).not.toContain('/guide/private/secret.html')
    expect(paths).not.toContain('/elsewhere.html')
    expect(new Set(paths).size).toBe(paths.length)
    expect(site.requests.every(({ headers }) => headers['user-agent'] === 'Strata')).toBe(true)
  })

  test('keeps what its pages say of their rights: one that forbids training says so', async () => {
    const found = (await listDocuments('web')).find((each) => each.external_id.endsWith('/b.html'))
    const rights = await strata.request(`/v1/collections/web/documents/${found?.id ?? ''}/rights`)
    expect(rights.status).toBe(200)
    expect(await rights.text()).toContain('tdm-reservation')
  })

  test('is asked only for what has changed, and a page that is gone is deleted', async () => {
    site.pages.set('/guide/a.html', page('The new text of page a.', ['b.html']))
    site.pages.delete('/guide/only-in-sitemap.html')
    // One of four pages is more than a fifth.
    expect(await synchronise('site')).toMatchObject({ state: 'held', counts: { updated: 1, unchanged: 2, missing: 1 } })
    expect(site.requests.filter(({ status }) => status === 304)).toHaveLength(2)
    expect(await synchronise('site', { confirm: true })).toMatchObject({ state: 'done', counts: { deleted: 1 } })
    expect(await documents('web')).toHaveLength(3)
  })

  test('that answers with errors loses nothing', async () => {
    site.fails.add('/guide/a.html')
    expect(await synchronise('site')).toMatchObject({
      state: 'done',
      counts: { failed: 1, deleted: 0 },
      reason: expect.stringContaining('nothing is deleted'),
    })
    const faulty = await getJson('/v1/sources/site')
    expect(faulty['faults']).toMatchObject([
      { item: expect.stringContaining('/guide/a.html'), reason: expect.stringMatching(/could not be read/) },
    ])
    site.fails.delete('/guide/a.html')
    expect(await synchronise('site')).toMatchObject({ state: 'done', counts: { failed: 0, deleted: 0 } })
    expect((await getJson('/v1/sources/site'))['faults']).toEqual([])
    site.fails.add('/robots.txt')
    expect(await synchronise('site')).toMatchObject({ state: 'failed', reason: expect.stringContaining('robots.txt') })
    site.fails.clear()
    expect(await documents('web')).toHaveLength(3)
  })
})

describe('a bucket', () => {
  test('is listed page by page with signed requests, and follows additions, changes and deletions', async () => {
    for (let number = 0; number < 5; number++) bucket.objects.set(`handbook/${number} & more.md`, `Rule ${number}.`)
    bucket.objects.set('handbook/tool.exe', 'MZ')
    bucket.objects.set('other/secret.md', 'Not below the prefix.')
    expect(await synchronise('bucket')).toMatchObject({ state: 'done', counts: { created: 5 } })
    expect(await documents('files')).toEqual([0, 1, 2, 3, 4].map((number) => `bucket:handbook/${number} & more.md`))
    bucket.objects.set('handbook/0 & more.md', 'Rule 0, new.')
    bucket.objects.delete('handbook/4 & more.md')
    expect(await synchronise('bucket')).toMatchObject({ counts: { updated: 1, unchanged: 3, deleted: 1 } })
    expect(bucket.refused).toBe(0)
  })
})

describe('a folder over WebDAV', () => {
  test('is walked with what is below it, signed in, and follows changes', async () => {
    dav.files.set('/remote/files/a.md', 'The first note.')
    dav.files.set('/remote/files/deep/b c.md', 'The second note.')
    expect(await synchronise('dav')).toMatchObject({ state: 'done', counts: { created: 2 } })
    expect(await documents('shared')).toEqual(['dav:a.md', 'dav:deep/b c.md'])
    dav.files.delete('/remote/files/a.md')
    expect(await synchronise('dav')).toMatchObject({ counts: { unchanged: 1, deleted: 1 } })
    expect(dav.refused).toBe(0)
  })
})

interface Page {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

function page(text: string, links: readonly string[], headers: Readonly<Record<string, string>> = {}): Page {
  const anchors = links.map((href) => `<a href="${href}">more</a>`).join(' ')
  return { body: `<!doctype html><html><body><p>${text}</p>${anchors}</body></html>`, headers }
}

/** A site with entity tags, a sitemap, a robots.txt, and pages that can be taken away. */
function createSite() {
  const pages = new Map<string, Page>([
    ['/guide/', page('Start of the guide.', ['a.html', '/guide/private/secret.html', '/elsewhere.html', '#top'])],
    ['/guide/a.html', page('Text of page a.', ['b.html#part', '/guide/'])],
    ['/guide/b.html', page('Text of page b.', [], { 'tdm-reservation': '1' })],
    ['/guide/only-in-sitemap.html', page('A page that no link leads to.', [])],
    ['/guide/private/secret.html', page('Nobody reads this.', [])],
    ['/elsewhere.html', page('Not below the address.', [])],
  ])
  const fails = new Set<string>()
  const requests: { path: string; status: number; headers: IncomingMessage['headers'] }[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const status = answer(request, response, path)
    requests.push({ path, status, headers: request.headers })
  })
  function answer(request: IncomingMessage, response: ServerResponse, path: string): number {
    const send = (code: number, body: string, headers: Readonly<Record<string, string>> = {}): number => {
      response.writeHead(code, headers).end(code === 304 ? undefined : body)
      return code
    }
    if (fails.has(path)) return send(503, 'not now')
    if (path === '/robots.txt') return send(200, 'User-agent: *\nDisallow: /guide/private/\n')
    if (path === '/sitemap.xml') {
      const host = `http://${request.headers.host}`
      return send(200, `<urlset><url><loc>${host}/guide/only-in-sitemap.html</loc></url></urlset>`)
    }
    const found = pages.get(path)
    if (found === undefined) return send(404, 'nothing there')
    const etag = `"${createHash('sha256').update(found.body).digest('hex').slice(0, 16)}"`
    if (request.headers['if-none-match'] === etag) return send(304, '', { etag })
    return send(200, found.body, { 'content-type': 'text/html; charset=utf-8', etag, ...found.headers })
  }
  return { server, pages, fails, requests }
}

const keys = { accessKey: 'AKIATEST', secretKey: 'bucket-secret' }

/** A bucket that checks signatures on its own, and lists two keys at a time. */
function createBucket() {
  const objects = new Map<string, string>()
  const state = { refused: 0 }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`)
    if (!isSigned(request, url)) {
      state.refused++
      response.writeHead(403).end()
    } else if (url.pathname === '/team') response.end(list(objects, url.searchParams))
    else {
      const body = objects.get(decodeURIComponent(url.pathname.slice('/team/'.length)))
      response.writeHead(body === undefined ? 404 : 200).end(body)
    }
  })
  return {
    server,
    objects,
    get refused() {
      return state.refused
    },
  }
}

function list(objects: ReadonlyMap<string, string>, query: URLSearchParams): string {
  const names = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).toSorted()
  const from = Number(query.get('continuation-token') ?? 0)
  const contents = names.slice(from, from + 2).map((key) => {
    const body = objects.get(key) ?? ''
    const tag = createHash('md5').update(body).digest('hex')
    return `<Contents><Key>${key.replaceAll('&', '&amp;')}</Key><Size>${body.length}</Size><ETag>&quot;${tag}&quot;</ETag></Contents>`
  })
  const more = from + 2 < names.length ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : ''
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more !== ''}</IsTruncated>${contents.join('')}${more}</ListBucketResult>`
}

/** Signature Version 4 as a server checks it, from what has arrived. */
function isSigned({ headers, method }: IncomingMessage, url: URL): boolean {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (parts === null) return false
  const [, accessKey, day = '', region = '', names = '', signature] = parts
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
  const canonical = [
    method,
    url.pathname,
    url.search.slice(1),
    ...names.split(';').map((name) => `${name}:${String(headers[name])}`),
    '',
    names,
    sha(''),
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], `${day}/${region}/s3/aws4_request`, sha(canonical)].join(
    '\n',
  )
  let key: Buffer = Buffer.from(`AWS4${keys.secretKey}`)
  for (const part of [day, region, 's3', 'aws4_request']) key = createHmac('sha256', key).update(part).digest()
  const expected = createHmac('sha256', key).update(text).digest('hex')
  return accessKey === keys.accessKey && region === 'eu-central-1' && signature === expected
}

/** A WebDAV server with one user. */
function createDav() {
  const stored = new Map<string, string>()
  const state = { refused: 0 }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    if (request.headers.authorization !== `Basic ${Buffer.from('anna:dav-secret').toString('base64')}`) {
      state.refused++
      response.writeHead(401).end()
    } else if (request.method === 'PROPFIND') {
      response.writeHead(207, { 'content-type': 'application/xml' }).end(describeFolder(path, stored))
    } else {
      const body = stored.get(path)
      response.writeHead(body === undefined ? 404 : 200).end(body)
    }
  })
  return {
    server,
    files: stored,
    get refused() {
      return state.refused
    },
  }
}

function describeFolder(path: string, stored: ReadonlyMap<string, string>): string {
  const below = [...stored.keys()].filter((name) => name.startsWith(path)).map((name) => name.slice(path.length))
  const folders = new Set(
    below.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/') + 1)),
  )
  const entries = ['', ...folders, ...below.filter((name) => !name.includes('/'))].map((name) => {
    const body = stored.get(path + name)
    const kind = body === undefined ? '<D:resourcetype><D:collection/></D:resourcetype>' : '<D:resourcetype/>'
    const tag =
      body === undefined
        ? ''
        : `<D:getetag>"${body.length}-${body.slice(0, 9)}"</D:getetag><D:getcontentlength>${body.length}</D:getcontentlength>`
    return `<D:response><D:href>${encodeURI(path + name)}</D:href><D:propstat><D:prop>${kind}${tag}</D:prop></D:propstat></D:response>`
  })
  return `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">${entries.join('')}</D:multistatus>`
}
