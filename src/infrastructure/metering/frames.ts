import { crc32 } from 'node:zlib'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'

/** The events in bytes of `application/vnd.amazon.eventstream`, as far as they go. */
export interface Frames {
  readonly payloads: readonly JsonObject[]
  /** Whether the bytes end where a frame ends. */
  readonly isWhole: boolean
}

/** Lengths of frame and headers, and the checksum of both. */
const preludeBytes = 12
const checksumBytes = 4
const frameBytesMax = 16_777_216 // the service's own bound

/** Whether the bytes begin like a frame: the checksum of the lengths is right, as far as it has come. */
export function looksLikeFrames(bytes: Buffer): boolean {
  if (bytes.length < preludeBytes) return bytes[0] === 0
  return crc32(bytes.subarray(0, 8)) === bytes.readUInt32BE(8)
}

/** Throws UPSTREAM_INVALID with the byte at which a frame is damaged. A frame that breaks off at the end is left out. */
export function readFrames(bytes: Buffer): Frames {
  const payloads: JsonObject[] = []
  let start = 0
  while (start + preludeBytes <= bytes.length) {
    const length = bytes.readUInt32BE(start)
    const headerBytes = bytes.readUInt32BE(start + 4)
    if (crc32(bytes.subarray(start, start + 8)) !== bytes.readUInt32BE(start + 8)) throw damaged(start)
    if (length > frameBytesMax || length < preludeBytes + headerBytes + checksumBytes) throw damaged(start)
    if (start + length > bytes.length) break
    const end = start + length - checksumBytes
    if (crc32(bytes.subarray(start, end)) !== bytes.readUInt32BE(end)) throw damaged(start)
    payloads.push(toPayload(bytes.subarray(start + preludeBytes + headerBytes, end), start))
    start += length
  }
  return { payloads, isWhole: start === bytes.length }
}

/** A payload, or what is wrapped in it where a model is asked in its maker's own dialect. */
function toPayload(bytes: Buffer, start: number): JsonObject {
  const payload = parse(bytes, start)
  const wrapped = payload['bytes']
  return typeof wrapped === 'string' ? parse(Buffer.from(wrapped, 'base64'), start) : payload
}

function parse(bytes: Buffer, start: number): JsonObject {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (isJsonObject(value)) return value
  } catch (thrown) {
    throw damaged(start, thrown)
  }
  throw damaged(start)
}

function damaged(start: number, cause?: unknown): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', `the frame at byte ${start} is damaged`, { cause })
}
