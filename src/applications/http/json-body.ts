import { isUtf8List, sliceBytes, type ByteList } from '../../core/byte-list.ts'
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
  readonly skim: { readonly bytes: ByteList; readonly members: readonly SkimmedMember[] } | undefined
}

/** From this size a body is skimmed: turning it into text and objects would cost more than relaying it. */
const skimBytesMin = 32_768
/** A level of nesting is at least two bytes, so that no body up to this can be nested too deeply. */
const shallowBytesMax = 2 * jsonDepthMax
/** Members up to this are parsed at once. */
const smallMemberBytesMax = 4_096

/** Throws INVALID_ENCODING, INVALID_JSON with the place of the fault, INVALID_REQUEST when it is not an object. */
export function toJsonBody(bytes: ByteList): JsonBody {
  if (!isUtf8List(bytes)) throw new PlatformError('INVALID_ENCODING', 'the request body is not valid UTF-8')
  return bytes.length < skimBytesMin ? parseBody(bytes) : skimBody(bytes)
}

function parseBody(bytes: ByteList): JsonBody {
  const text = toText(bytes)
  const body = parseJson(text)
  if (bytes.length > shallowBytesMax) refuseDepth(bytes)
  if (!isJsonObject(body)) throw new PlatformError('INVALID_REQUEST', 'the request body must be a JSON object')
  return { text, body, skim: undefined }
}

function skimBody(bytes: ByteList): JsonBody {
  const skim = skimJsonObject(bytes)
  if ('faultAt' in skim) {
    const { faultAt, isTooDeep } = skim
    if (isTooDeep === true) throw tooDeep()
    if (sliceBytes(bytes, 0, 3).toString('utf8') === '\ufeff') throw invalidJson(byteOrderMark)
    throw invalidJson(faultAt >= bytes.length ? 'it ends before it is complete' : placeOf(bytes, faultAt))
  }
  // Without a prototype, V8 keeps the properties in the object itself; getters of an ordinary object would stand in its
  // hidden class, and keep the whole request alive until the next major collection.
  const body = Object.create(null) as Record<string, JsonObject[string]>
  for (const member of skim.members) defineMember(body, bytes, member)
  return new SkimmedBody(body, bytes, skim.members)
}

class SkimmedBody implements JsonBody {
  readonly body: JsonObject
  readonly skim: NonNullable<JsonBody['skim']>
  #text: string | undefined

  constructor(body: JsonObject, bytes: ByteList, members: readonly SkimmedMember[]) {
    this.body = body
    this.skim = { bytes, members }
  }

  get text(): string {
    return (this.#text ??= toText(this.skim.bytes))
  }
}

function toText(bytes: ByteList): string {
  return sliceBytes(bytes, 0, bytes.length).toString('utf8')
}

function defineMember(body: object, bytes: ByteList, member: SkimmedMember): void {
  const { key, valueStart, valueEnd } = member
  const parse = (): unknown => parseJson(sliceBytes(bytes, valueStart, valueEnd).toString('utf8'), key)
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

const byteOrderMark = 'it begins with a byte order mark, which JSON has no place for'

function refuseDepth(bytes: ByteList): void {
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
  if (text.startsWith('\ufeff')) return byteOrderMark
  const position = /at position (\d+)/.exec(thrown instanceof Error ? thrown.message : '')?.[1]
  if (position !== undefined) return placeIn(text.slice(0, Number(position)))
  // V8 gives no position for a token that is none, as NaN, True or a second comma.
  const bytes = Buffer.from(text)
  const skim = skimJsonObject({ chunks: [bytes], length: bytes.length })
  return 'faultAt' in skim && skim.faultAt < bytes.length
    ? placeIn(bytes.toString('utf8', 0, skim.faultAt))
    : 'it ends before it is complete'
}

function placeOf(bytes: ByteList, at: number): string {
  return placeIn(sliceBytes(bytes, 0, at).toString('utf8'))
}

/** Line and column of what follows a text. */
function placeIn(before: string): string {
  const line = before.split('\n').length
  return `the first fault is at line ${line}, column ${before.length - before.lastIndexOf('\n')}`
}
