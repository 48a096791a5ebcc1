import { isUtf8 } from 'node:buffer'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { jsonDepthMax, skimJsonObject, type SkimmedMember } from '../../core/json-skim.ts'

/** A request body: a JSON object, in UTF-8. */
export interface JsonBody {
  /** Of a large body, made when first asked for. */
  readonly text: string
  /** Of a large body, its large members are parsed when first asked for, and may throw INVALID_JSON then. */
  readonly body: JsonObject
  /** Of a large body: where its members lie. */
  readonly skim: { readonly bytes: Buffer; readonly members: readonly SkimmedMember[] } | undefined
}

/** From this size a body is skimmed: turning it into text and objects would cost more than relaying it. */
const skimBytesMin = 32_768
/** A level of nesting is at least two bytes, so that no body up to this can be nested too deeply. */
const shallowBytesMax = 2 * jsonDepthMax
/** Members up to this are parsed at once. */
const smallMemberBytesMax = 4_096

/** Throws INVALID_ENCODING, INVALID_JSON with the place of the fault, INVALID_REQUEST when it is not an object. */
export function toJsonBody(bytes: Buffer): JsonBody {
  if (!isUtf8(bytes)) throw new PlatformError('INVALID_ENCODING', 'the request body is not valid UTF-8')
  return bytes.length < skimBytesMin ? parseBody(bytes) : skimBody(bytes)
}

function parseBody(bytes: Buffer): JsonBody {
  const text = bytes.toString('utf8')
  const body = parseJson(text)
  if (bytes.length > shallowBytesMax) refuseDepth(bytes)
  if (!isJsonObject(body)) throw new PlatformError('INVALID_REQUEST', 'the request body must be a JSON object')
  return { text, body, skim: undefined }
}

function skimBody(bytes: Buffer): JsonBody {
  const skim = skimJsonObject(bytes)
  if ('faultAt' in skim) {
    const { faultAt, isTooDeep } = skim
    if (isTooDeep === true) throw tooDeep()
    throw invalidJson(faultAt >= bytes.length ? 'it ends before it is complete' : placeOf(bytes, faultAt))
  }
  const body: Record<string, JsonObject[string]> = {}
  for (const member of skim.members) defineMember(body, bytes, member)
  let text: string | undefined
  return {
    body,
    skim: { bytes, members: skim.members },
    get text() {
      return (text ??= bytes.toString('utf8'))
    },
  }
}

function defineMember(body: object, bytes: Buffer, member: SkimmedMember): void {
  const { key, valueStart, valueEnd } = member
  const parse = (): unknown => parseJson(bytes.toString('utf8', valueStart, valueEnd), key)
  const shape = { configurable: true, enumerable: true }
  if (valueEnd - valueStart <= smallMemberBytesMax) {
    Object.defineProperty(body, key, { ...shape, value: parse() })
    return
  }
  let value: unknown
  Object.defineProperty(body, key, { ...shape, get: () => (value ??= parse()) })
}

/** JSON.parse whose error says where, and quotes nothing of the content. */
function parseJson(text: string, member?: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    const place = placeOfFault(text, thrown)
    throw invalidJson(member === undefined ? place : `in ${member.slice(0, 64)}, ${place}`, thrown)
  }
}

function refuseDepth(bytes: Buffer): void {
  const skim = skimJsonObject(bytes)
  if ('isTooDeep' in skim) throw tooDeep()
}

function tooDeep(): PlatformError {
  return new PlatformError('INVALID_REQUEST', `the request body is nested deeper than ${jsonDepthMax} levels`)
}

function invalidJson(what: string, cause?: unknown): PlatformError {
  return new PlatformError('INVALID_JSON', `the request body is not valid JSON: ${what}`, { cause })
}

function placeOfFault(text: string, thrown: unknown): string {
  if (text.trim() === '') return 'it is empty'
  const position = /at position (\d+)/.exec(thrown instanceof Error ? thrown.message : '')?.[1]
  if (position === undefined) return 'it ends before it is complete'
  return placeIn(text.slice(0, Number(position)))
}

function placeOf(bytes: Buffer, at: number): string {
  return placeIn(bytes.toString('utf8', 0, at))
}

/** Line and column of what follows a text. */
function placeIn(before: string): string {
  const line = before.split('\n').length
  return `the first fault is at line ${line}, column ${before.length - before.lastIndexOf('\n')}`
}
