import { assert } from '../../../core/assert.ts'
import type { Principal } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import { findNul, isJsonObject, type JsonObject } from '../../../core/json.ts'
import { toNameKey, type Directory, type Group, type Page, type Person } from '../../../governance/index.ts'
import type { Exchange } from '../exchange.ts'
import type { GetParts } from '../parts.ts'
import type { Method, Route } from '../route.ts'
import { encodeScimError, invalid } from './error.ts'
import { parseFilter, type Equality } from './filter.ts'
import { applyPatch, textOf } from './patch.ts'
import { base, project, toGroupJson, toNewGroup, toNewPerson, toUserJson } from './resource.ts'
import { resourceTypes, resultsMax, schemas, serviceProviderConfig } from './schemas.ts'

interface Given {
  readonly directory: Directory
  readonly principal: Principal
  readonly exchange: Exchange
  /** The last segment of the path. */
  readonly id: string
}

interface Answer {
  readonly status: number
  readonly body?: JsonObject
}

interface Spec {
  readonly method: Method
  /** After the base. */
  readonly path: string
  readonly summary: string
  readonly answer: (given: Given) => Promise<Answer> | Answer
}

/** SCIM 2.0 (RFC 7643, RFC 7644): people and groups, brought in by an identity provider. */
export function scimRoutes(getParts: GetParts): readonly Route[] {
  return [...discovery, ...users, ...groups].map((spec): Route => {
    const { method, path, summary, answer } = spec
    return {
      method,
      path: `${base}${path}`,
      access: 'identity:provision',
      summary,
      encodeError: encodeScimError,
      async handle(exchange, principal) {
        assert(principal !== undefined, 'a route that needs a key is given its principal')
        const { directory } = getParts()
        const id = exchange.parameters['id'] ?? ''
        send(exchange, await answer({ directory, principal, exchange, id }))
      },
    }
  })
}

function send(exchange: Exchange, { status, body }: Answer): void {
  if (body === undefined) {
    exchange.begin(status, [])
    exchange.end()
    return
  }
  const text = JSON.stringify(body)
  const meta = body['meta']
  const location = isJsonObject(meta) ? textOf(meta['location']) : ''
  exchange.begin(status, [
    'content-type',
    'application/scim+json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(text)),
    ...(status === 201 ? ['location', location] : []),
  ])
  exchange.end(text)
}

const discovery: readonly Spec[] = [
  {
    method: 'GET',
    path: '/ServiceProviderConfig',
    summary: 'SCIM: what of the protocol is there.',
    answer: () => ({ status: 200, body: serviceProviderConfig }),
  },
  {
    method: 'GET',
    path: '/ResourceTypes',
    summary: 'SCIM: the kinds of resources.',
    answer: () => ({ status: 200, body: toList({ total: resourceTypes.length, items: resourceTypes }, 1) }),
  },
  {
    method: 'GET',
    path: '/ResourceTypes/{id}',
    summary: 'SCIM: one kind of resources.',
    answer: ({ id }) => ({ status: 200, body: pick(resourceTypes, id) }),
  },
  {
    method: 'GET',
    path: '/Schemas',
    summary: 'SCIM: the attributes of resources.',
    answer: () => ({ status: 200, body: toList({ total: schemas.length, items: schemas }, 1) }),
  },
  {
    method: 'GET',
    path: '/Schemas/{id}',
    summary: 'SCIM: the attributes of one kind of resources.',
    answer: ({ id }) => ({ status: 200, body: pick(schemas, id) }),
  },
]

const users: readonly Spec[] = [
  {
    method: 'GET',
    path: '/Users',
    summary: 'SCIM: lists people; ?filter= (eq), ?startIndex=, ?count=, ?attributes=, ?excludedAttributes=.',
    async answer({ directory, principal, exchange }) {
      const { startIndex, slice, equalities } = readList(exchange)
      const page = await directory.listPeople(principal.tenant, toPersonFilter(equalities), slice)
      return { status: 200, body: toPage(page, { startIndex, toJson: toUserJson, exchange }) }
    },
  },
  {
    method: 'POST',
    path: '/Users',
    summary: 'SCIM: brings a person in.',
    async answer({ directory, principal, exchange }) {
      const person = toNewPerson(await readResource(exchange))
      return { status: 201, body: toUserJson(await directory.addPerson(principal, person)) }
    },
  },
  {
    method: 'GET',
    path: '/Users/{id}',
    summary: 'SCIM: one person.',
    async answer({ directory, principal, exchange, id }) {
      const person = await directory.findPerson(principal.tenant, id)
      if (person === undefined) throw missing()
      return { status: 200, body: project(toUserJson(person), exchange.query()) }
    },
  },
  {
    method: 'PUT',
    path: '/Users/{id}',
    summary: 'SCIM: replaces what is known of a person; who becomes inactive loses their keys at once.',
    async answer({ directory, principal, exchange, id }) {
      const person = toNewPerson(await readResource(exchange))
      return { status: 200, body: toUserJson(await directory.changePerson(principal, id, () => person)) }
    },
  },
  {
    method: 'PATCH',
    path: '/Users/{id}',
    summary: 'SCIM: changes a person; who becomes inactive loses their keys at once.',
    async answer({ directory, principal, exchange, id }) {
      const body = await readResource(exchange)
      const change = (person: Person) => toNewPerson(applyPatch(toUserJson(person), body))
      return { status: 200, body: toUserJson(await directory.changePerson(principal, id, change)) }
    },
  },
  {
    method: 'DELETE',
    path: '/Users/{id}',
    summary: 'SCIM: deactivates a person for good; of them only the names stay.',
    async answer({ directory, principal, id }) {
      await directory.removePerson(principal, id)
      return { status: 204 }
    },
  },
]

const groups: readonly Spec[] = [
  {
    method: 'GET',
    path: '/Groups',
    summary: 'SCIM: lists groups; ?filter= (eq), ?startIndex=, ?count=, ?attributes=, ?excludedAttributes=.',
    async answer({ directory, principal, exchange }) {
      const { startIndex, slice, equalities } = readList(exchange)
      const page = await directory.listGroups(principal.tenant, toGroupFilter(equalities), slice)
      return { status: 200, body: toPage(page, { startIndex, toJson: toGroupJson, exchange }) }
    },
  },
  {
    method: 'POST',
    path: '/Groups',
    summary: 'SCIM: brings a group in.',
    async answer({ directory, principal, exchange }) {
      const group = toNewGroup(await readResource(exchange))
      return { status: 201, body: toGroupJson(await directory.addGroup(principal, group)) }
    },
  },
  {
    method: 'GET',
    path: '/Groups/{id}',
    summary: 'SCIM: one group.',
    async answer({ directory, principal, exchange, id }) {
      const group = await directory.findGroup(principal.tenant, id)
      if (group === undefined) throw missing()
      return { status: 200, body: project(toGroupJson(group), exchange.query()) }
    },
  },
  {
    method: 'PUT',
    path: '/Groups/{id}',
    summary: 'SCIM: replaces a group and its members.',
    async answer({ directory, principal, exchange, id }) {
      const group = toNewGroup(await readResource(exchange))
      return { status: 200, body: toGroupJson(await directory.changeGroup(principal, id, () => group)) }
    },
  },
  {
    method: 'PATCH',
    path: '/Groups/{id}',
    summary: 'SCIM: changes a group or its members.',
    async answer({ directory, principal, exchange, id }) {
      const body = await readResource(exchange)
      const change = (group: Group) => toNewGroup(applyPatch(toGroupJson(group), body))
      return { status: 200, body: toGroupJson(await directory.changeGroup(principal, id, change)) }
    },
  },
  {
    method: 'DELETE',
    path: '/Groups/{id}',
    summary: 'SCIM: removes a group.',
    async answer({ directory, principal, id }) {
      await directory.removeGroup(principal, id)
      return { status: 204 }
    },
  },
]

async function readResource(exchange: Exchange): Promise<JsonObject> {
  const { body } = await exchange.readJson()
  const nul = findNul(body)
  if (nul !== undefined) throw invalid('invalidValue', `${nul} must not hold U+0000`)
  return body
}

function readList(exchange: Exchange) {
  const query = exchange.query()
  const startIndex = Math.max(1, readWhole(query, 'startIndex', 1))
  const limit = Math.min(resultsMax, Math.max(0, readWhole(query, 'count', 100)))
  const filter = query.get('filter')
  return {
    startIndex,
    slice: { offset: startIndex - 1, limit },
    equalities: filter === null ? [] : parseFilter(filter),
  }
}

function readWhole(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name)
  if (text === null) return otherwise
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw invalid('invalidValue', `${name} must be a whole number`)
}

const emailPath = /^emails(?:\[[^\]]*\])?(?:\.value)?$/

function toPersonFilter(equalities: readonly Equality[]): Parameters<Directory['listPeople']>[1] {
  let filter: Parameters<Directory['listPeople']>[1] = {}
  for (const { path, value } of equalities) {
    const text = String(value)
    if (path === 'username') filter = { ...filter, userKey: toNameKey(text) }
    else if (path === 'externalid') filter = { ...filter, externalId: text }
    else if (path === 'id') filter = { ...filter, id: text }
    else if (path === 'active') filter = { ...filter, active: text.toLowerCase() === 'true' }
    else if (emailPath.test(path)) filter = { ...filter, name: toNameKey(text) }
    else throw invalid('invalidFilter', 'people are found by userName, externalId, id, emails and active')
  }
  return filter
}

function toGroupFilter(equalities: readonly Equality[]): Parameters<Directory['listGroups']>[1] {
  let filter: Parameters<Directory['listGroups']>[1] = {}
  for (const { path, value } of equalities) {
    const text = String(value)
    if (path === 'displayname') filter = { ...filter, displayKey: toNameKey(text) }
    else if (path === 'externalid') filter = { ...filter, externalId: text }
    else if (path === 'id') filter = { ...filter, id: text }
    else if (path === 'members' || path === 'members.value') filter = { ...filter, member: text }
    else throw invalid('invalidFilter', 'groups are found by displayName, externalId, id and members')
  }
  return filter
}

interface Listing<Item> {
  readonly startIndex: number
  readonly toJson: (item: Item) => JsonObject
  readonly exchange: Exchange
}

function toPage<Item>({ total, items }: Page<Item>, { startIndex, toJson, exchange }: Listing<Item>): JsonObject {
  const query = exchange.query()
  return toList({ total, items: items.map((item) => project(toJson(item), query)) }, startIndex)
}

function toList({ total, items }: Page<JsonObject>, startIndex: number): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex,
    itemsPerPage: items.length,
    Resources: items,
  }
}

function pick(listed: readonly JsonObject[], id: string): JsonObject {
  const found = listed.find((each) => each['id'] === id)
  if (found === undefined) throw missing()
  return found
}

function missing(): PlatformError {
  return new PlatformError('NOT_FOUND', 'there is no such resource')
}
