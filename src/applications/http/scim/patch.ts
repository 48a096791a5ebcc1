import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { invalid } from './error.ts'
import { parseFilter } from './filter.ts'

/** Attributes that hold several values; one that is set alone becomes a list. */
const pluralNames = new Set([
  'emails',
  'phonenumbers',
  'addresses',
  'roles',
  'ims',
  'photos',
  'entitlements',
  'x509certificates',
  'members',
])
const operationsMax = 1_000

interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string | undefined
  readonly value: JsonValue | undefined
}

/**
 * A resource after a PATCH of RFC 7644 §3.5.2, and of the ways in which Entra ID and Okta write it: any case of `op`, no path, names
 * with dots and schemas inside a value, values of members to remove beside the path. Throws invalidSyntax, invalidPath, noTarget.
 */
export function applyPatch(resource: JsonObject, body: JsonObject): JsonObject {
  let patched = resource
  for (const operation of readOperations(body)) patched = apply(patched, operation)
  return patched
}

function readOperations(body: JsonObject): readonly Operation[] {
  const operations = get(body, 'Operations')
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > operationsMax) {
    throw invalid('invalidSyntax', `Operations must be a list of 1 to ${operationsMax}`)
  }
  return (operations as readonly JsonValue[]).map((each) => {
    const op = isJsonObject(each) ? textOf(each['op']).toLowerCase() : ''
    if (!isJsonObject(each) || (op !== 'add' && op !== 'replace' && op !== 'remove')) {
      throw invalid('invalidSyntax', 'the op of an operation is add, replace or remove')
    }
    const { path, value } = each
    if (path !== undefined && path !== null && typeof path !== 'string')
      throw invalid('invalidPath', 'path must be text')
    return { op, path: typeof path === 'string' && path !== '' ? path : undefined, value }
  })
}

function apply(resource: JsonObject, { op, path, value }: Operation): JsonObject {
  if (path !== undefined) return applyAt(resource, parsePath(path), { op, value })
  if (op === 'remove') throw invalid('noTarget', 'a removal needs a path')
  if (!isJsonObject(value)) throw invalid('invalidValue', 'without a path, value must be an object of attributes')
  let patched = resource
  for (const [name, each] of Object.entries(value)) {
    if (name.toLowerCase() !== 'schemas') patched = applyAt(patched, parsePath(name), { op, value: each })
  }
  return patched
}

interface Path {
  /** Of an extension; `undefined` for the resource itself. */
  readonly schema: string | undefined
  /** `undefined` for the whole extension. */
  readonly name: string | undefined
  readonly filter: string | undefined
  readonly sub: string | undefined
}

const pathPattern = /^([a-z$][\w$-]*)(?:\[([^\][]+)\])?(?:\.([a-z$][\w$-]*))?$/i

function parsePath(path: string): Path {
  const split = /^(urn:.+:(?:User|Group))(?::(.+))?$/i.exec(path)
  const [, urn, inner] = split ?? []
  const schema = urn !== undefined && !urn.toLowerCase().includes(':core:') ? urn : undefined
  const rest = split === null ? path : inner
  if (rest === undefined) return { schema, name: undefined, filter: undefined, sub: undefined }
  const [, name, filter, sub] = pathPattern.exec(rest) ?? []
  if (name === undefined || [name, sub].includes('__proto__'))
    throw invalid('invalidPath', `${path.slice(0, 100)} is no path`)
  return { schema, name, filter, sub }
}

type Change = Pick<Operation, 'op' | 'value'>

function applyAt(resource: JsonObject, path: Path, change: Change): JsonObject {
  const { schema, name } = path
  if (schema !== undefined) {
    const inner = get(resource, schema)
    if (name === undefined)
      return set(resource, schema, change.op === 'remove' ? undefined : merge(inner, change.value))
    return set(resource, schema, applyAt(isJsonObject(inner) ? inner : {}, { ...path, schema: undefined }, change))
  }
  if (name === undefined) return apply(resource, { ...change, path: undefined })
  const present = get(resource, name)
  if (path.filter !== undefined) return set(resource, name, changeSome(toList(present), path, change))
  if (path.sub !== undefined) return set(resource, name, changeSub(present, path.sub, change))
  return set(resource, name, changeWhole(present, pluralNames.has(name.toLowerCase()), change))
}

function changeWhole(present: JsonValue | undefined, isPlural: boolean, { op, value }: Change): JsonValue | undefined {
  if (op === 'remove') {
    if (!isPlural || value === undefined || value === null) return undefined
    const gone = new Set(toList(value).map(keyOf))
    return toList(present).filter((each) => !gone.has(keyOf(each)))
  }
  if (!isPlural) return op === 'add' ? merge(present, value) : value
  if (op === 'replace') return toList(value)
  const [list, seen] = [[...toList(present)], new Set(toList(present).map(keyOf))]
  for (const each of toList(value)) {
    if (seen.has(keyOf(each))) continue
    seen.add(keyOf(each))
    list.push(each)
  }
  return list
}

function changeSub(present: JsonValue | undefined, sub: string, { op, value }: Change): JsonValue {
  const next = op === 'remove' ? undefined : value
  if (Array.isArray(present)) {
    return (present as readonly JsonValue[]).map((each) => (isJsonObject(each) ? set(each, sub, next) : each))
  }
  return set(isJsonObject(present) ? present : {}, sub, next)
}

/** The values of a list that a filter names; where it names none, one is made as the filter says. */
function changeSome(
  list: readonly JsonValue[],
  { filter = '', sub }: Path,
  { op, value }: Change,
): readonly JsonValue[] {
  const wanted = parseFilter(filter)
  const isMeant = (each: JsonValue): boolean =>
    isJsonObject(each) && wanted.every(({ path, value: own }) => isSame(get(each, path), own))
  if (op === 'remove') {
    if (sub === undefined) return list.filter((each) => !isMeant(each))
    return list.map((each) => (isJsonObject(each) && isMeant(each) ? set(each, sub, undefined) : each))
  }
  const change = (each: JsonObject): JsonObject =>
    sub === undefined ? { ...each, ...toObject(value) } : set(each, sub, value)
  if (list.some(isMeant)) return list.map((each) => (isJsonObject(each) && isMeant(each) ? change(each) : each))
  const made = Object.fromEntries(wanted.map(({ path, value: own }) => [path, own]))
  return [...list, change(made)]
}

function toObject(value: JsonValue | undefined): JsonObject {
  const [first] = toList(value)
  return isJsonObject(first) ? first : { value: first ?? null }
}

function isSame(left: JsonValue | undefined, right: string | boolean): boolean {
  return textOf(left).toLowerCase() === String(right).toLowerCase()
}

function merge(present: JsonValue | undefined, value: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(present) && isJsonObject(value) ? { ...present, ...value } : value
}

function toList(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value] // an array of JSON is of JSON
}

/** What tells one value of a list from another. */
function keyOf(value: JsonValue): string {
  const own = isJsonObject(value) ? textOf(value['value']) : ''
  return own === '' ? JSON.stringify(value) : own
}

/** Text, and what is written like it. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : ''
}

/** Names are the same whatever their case. */
export function get(resource: JsonObject, name: string): JsonValue | undefined {
  const key = findKey(resource, name)
  return key === undefined ? undefined : resource[key]
}

/** The same object with one member more, less, or another one. */
function set(resource: JsonObject, name: string, value: JsonValue | undefined): JsonObject {
  const key = findKey(resource, name) ?? name
  const rest = Object.entries(resource).filter(([each]) => each !== key)
  return Object.fromEntries(value === undefined || value === null ? rest : [...rest, [key, value]])
}

function findKey(resource: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(resource, name)) return name
  const wanted = name.toLowerCase()
  return Object.keys(resource).find((key) => key.toLowerCase() === wanted)
}
