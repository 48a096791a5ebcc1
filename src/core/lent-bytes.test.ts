import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { cutBytes, sliceBytes } from './byte-list.ts'
import { LentBytes, lentBytesOf } from './lent-bytes.ts'

const size = 20_000

/** Memory of its own, as a socket's reads have. */
function own(fill: number, length = size): Buffer {
  return Buffer.from(new ArrayBuffer(length)).fill(fill)
}

describe('lent bytes', () => {
  it('are there while somebody holds them, and gone with the last', () => {
    const chunks = [own(1), own(2)]
    const lent = new LentBytes(chunks, 2 * size)
    lent.hold()
    lent.letGo()
    expect(sliceBytes(lent, size - 1, size + 1)).toEqual(Buffer.from([1, 2]))
    lent.letGo()
    expect(chunks.map((chunk) => chunk.buffer.byteLength)).toEqual([0, 0])
  })

  it('are not read, held or let go once they are gone', () => {
    const lent = new LentBytes([own(1)], size)
    lent.letGo()
    for (const act of [() => lent.chunks, () => lent.hold(), () => lent.letGo(), () => sliceBytes(lent, 0, 1)]) {
      expect(act).toThrow(/memory was given back/)
    }
  })

  it('are known by each view of a piece', () => {
    const lent = new LentBytes([own(1), own(2)], 2 * size)
    for (const view of cutBytes(lent, 100, size + 100)) expect(lentBytesOf(view)).toBe(lent)
    expect(lentBytesOf(own(3))).toBeUndefined()
  })

  it('leave memory alone that is not all theirs', () => {
    const shared = own(7, 2 * size)
    const lent = new LentBytes([shared.subarray(0, size), own(8, 100)], size + 100)
    lent.letGo()
    expect(shared.every((byte) => byte === 7)).toBe(true)
    expect(shared.length).toBe(2 * size)
  })
})
