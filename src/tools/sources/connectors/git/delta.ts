import { PlatformError } from '../../../../core/errors.ts'

/** What a delta says of itself. */
export interface DeltaHead {
  readonly baseBytes: number
  readonly bytes: number
  /** Where its instructions begin. */
  readonly start: number
}

export function readDeltaHead(delta: Buffer): DeltaHead {
  const base = readSize(delta, 0)
  const result = readSize(delta, base.end)
  return { baseBytes: base.value, bytes: result.value, start: result.end }
}

/** Copies from the base and inserts of its own, one after the other. Throws UPSTREAM_INVALID when it does not add up. */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const head = readDeltaHead(delta)
  if (head.baseBytes !== base.length) throw broken()
  const result = Buffer.alloc(head.bytes)
  let [at, written] = [head.start, 0]
  while (at < delta.length) {
    const code = delta[at++] ?? 0
    let piece: Buffer
    if ((code & 0x80) === 0) {
      if (code === 0 || at + code > delta.length) throw broken()
      piece = delta.subarray(at, at + code)
      at += code
    } else {
      const numbers = [0, 0, 0, 0, 0, 0, 0].map((_, bit) => ((code >> bit) & 1) === 1)
      const [offset, size] = [0, 0].map((_, index) => {
        const present = index === 0 ? numbers.slice(0, 4) : numbers.slice(4)
        return present.reduce((sum, isThere, place) => (isThere ? sum + (delta[at++] ?? 0) * 256 ** place : sum), 0)
      })
      const length = size === 0 ? 0x1_00_00 : (size ?? 0)
      if ((offset ?? 0) + length > base.length || at > delta.length) throw broken()
      piece = base.subarray(offset, (offset ?? 0) + length)
    }
    if (written + piece.length > result.length) throw broken()
    piece.copy(result, written)
    written += piece.length
  }
  if (written !== result.length) throw broken()
  return result
}

/** Seven bits a byte, least first. */
function readSize(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let [value, at] = [0, start]
  for (let shift = 0; shift < 49; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) throw broken()
    value += (byte & 0x7f) * 2 ** shift
    if ((byte & 0x80) === 0) return { value, end: at }
  }
  throw broken()
}

export function broken(): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', 'the pack that the repository sent is damaged')
}
