import { crc32 } from 'node:zlib'
import type { JsonObject } from '../../../src/core/json.ts'
import type { BodyDialect } from '../../../src/infrastructure/index.ts'

/** What an answer used, before any vendor has written it down. Every part lies inside its total. */
export interface Figures {
  /** Neither read from nor written to a cache. */
  readonly plain: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  /** Without reasoning. */
  readonly output: number
  readonly reasoning: number
}

/** One way in which a vendor writes usage down. */
export interface Writer {
  readonly dialect: BodyDialect
  readonly name: string
  /** Parts of the figures that this vendor has no words for: they are 0 in what is written. */
  readonly lacks: readonly (keyof Figures)[]
  /** The price catalogue's name of the vendor and of the form, where it reads this form too. */
  readonly catalogue: readonly [vendor: string, form: string] | undefined
  write(figures: Figures, model: string): JsonObject | Buffer
}

export const noWrites = ['cacheWrite5m', 'cacheWrite1h'] as const
export const text = '答案 is 42.'

export function sse(events: readonly JsonObject[], hasEndMark = false): Buffer {
  const lines = events.map((event) => `data: ${JSON.stringify(event)}\n\n`)
  return Buffer.from(lines.join('') + (hasEndMark ? 'data: [DONE]\n\n' : ''))
}

export function frame(type: string, payload: JsonObject): Buffer {
  const name = ':event-type'
  const value = Buffer.from(type)
  const headers = Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([7, 0, value.length]),
    value,
  ])
  const body = Buffer.from(JSON.stringify(payload))
  const prelude = Buffer.alloc(12)
  prelude.writeUInt32BE(16 + headers.length + body.length, 0)
  prelude.writeUInt32BE(headers.length, 4)
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8)
  const start = Buffer.concat([prelude, headers, body])
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(start))
  return Buffer.concat([start, checksum])
}
