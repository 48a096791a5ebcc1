import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { createSeededRandom } from '../src/core/random.ts'
import { findFreePort } from '../src/core/testing.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startServerProcess, type ServerProcess } from './kit/server-process.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMockUpstream()
})
afterAll(() => mock.close())

const messages = [{ role: 'user', content: 'Hello' }]

interface EdgeView {
  readonly centre: { readonly reached: boolean | null; readonly waiting: number; readonly lease: object | null }
  readonly nodes: readonly {
    readonly acknowledged: number
    readonly granted_usd: string
    readonly settled_usd: string
  }[]
}

/** Asks until what is wanted holds; the last answer when it does not within ten seconds. */
async function eventually<T>(ask: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const found = await ask()
    if (holds(found) || tries >= 200) return found
    await sleep(50)
  }
}

describe('what an edge node may do', () => {
  let centre: RunningStrata
  let edge: RunningStrata
  let nodes: JsonObject

  beforeAll(async () => {
    centre = await startStrata({ config: { endpoints: { one: toEndpoint(mock, 'openai') } } })
    const made = await centre.request('/v1/keys', { name: 'shop' })
    const { id, key } = (await made.json()) as { readonly id: string; readonly key: string } // the server's own shape
    nodes = { shop: { key: id, usd: '0.002', regions: ['local', 'eu'] } }
    await centre.reload({ endpoints: { one: toEndpoint(mock, 'openai') }, edge: { nodes } })
    const place = { processing: ['local'], storage: ['local'] }
    edge = await startStrata({
      config: {
        endpoints: {
          near: toEndpoint(mock, 'openai', { price: { input: '0', output: '0' } }),
          far: toEndpoint(mock, 'openai', {
            price: { input: '1', output: '2' },
            processing: ['eu'],
            storage: ['eu'],
            outputTokensMax: 20,
          }),
        },
        governance: { allowedRegions: ['local', 'eu', 'us'] },
        edge: { centre: { url: centre.url, key, node: 'shop', everyMs: 100, ...place } },
      },
    })
  })
  afterAll(async () => {
    await edge.close()
    await centre.close()
  })

  const view = async (): Promise<EdgeView> => (await (await edge.request('/v1/edge')).json()) as EdgeView
  const ask = async (model: string): Promise<{ readonly status: number; readonly code: string | undefined }> => {
    const response = await edge.request('/v1/chat/completions', { model, messages, max_tokens: 20 })
    const body = (await response.json()) as { readonly error?: { readonly code: string } } // or an answer
    return { status: response.status, code: body.error?.code }
  }

  test('is what its centre has lent it: regions, and money that comes back as it settles', async () => {
    await eventually(view, ({ centre: link }) => link.lease !== null)
    expect((await ask('near')).status).toBe(200)
    const far = await eventually(
      () => ask('far'),
      ({ status }) => status === 200,
    )
    expect(far).toEqual({ status: 200, code: undefined })
    const settled = await eventually(
      async () => (await (await centre.request('/v1/edge')).json()) as EdgeView,
      ({ nodes: [node] }) => (node?.acknowledged ?? 0) >= 2 && Number(node?.settled_usd) > 0,
    )
    expect(Number(settled.nodes[0]?.settled_usd)).toBeGreaterThan(0)
    expect(Number(settled.nodes[0]?.granted_usd)).toBeCloseTo(0.002 + Number(settled.nodes[0]?.settled_usd), 10)
  })

  test('ends with what is lent while the centre is away, and goes on for what costs nothing', async () => {
    await centre.reload({ endpoints: { one: toEndpoint(mock, 'openai') } }) // it knows the node no more
    let refused: { readonly status: number; readonly code: string | undefined } = { status: 200, code: undefined }
    for (let asked = 0; asked < 200 && refused.status === 200; asked++) refused = await ask('far')
    expect(refused).toEqual({ status: 402, code: 'BUDGET_EXCEEDED' })
    expect((await ask('near')).status).toBe(200)
    const alone = await eventually(view, ({ centre: link }) => link.reached === false)
    expect(alone.centre).toMatchObject({ reached: false })
    expect(alone.centre.waiting).toBeGreaterThan(1)
    await centre.reload({ endpoints: { one: toEndpoint(mock, 'openai') }, edge: { nodes } })
    await eventually(view, ({ centre: link }) => link.waiting === 0)
    expect(
      await eventually(
        () => ask('far'),
        ({ status }) => status === 200,
      ),
    ).toMatchObject({ status: 200 })
  })

  test('is told to nobody but admins, and taken from nobody but the node', async () => {
    const delivery = { epoch: 'e', records: [] }
    // Wherever the test before has ended.
    await centre.reload({ endpoints: { one: toEndpoint(mock, 'openai') }, edge: { nodes } })
    expect((await centre.request('/v1/edge/shop/settlements', delivery)).status).toBe(404)
    expect((await centre.request('/v1/edge/kiosk/settlements', delivery)).status).toBe(404)
    const made = await centre.request('/v1/keys', { name: 'member' })
    const { key } = (await made.json()) as { readonly key: string }
    const listed = await centre.request('/v1/edge', undefined, { headers: { authorization: `Bearer ${key}` } })
    expect(listed.status).toBe(403)
  })
})

test('an edge node whose uplink is gone answers from its own ground, and stops trying what cannot be reached', async () => {
  const strata = await startStrata({
    config: {
      endpoints: {
        near: toEndpoint(mock, 'openai', { price: { input: '0', output: '0' } }),
        // No resolver knows this name: as good as a cable that is cut.
        far: toEndpoint(mock, 'openai', { url: 'http://uplink.internal:9/v1' }),
      },
      models: {
        everyday: { route: [{ when: { network: 'down' }, use: 'near' }, { use: { fallback: ['far', 'near'] } }] },
      },
    },
  })
  try {
    const tries: number[] = []
    for (let asked = 0; asked < 12; asked++) {
      const response = await strata.request('/v1/chat/completions', { model: 'everyday', messages })
      expect(response.status).toBe(200)
      const call = response.headers.get('x-strata-call') ?? ''
      const tree = JSON.stringify(await (await strata.request(`/v1/calls/${call}`)).json())
      tries.push(tree.split('"name":"far"').length - 1)
    }
    expect(tries[0]).toBeGreaterThan(0)
    expect(tries.at(-1)).toBe(0)
  } finally {
    await strata.close()
  }
}, 180_000)

test('each call of an edge node is at its centre once, whichever of the two is killed when', async () => {
  const folders = ['centre', 'edge'].map((name) => mkdtempSync(join(tmpdir(), `strata-${name}-`)))
  const [centreFolder = '', edgeFolder = ''] = folders
  const adminKey = 'sk-strata-of-servers-that-are-killed-0123456789'
  const port = await findFreePort() // the centre comes back under the same address
  const random = createSeededRandom(20_261_126)
  const endpoints = { near: toEndpoint(mock, 'openai', { price: { input: '0.1', output: '0.2' } }) }
  const startCentre = (edge: JsonObject): Promise<ServerProcess> =>
    startServerProcess({ folder: centreFolder, adminKey, config: { server: { port }, store: { folder: '.' }, edge } })
  const get = async <T>(url: string, path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    return (await (await fetch(`${url}${path}`, { headers, ...sent })).json()) as T // the server's own shape
  }
  let centre = await startCentre({})
  const { id, key } = await get<{ id: string; key: string }>(centre.url, '/v1/keys', { name: 'shop' })
  await centre.stop()
  const nodes = { shop: { key: id, usd: '1' } }
  const link = {
    url: `http://127.0.0.1:${port}`,
    key,
    node: 'shop',
    everyMs: 100,
    processing: ['local'],
    storage: ['local'],
  }
  const startEdge = (): Promise<ServerProcess> =>
    startServerProcess({ folder: edgeFolder, adminKey, config: { endpoints, edge: { centre: link } } })
  let edge = await startEdge()
  centre = await startCentre({ nodes })
  const answered: string[] = []
  const hasLease = ({ centre: known }: EdgeView): boolean => known.lease !== null
  try {
    await eventually(async () => get<EdgeView>(edge.url, '/v1/edge'), hasLease)
    for (let round = 0; round < 4; round++) {
      const load = (async () => {
        for (let asked = 0; asked < 40; asked++) {
          const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
          const body = JSON.stringify({ model: 'near', messages, max_tokens: 20 })
          const sent = fetch(`${edge.url}/v1/chat/completions`, { method: 'POST', headers, body })
          const response = await sent.catch(() => undefined)
          const text = await response?.text().catch(() => undefined)
          if (text !== undefined && response?.status === 200) answered.push(response.headers.get('x-strata-call') ?? '')
        }
      })()
      await sleep(100 + random.next() * 500)
      if (round % 2 === 0) {
        await centre.kill()
        await load
        centre = await startCentre({ nodes })
      } else {
        await edge.kill()
        await load
        edge = await startEdge()
      }
    }
    const isDone = ({ centre: { reached, waiting } }: EdgeView): boolean => reached === true && waiting === 0
    await eventually(async () => get<EdgeView>(edge.url, '/v1/edge'), isDone)
    await sleep(500)
    const list = async (url: string): Promise<readonly string[]> => {
      const { data } = await get<{ data: readonly { id: string }[] }>(url, '/v1/calls?limit=1000')
      return data.map(({ id: call }) => call).toSorted()
    }
    const told = await list(centre.url)
    expect(answered.length).toBeGreaterThan(10)
    expect(new Set(told).size).toBe(told.length)
    expect(told).toEqual(await list(edge.url))
    expect(answered.filter((call) => !told.includes(call))).toEqual([])
    const [node] = (await get<EdgeView>(centre.url, '/v1/edge')).nodes
    expect(node?.acknowledged).toBe(told.length)
  } finally {
    await edge.kill()
    await centre.kill()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
}, 300_000)
