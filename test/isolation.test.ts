import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRoutes, isOfHouse } from '../src/applications/http/index.ts'
import { roles, type Role } from '../src/core/rights.ts'
import {
  examples,
  fill,
  namesThings,
  startFullHouse,
  type Example,
  type FullHouse,
  type FullTenant,
  type Names,
} from './kit/all-routes/index.ts'

const [ownerWord, strangerWord, twinWord] = ['azurite', 'copper', 'jasper'] as const

let house: FullHouse
let owner: FullTenant
let stranger: FullTenant
let twin: FullTenant
let before: readonly string[]
const roleKeys: Partial<Record<Role, string>> = {}

beforeAll(async () => {
  house = await startFullHouse([ownerWord, strangerWord, twinWord])
  const [first, second, third] = house.tenants
  if (first === undefined || second === undefined || third === undefined) throw new Error('there are three tenants')
  ;[owner, stranger, twin] = [first, second, third]
  const { keys } = house.strata.platform.identity
  // Whoever decides on what is held is known by the name of their person, which another tenant may have as well.
  for (const role of roles) {
    roleKeys[role] = (await keys.create({ tenant: stranger.id, name: role, role, user: 'ada' })).key
  }
  await house.run(owner, lasting)
  before = await readAll(owner)
})

afterAll(() => house.close())

const lasting = examples.filter(({ ends }) => ends !== true)
const naming = examples.filter(namesThings)
const listRoutes = () => createRoutes(() => house.strata.platform.parts())
const nameOf = ({ method, path }: { readonly method: string; readonly path: string }): string => `${method} ${path}`

/** What changes with whatever anybody does, or with the hour: the house itself, proofs of the log that all share, forecasts. */
const common = /^GET (?:\/metrics|\/v1\/health|\/v1\/audit\/.*|\/v1\/forecast)$/

/** Everything that a tenant is told of what it has. */
async function readAll(tenant: FullTenant): Promise<readonly string[]> {
  const reading = lasting.filter(({ route }) => route.startsWith('GET ') && !common.test(route))
  const answered = await house.run(tenant, reading)
  return answered.map(({ example, text }) => `${example.route} ${example.query ?? ''} ${text.replaceAll(instant, '')}`)
}

const instant = /\b\d{4}-\d\d-\d\dT[\d:.]+Z/g
const isId = (value: string): boolean => /_[0-9a-z]{26}$/.test(value)

/** What is no name of a thing: words that are said, and words of the configuration. */
const unnamed = ['marker', 'routerFile', 'slot', 'tenant']

/** Names and ids in the form of the owner's that nobody has; what is said with them is said in the stranger's words. */
function toNowhere(names: Names): Names {
  const changed = Object.entries(names).map(([name, value]) => {
    if (unnamed.includes(name)) return [name, value]
    return [name, isId(value) ? `${value.slice(0, -4)}zzzz` : `${value.slice(0, -1)}${value.endsWith('q') ? 'z' : 'q'}`]
  })
  return Object.fromEntries(changed) as Names
}

/** An answer without what differs from one time to the next, and without what was asked for. */
function normalise(text: string, names: Names): string {
  let found = text
  const asked = Object.entries(names).filter(([name]) => !unnamed.includes(name))
  for (const [name, value] of asked.toSorted(([, a], [, b]) => b.length - a.length)) {
    const shown = `<${name.toUpperCase()}>`
    found = found.replaceAll(value, shown).replaceAll(encodeURIComponent(value), shown)
  }
  return found.replaceAll(/\b[a-z]+_[0-9a-z]{26}\b/g, '<id>').replaceAll(instant, '<instant>')
}

/** Nothing that the owner has said, and no id of the owner's that was not sent. */
function expectNothingOfOwner(text: string, sent: string, what: string): void {
  expect(text.replaceAll(`of-${ownerWord}`, ''), what).not.toContain(ownerWord)
  for (const [name, value] of Object.entries(owner.names)) {
    if (isId(value) && !sent.includes(value)) expect(text, `${name} in ${what}`).not.toContain(value)
  }
}

async function attempt(example: Example, role: Role, names: Names) {
  const response = await house.send(example, { key: roleKeys[role] ?? '', names })
  const text = await response.text()
  expectNothingOfOwner(text, JSON.stringify(fill(example, names)), `${role}: ${example.route}`)
  const [code, type] = [response.headers.get('x-strata-error'), response.headers.get('content-type')]
  // What was answered to a question, or was made, is the stranger's own, and never the same twice.
  const isOwn = response.ok && !example.route.startsWith('GET ')
  return { role, status: response.status, code, type, text: isOwn ? '' : normalise(text, names) }
}

test('every route has an example, which names what the route names', () => {
  const routes = listRoutes().map(nameOf)
  expect([...new Set(examples.map(({ route }) => route))].toSorted()).toEqual(routes.toSorted())
  const named = new Set(naming.map(({ route }) => route))
  // Models and the schemas of a protocol are of the configuration and of nobody.
  const ofNobody = /\/v1\/models\/|\/scim\/v2\/(?:ResourceTypes|Schemas)\/|\/v1\/experiments\//
  expect(routes.filter((route) => route.includes('{') && !named.has(route) && !ofNobody.test(route))).toEqual([])
})

test('what is of the house is described as that, and refused to every other tenant', async () => {
  const ofHouse = listRoutes().filter(isOfHouse).map(nameOf)
  const described = JSON.parse(await (await house.strata.request('/openapi.json')).text()) as {
    readonly paths: Record<string, Record<string, { readonly 'x-strata-scope'?: string }>>
  }
  const marked = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, of]) =>
      of['x-strata-scope'] === 'house' ? [`${method.toUpperCase()} ${path}`] : [],
    ),
  )
  expect(marked.toSorted()).toEqual(ofHouse.toSorted())
  for (const example of examples.filter(({ route }) => ofHouse.includes(route))) {
    expect(await attempt(example, 'admin', stranger.names)).toMatchObject({ status: 403, code: 'FORBIDDEN' })
  }
})

describe('a tenant that has nothing, in every role,', () => {
  // What makes something of a name that was only looked for would be found afterwards.
  const ordered = [...naming.filter(({ makes }) => makes !== true), ...naming.filter(({ makes }) => makes === true)]
  const cases = ordered.map((example, index) => ({
    name: `${index} ${example.route}${example.query === undefined ? '' : ` ?${example.query}`}`,
    example,
  }))

  test.each(cases)('cannot tell what another has from what nobody has: $name', async ({ example }) => {
    for (const role of roles) {
      const theirs = await attempt(example, role, { ...owner.names, marker: strangerWord })
      const nobodys = await attempt(example, role, { ...toNowhere(owner.names), marker: strangerWord })
      expect(theirs).toEqual(nobodys)
      expect(theirs.status).toBeLessThan(500)
    }
  })

  test('is told of nothing that another has where it names nothing', async () => {
    for (const example of examples.filter((each) => !namesThings(each))) {
      for (const role of roles) await attempt(example, role, stranger.names)
    }
  })
})

test('a tenant that has things of the same names is given its own, and nothing of another', async () => {
  const ofHouse = listRoutes().filter(isOfHouse)
  expect(ofHouse.length).toBeGreaterThan(0)
  const names = new Set(ofHouse.map(nameOf))
  const sent = house.mock.requests.length
  const answered = await house.run(
    twin,
    examples.filter(({ route }) => !names.has(route)),
  )
  for (const { example, text } of answered) expectNothingOfOwner(text, '', example.route)
  for (const { text } of house.mock.requests.slice(sent)) expect(text).not.toContain(ownerWord)
})

test('whoever has it all has it still, after everything that others tried', async () => {
  expect(await readAll(owner)).toEqual(before)
})

test.each(['cached', 'remembered', 'here'])('nobody is answered by %s with what another was', async (model) => {
  const body = { model, messages: [{ role: 'user', content: 'What is the word?' }] }
  const more: Readonly<Record<string, string>> = model === 'here' ? { 'idempotency-key': 'the-same-for-both' } : {}
  const asked = () =>
    house.mock.requests.filter(({ path, text }) => /chat/.test(path) && text.includes('the word?')).length
  const counts: number[] = []
  for (const { keys } of [owner, owner, twin, twin]) {
    const headers = { authorization: `Bearer ${keys.admin}`, ...more }
    const response = await house.strata.request('/v1/chat/completions', body, { headers })
    expect(response.status).toBe(200)
    await response.arrayBuffer()
    counts.push(asked())
  }
  const [first = 0] = counts
  expect(counts).toEqual([first, first, first + 1, first + 1])
})

test('nothing of what was done in all this met a defect', () => {
  expect(house.strata.logLines.filter((line) => line.includes('met a defect'))).toEqual([])
})
