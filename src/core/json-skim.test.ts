import { isUtf8 } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutBytes, includesMark, isUtf8List, sliceBytes, type ByteList } from './byte-list.ts'
import { skimJsonObject } from './json-skim.ts'

const skim = (text: string) => skimJsonObject(toList(Buffer.from(text)))

/** The bytes in pieces of that many. */
function toList(bytes: Buffer, pieceLength = bytes.length): ByteList {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceLength) chunks.push(bytes.subarray(at, at + pieceLength))
  return { chunks, length: bytes.length }
}

describe('the skeleton of a JSON object', () => {
  test('every member lies where it says, for any object, however it is laid out', () => {
    const objects = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ depthSize: 'medium' }))
    fc.assert(
      fc.property(
        objects,
        fc.constantFrom(0, 1, '\t'),
        fc.integer({ min: 1, max: 40 }),
        (object, indent, pieceLength) => {
          const bytes = Buffer.from(JSON.stringify(object, undefined, indent))
          const found = skimJsonObject(toList(bytes, pieceLength))
          if (!('members' in found)) return false
          const read = found.members.map(({ key, valueStart, valueEnd }) => [
            key,
            JSON.parse(bytes.toString('utf8', valueStart, valueEnd)) as unknown,
          ])
          expect(read).toEqual(Object.entries(JSON.parse(bytes.toString('utf8')) as object))
          return true
        },
      ),
      { numRuns: 500 },
    )
  })

  test('agrees with JSON.parse on what is malformed outside strings', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b\\"c"',
      '1',
      '-0.5e3',
      'true',
      'null',
      ' ',
      '01',
      'tru',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.integer({ min: 1, max: 8 }), (parts, pieceLength) => {
        const text = `{${parts.join('')}}`
        let isObject: boolean
        try {
          JSON.parse(text)
          isObject = true
        } catch {
          isObject = false
        }
        return 'members' in skimJsonObject(toList(Buffer.from(text), pieceLength)) === isObject
      }),
      { numRuns: 5_000 },
    )
  })

  test('a fault is named by its byte', () => {
    expect(skim('{"a":1,}')).toEqual({ faultAt: 7 })
    expect(skim('{"a":[1 2]}')).toEqual({ faultAt: 8 })
    expect(skim('[]')).toEqual({ faultAt: 0 })
    expect(skim('{"a":1} x')).toEqual({ faultAt: 8 })
    expect(skim('{"a":"unfinished')).toEqual({ faultAt: 16 })
  })

  test('a body nested beyond reason is refused without a stack of its own', () => {
    expect(skim(`{"a":${'['.repeat(1_000_000)}`)).toEqual({ faultAt: 1_005, isTooDeep: true })
    const depth = 900
    expect('members' in skim(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)).toBe(true)
  })
})

describe('bytes in pieces', () => {
  test('are UTF-8 exactly when they are in one', () => {
    const bytes = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array)),
    )
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 5 }), (buffer, pieceLength) => {
        expect(isUtf8List(toList(buffer, pieceLength))).toBe(isUtf8(buffer))
      }),
      { numRuns: 3_000 },
    )
  })

  test('are cut and sliced where one buffer would be', () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
    fc.assert(
      fc.property(
        bytes,
        fc.integer({ min: 1, max: 9 }),
        fc.tuple(fc.nat(45), fc.nat(45)),
        (buffer, pieceLength, [start, end]) => {
          const list = toList(buffer, pieceLength)
          expect(sliceBytes(list, start, end).equals(buffer.subarray(start, Math.max(start, end)))).toBe(true)
          expect(Buffer.concat(cutBytes(list, start, end)).equals(sliceBytes(list, start, end))).toBe(true)
        },
      ),
    )
  })

  test('hold a mark that lies across two of them', () => {
    const bytes = Buffer.from('abcZmarkdef')
    for (let pieceLength = 1; pieceLength <= bytes.length; pieceLength++) {
      expect(includesMark(toList(bytes, pieceLength), 'Zmark')).toBe(true)
      expect(includesMark(toList(bytes, pieceLength), 'Zmarks')).toBe(false)
    }
  })
})
