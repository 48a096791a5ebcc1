import { PlatformError } from '../../../../core/errors.ts'

/** One line of the protocol, or one of its marks: the end of a message, the end of a section of it. */
export type Packet = Buffer | 'flush' | 'delimiter'

/** A line with its length before it: four hexadecimal digits that count themselves. */
export function toPacket(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text
}

export const flush = '0000'
export const delimiter = '0001'

/** Throws UPSTREAM_INVALID for what is no line, or ends in the middle of one. */
export function* readPackets(bytes: Buffer): Generator<Packet> {
  let at = 0
  while (at < bytes.length) {
    const digits = bytes.toString('latin1', at, at + 4)
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : 3
    if (length === 3 || at + length > bytes.length) {
      throw new PlatformError(
        'UPSTREAM_INVALID',
        'the answer is not of the protocol of git; is the address a repository?',
      )
    }
    if (length > 3) yield bytes.subarray(at + 4, at + length)
    else if (length === 0) yield 'flush'
    else if (length === 1) yield 'delimiter'
    at += Math.max(4, length)
  }
}

/** A line as text, without the line break at its end; `undefined` for a mark. */
export function toLine(packet: Packet): string | undefined {
  return typeof packet === 'string' ? undefined : packet.toString('utf8').replace(/\n$/, '')
}
