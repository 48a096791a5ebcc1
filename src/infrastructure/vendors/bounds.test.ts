import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundFrames, boundLines, boundWhole, type ByteBound } from './bounds.ts'
import { toFrame } from './testing.ts'

/** Whether all bytes pass, given in pieces of any size. */
function passes(bound: ByteBound, bytes: Buffer, pieceBytes: number): boolean {
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    if (!bound.add(bytes.subarray(start, start + pieceBytes))) return false
  }
  return true
}

const pieces = fc.integer({ min: 1, max: 500 })

test('many small lines pass, however many come at once; a longer one does not, however it is cut', () => {
  fc.assert(
    fc.property(pieces, fc.nat({ max: 60 }), fc.constantFrom('\n', '\r\n', '\r'), (pieceBytes, count, lineEnd) => {
      const small = Buffer.from(`data: ${'x'.repeat(90)}${lineEnd}${lineEnd}`.repeat(count))
      expect(passes(boundLines(100), small, pieceBytes)).toBe(true)
      const long = Buffer.concat([small, Buffer.from(`data: ${'x'.repeat(700)}`)])
      expect(passes(boundLines(100), long, pieceBytes)).toBe(false)
    }),
  )
})

test('frames are bounded one by one', () => {
  fc.assert(
    fc.property(pieces, fc.nat({ max: 20 }), (pieceBytes, count) => {
      const small = toFrame({ type: 'contentBlockDelta', payload: { text: 'a\nb\n' } })
      const long = toFrame({ type: 'contentBlockDelta', payload: { text: 'x'.repeat(700) } })
      const frames = Buffer.concat(Array.from({ length: count }, () => small))
      expect(passes(boundFrames(300), frames, pieceBytes)).toBe(true)
      expect(passes(boundFrames(300), Buffer.concat([frames, long]), pieceBytes)).toBe(false)
    }),
  )
  expect(passes(boundFrames(300), Buffer.alloc(4), 1)).toBe(false)
})

test('a whole body is bounded as a whole', () => {
  expect(passes(boundWhole(10), Buffer.alloc(10), 3)).toBe(true)
  expect(passes(boundWhole(10), Buffer.alloc(11), 3)).toBe(false)
})
