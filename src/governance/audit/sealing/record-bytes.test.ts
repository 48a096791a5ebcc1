import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashLeafText } from '../merkle.ts'
import { RecordBytes } from './record-bytes.ts'

/** What is written, and the JSON text of it. */
type Piece = readonly [write: (bytes: RecordBytes) => void, text: string]

const constant = fc.string({ unit: 'binary', maxLength: 3_000 }).map((text): Piece => {
  const part = Buffer.from(text)
  return [(bytes) => bytes.constant(part), part.toString()]
})
const quoted = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 4_000 }),
    fc.string({ unit: 'grapheme-ascii' }),
    fc.constant('\ud800 "\\'),
  )
  .map((text): Piece => [(bytes) => bytes.quoted(text), JSON.stringify(text)])
const whole = fc
  .oneof(fc.maxSafeNat(), fc.maxSafeInteger(), fc.nat(2_000_000_000), fc.constantFrom(0, 999_999_999, 1_000_000_000))
  .map((value): Piece => [(bytes) => bytes.whole(value), JSON.stringify(value)])
const cost = fc
  .oneof(fc.bigInt(), fc.maxSafeNat())
  .map((value): Piece => [(bytes) => bytes.quotedWhole(value), `"${value}"`])
const number = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.nat(2_100_000_000).map((micros) => micros / 1_000),
    fc.constantFrom(0, -0, 0.001, 0.01, 0.1, 1.05, 2_000_000, 1_999_999.999),
  )
  .map((value): Piece => [(bytes) => bytes.number(value), JSON.stringify(value)])
const absent = fc
  .constantFrom<((bytes: RecordBytes) => void)[]>(
    (bytes) => bytes.quoted(null),
    (bytes) => bytes.whole(undefined),
    (bytes) => bytes.whole(null),
    (bytes) => bytes.quotedWhole(null),
    (bytes) => bytes.number(null),
  )
  .map((write): Piece => [write, 'null'])

test('what is written byte by byte hashes as the JSON text of the same values, however long, one record after the other', () => {
  const bytes = new RecordBytes()
  fc.assert(
    fc.property(fc.array(fc.oneof(constant, quoted, whole, cost, number, absent), { maxLength: 40 }), (pieces) => {
      bytes.start()
      for (const [write] of pieces) write(bytes)
      expect(bytes.hash()).toBe(hashLeafText(pieces.map(([, text]) => text).join('')))
    }),
    { numRuns: 500, seed: 11 },
  )
})
