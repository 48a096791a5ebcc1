import { cutBytes, includesMark, type ByteList } from '../../../core/byte-list.ts'
import type { WireRequest } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { RequestTarget } from '../dialect.ts'
import { sealMark } from './signatures.ts'

export interface PatchOptions {
  /** Ask for usage in the stream (OpenAI chat). */
  readonly asksUsage: boolean
  /** What the dialect calls the bound on output; the first is written where the client gave none. */
  readonly boundNames: (model: string) => readonly [string, ...string[]]
  /**
   * Writes the request anew through the normal form: for bodies that hold a seal, which another vendor's reasoning or
   * call is under and this one would refuse.
   */
  readonly translate: (wire: WireRequest, target: RequestTarget) => JsonObject
}

/**
 * The client's text with the model's name replaced, `strata` removed and usage asked for; every other byte as it was.
 * Written anew when a top-level key stands twice or is written with an escape, or when the target streams differently.
 */
export function createRequestPatch(
  options: PatchOptions,
): (wire: WireRequest, target: RequestTarget) => string | readonly Uint8Array[] {
  return (wire, target) => {
    const { body, skim } = wire
    const bound = toBound(options, body, target)
    if (skim === undefined ? wire.text.includes(sealMark) : includesMark(skim.bytes, sealMark)) {
      return JSON.stringify(options.translate(wire, target))
    }
    const members = skim === undefined ? readMembers(wire.text) : uniqueMembers(skim.members)
    const wantsUsage = options.asksUsage && target.stream
    if (members === undefined || (body['stream'] === true) !== target.stream)
      return rewrite(body, target, { wantsUsage, bound })
    const edits: Edit[] = []
    let additions = ''
    const modelText = JSON.stringify(target.model)
    const model = members.find((member) => member.key === 'model')
    if (model === undefined) additions += `"model":${modelText},`
    else edits.push({ start: model.valueStart, end: model.valueEnd, text: modelText })
    if (wantsUsage) {
      const member = members.find((candidate) => candidate.key === 'stream_options')
      const value = JSON.stringify(withUsage(body))
      if (member === undefined) additions += `"stream_options":${value},`
      else edits.push({ start: member.valueStart, end: member.valueEnd, text: value })
    }
    for (const [name, value] of Object.entries(bound)) {
      const member = members.find((candidate) => candidate.key === name)
      if (member === undefined) additions += `${JSON.stringify(name)}:${value},`
      else edits.push({ start: member.valueStart, end: member.valueEnd, text: String(value) })
    }
    const extension = members.findIndex((member) => member.key === 'strata')
    if (extension !== -1) edits.push(removal(members, extension))
    if (additions !== '') {
      if (members.length === edits.filter((edit) => edit.text === '').length) additions = additions.slice(0, -1)
      const at = (skim === undefined ? wire.text.indexOf('{') : findBrace(skim.bytes)) + 1
      edits.push({ start: at, end: at, text: additions })
    }
    edits.sort((left, right) => left.start - right.start || left.end - right.end)
    return skim === undefined ? splice(wire.text, edits) : spliceBytes(skim.bytes, edits)
  }
}

interface Member {
  readonly key: string
  readonly keyStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

const quote = 34
const comma = 44
const closeBrace = 125
const backslash = 92

/** The members of the object at the top of valid JSON; `undefined` when a key stands twice or is written with an escape. */
function readMembers(text: string): readonly Member[] | undefined {
  const members: Member[] = []
  const seen: string[] = []
  let at = text.indexOf('{') + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === closeBrace) return members
    if (code !== quote) {
      at++ // a blank or a comma
      continue
    }
    const keyEnd = skipString(text, at)
    const key = text.slice(at + 1, keyEnd - 1)
    if (key.includes('\\') || seen.includes(key)) return undefined
    seen.push(key)
    const valueStart = skipBlanks(text, text.indexOf(':', keyEnd) + 1)
    const valueEnd = skipValue(text, valueStart)
    members.push({ key, keyStart: at, valueStart, valueEnd })
    at = valueEnd
  }
  return members
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= 32) at++
  return at
}

/** The offset after the string that begins at `from`. */
function skipString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1)
  while (at !== -1) {
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return at + 1
    at = text.indexOf('"', at + 1)
  }
  return text.length
}

/** The offset after the value that begins at `from`. */
function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from)
  if (first === quote) return skipString(text, from)
  let at = from
  if (first !== 123 && first !== 91) {
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === comma || code === closeBrace || code <= 32) break
    }
    return at
  }
  let depth = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = skipString(text, at)
      continue
    }
    if (code === 123 || code === 91) depth++
    else if (code === 125 || code === 93) {
      depth--
      if (depth === 0) return at + 1
    }
    at++
  }
  return at
}

/** A member and one comma beside it. */
function removal(members: readonly Member[], index: number): Edit {
  const member = members[index]
  const before = members[index - 1]
  const after = members[index + 1]
  const start = before === undefined ? (member?.keyStart ?? 0) : before.valueEnd
  const end = before === undefined && after !== undefined ? after.keyStart : (member?.valueEnd ?? 0)
  return { start, end, text: '' }
}

/** `undefined` when a key stands twice. */
function uniqueMembers(members: readonly Member[]): readonly Member[] | undefined {
  return new Set(members.map((member) => member.key)).size === members.length ? members : undefined
}

/** Views of the client's bytes with the edits between them; nothing of a large body is copied. */
function spliceBytes(bytes: ByteList, edits: readonly Edit[]): readonly Uint8Array[] {
  const pieces: Buffer[] = []
  let at = 0
  for (const edit of edits) {
    pieces.push(...cutBytes(bytes, at, edit.start))
    if (edit.text !== '') pieces.push(Buffer.from(edit.text))
    at = edit.end
  }
  pieces.push(...cutBytes(bytes, at, bytes.length))
  return pieces
}

/** Where the object begins; only blanks stand before it. */
function findBrace(bytes: ByteList): number {
  let offset = 0
  for (const chunk of bytes.chunks) {
    const at = chunk.indexOf('{')
    if (at !== -1) return offset + at
    offset += chunk.length
  }
  return offset
}

function splice(text: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

function rewrite(
  body: JsonObject,
  target: RequestTarget,
  { wantsUsage, bound }: { readonly wantsUsage: boolean; readonly bound: JsonObject },
): string {
  const { strata: _, ...rest } = body
  const streaming = target.stream === (body['stream'] === true) ? {} : { stream: target.stream }
  const usage = wantsUsage ? { stream_options: withUsage(body) } : {}
  return JSON.stringify({ ...rest, ...streaming, ...usage, ...bound, model: target.model })
}

/** The bounds on output that have to be written so that none is above the cap. */
function toBound(
  options: PatchOptions,
  body: JsonObject,
  { model, outputTokensCap }: RequestTarget,
): Readonly<Record<string, number>> {
  if (outputTokensCap === undefined) return {}
  const [first, ...others] = options.boundNames(model)
  const given = [first, ...others].filter((name) => body[name] !== undefined && body[name] !== null)
  const above = given.filter((name) => !(Number(body[name]) <= outputTokensCap))
  const written = given.length === 0 ? [first] : above
  return Object.fromEntries(written.map((name) => [name, outputTokensCap]))
}

function withUsage(body: JsonObject): JsonObject {
  const options = body['stream_options']
  return { ...(isJsonObject(options) ? options : {}), include_usage: true }
}
