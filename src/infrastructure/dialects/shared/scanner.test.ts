import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createScanner, type Scanner, type ScanKey } from './scanner.ts'

const keys: readonly ScanKey[] = [
  { name: 'content', type: 'length', slot: 0 },
  { name: 'reasoning', type: 'length', slot: 1 },
  { name: 'usage', type: 'flag', flag: 1, when: 'object' },
  { name: 'finish', type: 'flag', flag: 2, when: 'string' },
  { name: 'object', type: 'place', depth: 1 },
]

interface Seen {
  readonly isObject: boolean
  readonly units: readonly number[]
  readonly wide: readonly number[]
  readonly flags: number
  readonly place: string
}

function look(scanner: Scanner, event: Buffer, before: number): Seen {
  const buffer = Buffer.concat([Buffer.alloc(before, 120), event, Buffer.from('\n\n')])
  const isObject = scanner.scan(buffer, before, before + event.length)
  const place = isObject ? scanner.place(buffer) : ''
  return isObject
    ? { isObject, units: [...scanner.units], wide: [...scanner.wide], flags: scanner.flags, place }
    : { isObject, units: [], wide: [], flags: 0, place }
}

/** Events as streams have them: a few shapes, one of them again and again, the strings different each time. */
const event = fc
  .tuple(
    fc.constantFrom('delta', 'delta', 'delta', 'delta', 'both', 'usage', 'placed', 'finish', 'broken', 'cut', 'other'),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('', '"', '\\', '","usage":{}', '中文', '\u2028', '😀'),
    ),
  )
  .map(([shape, text]) => {
    const value = JSON.stringify(text)
    const escaped = value.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const shapes: Record<string, string> = {
      delta: `{"id":"c1","object":"chunk","choices":[{"delta":{"content":${value}},"finish":null}]}`,
      both: `{"id":"c1","object":"chunk","choices":[{"delta":{"content":${value},"reasoning":${escaped}},"finish":null}]}`,
      usage: `{"id":"c1","object":"chunk","choices":[{"delta":{"content":${value}},"finish":null}],"usage":{"n":1}}`,
      placed: `{"id":"c1","choices":[{"delta":{"content":${escaped}},"finish":"stop"}],"object":"error"}`,
      finish: `{"id":"c1","object":"chunk","choices":[{"delta":{"content":${value}},"finish":"ok"}]}`, // as long as null
      broken: `{"id":"c1","object":"chunk","choices":[{"delta":{"content":${value}},"finish":null}]`,
      cut: `{"id":"c1","object":"chunk","choices":[{"delta":{"content":${value}`,
      other: `{"error":${value}}`,
    }
    return Buffer.from(shapes[shape] ?? '')
  })

test('what a scanner has seen before does not change what it sees', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(9)), { maxLength: 30 }), (events) => {
      const kept = createScanner(keys, 2)
      for (const [bytes, before] of events) {
        expect(look(kept, bytes, before)).toEqual(look(createScanner(keys, 2), bytes, before))
      }
    }),
    { numRuns: 500 },
  )
})
