import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { skimJsonObject } from './json-skim.ts'

const skim = (text: string) => skimJsonObject(Buffer.from(text))

describe('the skeleton of a JSON object', () => {
  test('every member lies where it says, for any object, however it is laid out', () => {
    const objects = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ depthSize: 'medium' }))
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 1, '\t'), (object, indent) => {
        const bytes = Buffer.from(JSON.stringify(object, undefined, indent))
        const found = skimJsonObject(bytes)
        if (!('members' in found)) return false
        const read = found.members.map(({ key, valueStart, valueEnd }) => [
          key,
          JSON.parse(bytes.toString('utf8', valueStart, valueEnd)) as unknown,
        ])
        expect(read).toEqual(Object.entries(JSON.parse(bytes.toString('utf8')) as object))
        return true
      }),
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
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = `{${parts.join('')}}`
        let isObject: boolean
        try {
          JSON.parse(text)
          isObject = true
        } catch {
          isObject = false
        }
        return 'members' in skim(text) === isObject
      }),
      { numRuns: 5_000 },
    )
  })

  test('a fault is named by its byte', () => {
    expect(skim('{"a":1,}')).toEqual({ faultAt: 7 })
    expect(skim('{"a":[1 2]}')).toEqual({ faultAt: 8 })
    expect(skim('[]')).toEqual({ faultAt: 0 })
    expect(skim('{"a":1} x')).toEqual({ faultAt: 8 })
    expect(skim('{"a":"unfinished')).toEqual({ faultAt: 5 })
  })

  test('a body nested beyond reason is refused without a stack of its own', () => {
    expect(skim(`{"a":${'['.repeat(1_000_000)}`)).toEqual({ faultAt: 1_005, isTooDeep: true })
    const depth = 900
    expect('members' in skim(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)).toBe(true)
  })
})
