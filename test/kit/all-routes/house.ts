import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { trainRouter, writeRouter } from '../../../src/models/index.ts'
import { createPairs } from '../../../src/models/learning/testing.ts'
import { at } from '../faces.ts'
import { startMockUpstream, type MockUpstream } from '../mock-upstream.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../strata.ts'
import { fill, type Example, type Names } from './example.ts'

/** A tenant that has something of everything, or will have. */
export interface FullTenant {
  readonly id: string
  /** What it calls its things, and the ids they were given. */
  readonly names: Record<string, string>
  readonly keys: { readonly admin: string; readonly reviewer: string; readonly node: string }
}

/** Strata with tenants in it, each with a source, an edge node and a reviewer of its own. */
export interface FullHouse {
  readonly strata: RunningStrata
  readonly mock: MockUpstream
  readonly tenants: readonly FullTenant[]
  /** Sends an example in the name of a tenant; `names` stand for what it names, its own when absent. */
  send(example: Example, by: { readonly key: string; readonly names: Names }): Promise<Response>
  /** Sends examples one after the other, keeps the ids they give, and throws at one that is not answered as it should be. */
  run(tenant: FullTenant, examples: readonly Example[]): Promise<readonly Answered[]>
  close(): Promise<void>
}

export interface Answered {
  readonly example: Example
  readonly status: number
  readonly text: string
}

/** `markers`: a word for each tenant that stands in everything it says. The first tenant is the operator's. */
export async function startFullHouse(markers: readonly string[], more: JsonObject = {}): Promise<FullHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-house-'))
  const mock = await startMockUpstream()
  writeFileSync(join(folder, 'house.yaml'), JSON.stringify(pack)) // JSON is YAML
  const strata = await startStrata({ folder, config: more })
  const tenants: FullTenant[] = []
  for (const marker of markers) tenants.push(await makeTenant(strata, marker, tenants.length === 0))
  const house: FullHouse = {
    strata,
    mock,
    tenants,
    send: (example, { key, names }) => send(strata, example, { key, names }),
    run: (tenant, examples) => run(house, tenant, examples),
    async close() {
      await strata.close()
      await mock.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await strata.reload({ ...(await toConfig(house, folder)), ...more })
  strata.platform.startWork()
  await strata.platform.audit.seal()
  return house
}

/** A pack that asks for one paper, and has a person decide where it is missing. */
const pack: JsonObject = {
  id: 'house',
  version: '1.0.0',
  title: 'House rules',
  jurisdiction: 'house',
  corpus: 'house',
  verifiedOn: '2026-09-30',
  staleAfterDays: 3_650,
  facts: {
    kind: { type: 'one-of', question: 'What is it?', values: { plain: 'Nothing.', papers: 'Papers are due.' } },
    evidence: { type: 'some-of', question: 'Which papers are there?', values: { memo: 'A memo.' } },
  },
  obligations: { memo: { control: 'document', article: 'H1', text: 'Write a memo.', document: 'memo' } },
  rules: [
    {
      id: 'papers',
      article: 'H1',
      title: 'Papers',
      from: '2026-01-01',
      effect: 'require',
      require: ['memo'],
      when: { eq: ['kind', 'papers'] },
      reason: 'It is of the kind papers.',
    },
  ],
}

const router = (): string => writeRouter(trainRouter({ pairs: createPairs(60, 2), seed: 1, nowMs: 0 }).content)

async function makeTenant(strata: RunningStrata, marker: string, isFirst: boolean): Promise<FullTenant> {
  const { keys, tenants } = strata.platform.identity
  const id = isFirst ? 'default' : (await tenants.create(marker)).id
  const make = (name: string, more: { readonly user?: string; readonly role: 'admin' | 'member' }) =>
    keys.create({ tenant: id, name, ...more })
  const admin = await make('admin', { role: 'admin' })
  const reviewer = await make('reviewer', { role: 'member', user: 'ada' })
  const node = await make('node', { role: 'member' })
  const names = { ...toNames(marker), routerFile: router(), nodeKey: node.record.id, tenant: id }
  return { id, names, keys: { admin: admin.key, reviewer: reviewer.key, node: node.key } }
}

/** Names are the same for every tenant, unless the configuration or nobody but the tenant knows them. */
function toNames(marker: string): Names {
  return {
    marker,
    source: `papers-of-${marker}`,
    node: `shop-of-${marker}`,
    generated: `Whatever was said of the ${marker}. `.repeat(40),
    collection: 'vault-papers',
    external: 'drawer.md',
    externalTwo: 'keeper.md',
    externalQueued: 'queued.md',
    work: 'isbn-1',
    group: 'group:keepers',
    person: 'grace',
    team: 'vault-team',
    project: 'vault-project',
    repeated: 'order-1',
    router: 'support',
    budgetName: 'vault money',
    priced: `model-of-${marker}`,
    plan: 'vault-plan',
    account: 'acme',
    credit: 'gift',
    event: 'event-1',
    parked: 'event-2',
    kind: 'ticket',
    outcome: 'task-1',
    useCase: 'desk',
    hiring: 'hiring',
    slot: 'memo',
    userName: 'ada@vault.example',
    externalPerson: 'person-1',
    groupName: 'Keepers',
  }
}

async function toConfig({ mock, tenants }: FullHouse, folder: string): Promise<JsonObject> {
  const price = { input: '1', output: '2' }
  const sources: Record<string, JsonObject> = {}
  const nodes: Record<string, JsonObject> = {}
  for (const { id, names } of tenants) {
    const path = join(folder, names['source'] ?? '')
    mkdirSync(path)
    writeFileSync(join(path, 'leave.md'), `# Leave\n\nThe ${names['marker']} has 25 days of leave.\n`)
    sources[names['source'] ?? ''] = { into: 'fetched', tenant: id, folder: { path } }
    nodes[names['node'] ?? ''] = { key: names['nodeKey'] ?? '', usd: '0.002' }
  }
  return {
    endpoints: {
      here: toEndpoint(mock, 'openai', { price }),
      masked: toEndpoint(mock, 'openai', { price, personalData: 'mask' }),
      embedder: toEndpoint(mock, 'openai', { price, does: ['embed'] }),
    },
    models: {
      here: { endpoint: 'here' },
      masked: { endpoint: 'masked' },
      embedder: { endpoint: 'embedder' },
      cached: { cache: { use: 'here', seconds: 600 } },
      remembered: { cache: { use: 'here', seconds: 600, semantic: { embedder: 'embedder', atLeast: 0.5 } } },
      grounded: { ground: { in: 'vault-papers', with: 'here' } },
      trial: { experiment: { by: 'user', arms: { a: { use: 'here' }, b: { use: 'here' } } } },
    },
    sources,
    edge: { nodes },
    governance: {
      policies: [{ pack: './house.yaml' }],
      useCases: { plain: { house: { kind: 'plain' } }, held: { house: { kind: 'papers', evidence: [] } } },
      defaultUseCase: 'plain',
      reviews: { undecided: 'hold', reviewers: [{ person: 'ada', competence: 'trained' }] },
      marks: { record: 'always', provenance: 'always', wordsMin: 50 },
    },
  }
}

function send(
  strata: RunningStrata,
  example: Example,
  { key, names }: { readonly key: string; readonly names: Names },
): Promise<Response> {
  const { method, path, headers, body } = fill(example, names)
  return strata.request(path, undefined, {
    method,
    headers: { authorization: `Bearer ${key}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

const triesMax = 200

async function run(house: FullHouse, tenant: FullTenant, examples: readonly Example[]): Promise<readonly Answered[]> {
  const done: Answered[] = []
  for (const example of examples) {
    for (let tries = 1; ; tries++) {
      const key = tenant.keys[example.by ?? 'admin']
      const response = await house.send(example, { key, names: tenant.names })
      const text = await response.text()
      const isRight = example.status === undefined ? response.ok : [example.status].flat().includes(response.status)
      if (!isRight) throw new Error(`${example.route}: ${response.status} ${text.slice(0, 1_000)}`)
      if (example.eventually !== undefined && !example.eventually(parse(text))) {
        if (tries >= triesMax) throw new Error(`${example.route} still answers ${text.slice(0, 1_000)}`)
        await new Promise((resolve) => setTimeout(resolve, 25))
        continue
      }
      keep(example, { response, text }, tenant.names)
      done.push({ example, status: response.status, text })
      break
    }
  }
  return done
}

function keep(
  { route, keep: wanted = {} }: Example,
  { response, text }: { readonly response: Response; readonly text: string },
  names: Record<string, string>,
): void {
  for (const [name, path] of Object.entries(wanted)) {
    const found = typeof path === 'string' ? response.headers.get(path.replace('header:', '')) : at(parse(text), path)
    if (typeof found !== 'string' || found === '') throw new Error(`${route} gives no ${name}: ${text.slice(0, 500)}`)
    names[name] = found
  }
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue // whatever JSON.parse gives is JSON
  } catch {
    return text
  }
}
