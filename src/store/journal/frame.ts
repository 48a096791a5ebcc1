import { crc32 } from 'node:zlib'

/** Before the body: the CRC-32 of the body in eight hexadecimal digits, and a tab. After it: a newline. */
export const headBytes = 9
const newline = 10
const tab = 9
const digits = Buffer.from('0123456789abcdef', 'latin1')

/** Writes head and newline around the body that lies at `headBytes`; the length of the whole line. */
export function closeFrame(buffer: Buffer, bodyBytes: number): number {
  const end = headBytes + bodyBytes
  let rest = crc32(buffer.subarray(headBytes, end))
  for (let place = 7; place >= 0; place--) {
    buffer[place] = digits[rest & 15] ?? 0
    rest >>>= 4
  }
  buffer[8] = tab
  buffer[end] = newline
  return end + 1
}

export interface Frame {
  /** `undefined` when the line is damaged: torn by a death, or changed on the disk. */
  readonly body: string | undefined
  /** Where the next line starts. */
  readonly end: number
}

/** The line that starts at `start`; `undefined` when its newline is not there yet. */
export function readFrame(buffer: Buffer, start: number): Frame | undefined {
  const end = buffer.indexOf(newline, start)
  return end === -1 ? undefined : { body: readBody(buffer, start, end), end: end + 1 }
}

function readBody(buffer: Buffer, start: number, end: number): string | undefined {
  const from = start + headBytes
  if (end < from || buffer[from - 1] !== tab) return undefined
  const checksum = Number.parseInt(buffer.toString('latin1', start, from - 1), 16)
  return checksum === crc32(buffer.subarray(from, end)) ? buffer.toString('utf8', from, end) : undefined
}
