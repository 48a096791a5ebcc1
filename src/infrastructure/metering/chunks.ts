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
  if (first === '{' || first === '[') return readJson(bytes, first)
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

/** A letter of which only the beginning has come, at the very end, is left out. */
function decode(bytes: Buffer, form: { readonly mayBreakOff: boolean }): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: form.mayBreakOff })
  } catch (thrown) {
    throw new PlatformError('INVALID_ENCODING', 'the body is not UTF-8', { cause: thrown })
  }
}

function readJson(bytes: Buffer, first: string): Chunks {
  const whole = { form: 'json', hasEndMark: false, isCut: false } as const
  const text = decode(bytes, { mayBreakOff: true })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    const parts = first === '{' ? readLines(text) : readCutArray(text)
    if (parts !== undefined) return parts
    throw new PlatformError(
      'INVALID_JSON',
      `the body is not JSON: ${reasonOf(thrown)} (of ${text.length} characters)`,
      {
        cause: thrown,
      },
    )
  }
  decode(bytes, { mayBreakOff: false })
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

/** The whole items of an array that breaks off; `undefined` when it does not, or when one of its items is no object. */
function readCutArray(text: string): Chunks | undefined {
  const objects: JsonObject[] = []
  let position = text.indexOf('[') + 1
  for (;;) {
    while (/[\s,]/.test(text[position] ?? '')) position++
    if (position >= text.length) break
    if (text[position] !== '{') return undefined
    const end = findEnd(text, position)
    if (end === undefined) break
    const value = tryParse(text.slice(position, end))
    if (!isJsonObject(value)) return undefined
    objects.push(unwrap(value))
    position = end
  }
  return { form: 'lines', objects, hasEndMark: false, isCut: true }
}

/** Where the object that begins there ends; `undefined` when the text ends first. */
function findEnd(text: string, start: number): number | undefined {
  let depth = 0
  let isInText = false
  for (let index = start; index < text.length; index++) {
    const letter = text[index]
    if (isInText) {
      if (letter === '\\') index++
      else if (letter === '"') isInText = false
    } else if (letter === '"') isInText = true
    else if (letter === '{' || letter === '[') depth++
    else if ((letter === '}' || letter === ']') && --depth === 0) return index + 1
  }
  return undefined
}

/** Bedrock's events as tools log them: the type beside the payload. */
function unwrap(item: JsonObject): JsonObject {
  const payload = item['payload']
  return isJsonObject(payload) && typeof item['type'] === 'string' ? payload : item
}

function readEvents(bytes: Buffer): Chunks {
  const reader = createSseReader({ eventBytesMax: bytes.length + blankLine.length })
  const pushed = reader.push(bytes)
  // The last event, whether it is whole or broke off.
  const events = [...pushed, ...reader.push(blankLine)]
  const objects: JsonObject[] = []
  let isCut = false
  let hasEndMark = false
  for (const [index, { data }] of events.entries()) {
    if (data.trim() === '') continue
    if (data.trim() === '[DONE]') {
      hasEndMark = true
      continue
    }
    const value = tryParse(data)
    const merged = value === undefined ? readMerged(data) : undefined
    if (isJsonObject(value)) objects.push(value)
    else if (merged !== undefined) {
      objects.push(...merged.objects)
      hasEndMark ||= merged.hasEndMark
      isCut ||= merged.isCut
    } else if (index >= pushed.length) isCut = true
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

const blankLine = Buffer.from('\n\n')

/** Events whose blank lines got lost when they were recorded: an object a line. The last line may break off. */
function readMerged(data: string): Omit<Chunks, 'form'> | undefined {
  const lines = data.split('\n').filter((line) => line.trim() !== '')
  const ends = lines.filter((line) => line.trim() === '[DONE]').length
  const values = lines.filter((line) => line.trim() !== '[DONE]').map(tryParse)
  const isCut = ends === 0 && values.at(-1) === undefined
  const objects = values.filter(isJsonObject)
  if (lines.length < 2 || objects.length === 0 || objects.length + (isCut ? 1 : 0) !== values.length) return undefined
  return { objects, hasEndMark: ends > 0, isCut }
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
