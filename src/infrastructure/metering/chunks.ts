import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { createSseReader } from '../dialects/index.ts'
import { looksLikeFrames, readFrames } from './frames.ts'

/** A body as the JSON objects it is made of: one for a whole answer, one for each event of a stream. */
export interface Chunks {
  readonly form: 'json' | 'events' | 'lines' | 'frames'
  readonly objects: readonly JsonObject[]
  /** Whether OpenAI's end mark came. */
  readonly hasEndMark: boolean
  /** Whether the bytes end in the middle of an event. */
  readonly isCut: boolean
}

/**
 * Cuts a body, whatever form it has: JSON, a JSON array of chunks, server-sent events, a chunk a line, binary frames.
 * Throws INVALID_JSON or INVALID_ENCODING with the place of the first fault. What breaks off at the end of a stream is no
 * fault: it is left out.
 */
export function cutBody(bytes: Buffer): Chunks {
  if (looksLikeFrames(bytes)) {
    const { payloads, isWhole } = readFrames(bytes)
    return { form: 'frames', objects: payloads, hasEndMark: false, isCut: !isWhole }
  }
  const first = firstLetter(bytes)
  if (first === undefined) throw new PlatformError('INVALID_JSON', 'the body is empty')
  if (first === '{' || first === '[') return readJson(decode(bytes), first)
  return readEvents(bytes)
}

function firstLetter(bytes: Buffer): string | undefined {
  const start = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
  for (let index = start; index < bytes.length; index++) {
    const letter = String.fromCharCode(bytes[index] ?? 0)
    if (!/\s/.test(letter)) return letter
  }
  return undefined
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (thrown) {
    throw new PlatformError('INVALID_ENCODING', 'the body is not UTF-8', { cause: thrown })
  }
}

function readJson(text: string, first: string): Chunks {
  const whole = { form: 'json', hasEndMark: false, isCut: false } as const
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    const lines = first === '{' ? readLines(text) : undefined
    if (lines !== undefined) return lines
    throw new PlatformError(
      'INVALID_JSON',
      `the body is not JSON: ${reasonOf(thrown)} (of ${text.length} characters)`,
      {
        cause: thrown,
      },
    )
  }
  if (isJsonObject(value)) return { ...whole, objects: [value] }
  // Google streams an array where it is not asked for events.
  const items: readonly unknown[] = Array.isArray(value) ? value : []
  items.forEach((item, index) => {
    if (!isJsonObject(item)) throw new PlatformError('INVALID_JSON', `[${index}] of the body is not an object`)
  })
  if (items.length === 0) throw new PlatformError('INVALID_JSON', 'the body is an empty array; it holds no answer')
  return { ...whole, form: 'lines', objects: items.filter(isJsonObject).map(unwrap) }
}

/** A chunk a line; `undefined` when the first line is none. The last line may break off. */
function readLines(text: string): Chunks | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (lines.length < 2) return undefined
  const objects: JsonObject[] = []
  let isCut = false
  for (const [index, line] of lines.entries()) {
    const value = tryParse(line)
    if (isJsonObject(value)) objects.push(unwrap(value))
    else if (index === 0) return undefined
    else if (index === lines.length - 1 && value === undefined) isCut = true
    else throw new PlatformError('INVALID_JSON', `line ${index + 1} of the body is not a JSON object`)
  }
  return { form: 'lines', objects, hasEndMark: false, isCut }
}

/** Bedrock's events as tools log them: the type beside the payload. */
function unwrap(item: JsonObject): JsonObject {
  const payload = item['payload']
  return isJsonObject(payload) && typeof item['type'] === 'string' ? payload : item
}

function readEvents(bytes: Buffer): Chunks {
  const reader = createSseReader({ eventBytesMax: bytes.length + 1 })
  const pushed = reader.push(bytes)
  let last: ReturnType<typeof reader.end> = []
  let isCut = false
  try {
    last = reader.end()
  } catch {
    isCut = true // The last event broke off.
  }
  const events = [...pushed, ...last]
  const objects: JsonObject[] = []
  let hasEndMark = false
  for (const [index, { data }] of events.entries()) {
    if (data.trim() === '') continue
    if (data.trim() === '[DONE]') {
      hasEndMark = true
      continue
    }
    const value = tryParse(data)
    if (isJsonObject(value)) objects.push(value)
    else if (index >= pushed.length) isCut = true
    else {
      const what = value === undefined ? 'not JSON' : 'not a JSON object'
      throw new PlatformError('INVALID_JSON', `event ${index + 1} of the stream is ${what}`)
    }
  }
  if (objects.length === 0 && !looksLikeEvents(bytes)) {
    throw new PlatformError('INVALID_JSON', 'the body is neither JSON nor a stream of server-sent events')
  }
  return { form: 'events', objects, hasEndMark, isCut }
}

/** Whether the bytes begin with a field of the format, or with the beginning of one. */
function looksLikeEvents(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 64).toString('utf8').trimStart()
  return ['data', 'event', 'id', 'retry', ':'].some((name) => start.startsWith(name) || name.startsWith(start))
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The parser's own words for the place; they quote at most a few characters of the text, which stays with its owner. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.slice(0, 200) : 'unknown reason'
}
