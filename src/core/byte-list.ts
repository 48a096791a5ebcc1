import { isUtf8 } from 'node:buffer'

/** Bytes as they arrived, in pieces that are never joined unless somebody must see across them. */
export interface ByteList {
  readonly chunks: readonly Buffer[]
  readonly length: number
}

/** The bytes from `start` up to `end` (exclusive), as one buffer: a view where one piece holds them, else a copy. */
export function sliceBytes(list: ByteList, start: number, end: number): Buffer {
  const [first] = list.chunks
  if (start === 0 && end === list.length && first?.length === end) return first
  const pieces = cutBytes(list, start, end)
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}

/** The same bytes as views of the pieces; nothing is copied. */
export function cutBytes(list: ByteList, start: number, end: number): Buffer[] {
  const pieces: Buffer[] = []
  let offset = 0
  for (const chunk of list.chunks) {
    const from = Math.max(start - offset, 0)
    const to = Math.min(end - offset, chunk.length)
    if (from < to) pieces.push(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to))
    offset += chunk.length
    if (offset >= end) break
  }
  return pieces
}

/** Whether the bytes hold `mark` (ASCII), also across two pieces. */
export function includesMark(list: ByteList, mark: string): boolean {
  let offset = 0
  for (const chunk of list.chunks) {
    if (chunk.includes(mark, 0, 'latin1')) return true
    offset += chunk.length
    if (offset >= list.length) break
    const seam = sliceBytes(
      list,
      Math.max(0, offset - mark.length + 1),
      Math.min(list.length, offset + mark.length - 1),
    )
    if (seam.includes(mark, 0, 'latin1')) return true
  }
  return false
}

/** Whether the bytes are UTF-8, characters that pieces share included. */
export function isUtf8List(list: ByteList): boolean {
  const [first] = list.chunks
  if (first?.length === list.length) return isUtf8(first)
  let carried: Buffer = noBytes
  for (const chunk of list.chunks) {
    let rest = chunk
    if (carried.length > 0) {
      // A character is at most four bytes: those carried and the next three hold it.
      const head = Buffer.concat([carried, chunk.subarray(0, 3)])
      const held = unfinishedLength(head)
      const whole = wholeLength(head, carried.length)
      if (whole === undefined) {
        if (chunk.length > 3 || held === 0) return false
        carried = head
        continue
      }
      if (!isUtf8(head.subarray(0, whole))) return false
      rest = chunk.subarray(whole - carried.length)
    }
    const held = unfinishedLength(rest)
    if (!isUtf8(rest.subarray(0, rest.length - held))) return false
    carried = rest.subarray(rest.length - held)
  }
  return carried.length === 0
}

const noBytes = Buffer.alloc(0)

/** Where the character that begins at 0 ends, when it reaches past `carried` bytes and is complete. */
function wholeLength(head: Buffer, carried: number): number | undefined {
  const needed = lengthOf(head[0] ?? 0)
  return needed <= head.length ? Math.max(needed, carried) : undefined
}

/** Bytes of the character that a byte begins. */
function lengthOf(byte: number): number {
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
}

/** How many bytes at the end belong to a character that is not complete. */
function unfinishedLength(chunk: Buffer): number {
  for (let back = 1; back <= 3 && back <= chunk.length; back++) {
    const byte = chunk[chunk.length - back] ?? 0
    if ((byte & 0xc0) !== 0x80) return lengthOf(byte) > back ? back : 0
  }
  return 0
}
