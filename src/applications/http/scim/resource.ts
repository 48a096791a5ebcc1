import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { toIso } from '../../../core/time.ts'
import type { Group, NewGroup, NewPerson, Person } from '../../../governance/index.ts'
import { invalid } from './error.ts'
import { get, textOf } from './patch.ts'

export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export const base = '/scim/v2'

/** What Strata says of a resource itself, whatever a client sends, and passwords, which it never keeps. */
const ownNames = new Set(['schemas', 'id', 'meta', 'groups', 'password', 'username', 'externalid', 'active'])
const attributesLengthMax = 16_384
const nameLengthMax = 256
/** As long as the name of a person in a key may be. */
const userNameLengthMax = 128

/** Reads a User. Throws invalidValue with the attribute at fault. */
export function toNewPerson(body: JsonObject): NewPerson {
  const attributes = Object.fromEntries(Object.entries(body).filter(([name]) => !ownNames.has(name.toLowerCase())))
  if (JSON.stringify(attributes).length > attributesLengthMax) {
    throw invalid('invalidValue', `the attributes of a user have more than ${attributesLengthMax} characters`)
  }
  const emails = get(body, 'emails')
  const addresses = Array.isArray(emails) ? (emails as readonly JsonValue[]).flatMap(valueOf) : []
  if (addresses.length > 32) throw invalid('invalidValue', 'emails: at most 32')
  const userName = readName(body, 'userName') ?? missing('userName')
  if (userName.length > userNameLengthMax) {
    throw invalid('invalidValue', `userName must have at most ${userNameLengthMax} characters`)
  }
  return {
    userName,
    externalId: readName(body, 'externalId'),
    active: readBoolean(get(body, 'active')) ?? true,
    otherNames: addresses,
    attributes,
  }
}

/** Reads a Group. Throws invalidValue with the attribute at fault. */
export function toNewGroup(body: JsonObject): NewGroup {
  const members = get(body, 'members') ?? []
  if (!Array.isArray(members)) throw invalid('invalidValue', 'members must be a list')
  const ids = (members as readonly JsonValue[]).map((each) => {
    const [id] = valueOf(each)
    if (id === undefined) throw invalid('invalidValue', 'each of members must have a value: the id of a user')
    return id
  })
  return {
    displayName: readName(body, 'displayName') ?? missing('displayName'),
    externalId: readName(body, 'externalId'),
    members: ids,
  }
}

export function toUserJson(person: Person): JsonObject {
  const { id, userName, externalId, active, attributes, groups } = person
  const extensions = Object.keys(attributes).filter((name) => name.toLowerCase().startsWith('urn:'))
  return {
    schemas: [userSchema, ...extensions],
    id,
    ...(externalId === undefined ? {} : { externalId }),
    userName,
    active,
    ...attributes,
    groups: groups.map((group) => ({
      value: group.id,
      display: group.displayName,
      $ref: `${base}/Groups/${group.id}`,
    })),
    meta: toMeta('User', person),
  }
}

export function toGroupJson(group: Group): JsonObject {
  const { id, displayName, externalId, members } = group
  return {
    schemas: [groupSchema],
    id,
    ...(externalId === undefined ? {} : { externalId }),
    displayName,
    members: members.map((value) => ({ value, type: 'User', $ref: `${base}/Users/${value}` })),
    meta: toMeta('Group', group),
  }
}

type Dated = Pick<Person, 'id' | 'version' | 'createdAtMs' | 'changedAtMs'>

function toMeta(resourceType: 'User' | 'Group', { id, version, createdAtMs, changedAtMs }: Dated): JsonObject {
  return {
    resourceType,
    created: toIso(createdAtMs),
    lastModified: toIso(changedAtMs),
    version: `W/"${version}"`,
    location: `${base}/${resourceType}s/${id}`,
  }
}

/** Only what `attributes` asks for, or all but `excludedAttributes`; ids and schemas always. */
export function project(resource: JsonObject, query: URLSearchParams): JsonObject {
  const only = namesOf(query.get('attributes'))
  const without = namesOf(query.get('excludedAttributes'))
  if (only.size === 0 && without.size === 0) return resource
  const isAsked = (name: string): boolean =>
    ['id', 'schemas'].includes(name) ||
    (only.size === 0 ? !without.has(name.toLowerCase()) : only.has(name.toLowerCase()))
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isAsked(name)))
}

/** The attributes themselves: what stands before a dot. */
function namesOf(list: string | null): ReadonlySet<string> {
  const names = (list ?? '').split(',').map((name) => name.trim().toLowerCase())
  return new Set(
    names.map((name) => (name.startsWith('urn:') ? name : (name.split('.')[0] ?? ''))).filter((name) => name !== ''),
  )
}

function readName(body: JsonObject, name: string): string | undefined {
  const value = get(body, name)
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string' && value.trim() !== '' && value.length <= nameLengthMax) return value
  throw invalid('invalidValue', `${name} must be text of at most ${nameLengthMax} characters`)
}

/** Entra ID writes booleans as text, and some wrap a value into a list. */
function readBoolean(value: JsonValue | undefined): boolean | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined
  const [only] = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  const said = isJsonObject(only) ? only['value'] : only
  const text = textOf(said).toLowerCase()
  if (text === 'true' || text === 'false') return text === 'true'
  throw invalid('invalidValue', 'active must be true or false')
}

function valueOf(each: JsonValue): readonly string[] {
  const value = isJsonObject(each) ? get(each, 'value') : each
  return typeof value === 'string' && value !== '' && value.length <= nameLengthMax ? [value] : []
}

function missing(name: string): never {
  throw invalid('invalidValue', `${name} is missing`)
}
