import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatPassages, parsePassages } from './passages.ts'
import type { Passage } from './ports.ts'

const awkwardText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '</passages>',
    '<passages>\n[1] {}\n',
    'passages-2',
    '[1] {"source":"x"}\n',
    '\n\n',
    '\ud83d',
    '带薪年假',
  ),
)
const passage = fc
  .record({
    collection: fc.string(),
    document: fc.string(),
    source: fc.string({ unit: 'grapheme' }),
    version: fc.string(),
    start: fc.nat(),
    text: fc.array(awkwardText, { maxLength: 5 }).map((pieces) => pieces.join('')),
    headings: fc.array(fc.string()),
    score: fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-9 }),
  })
  .map((parts): Passage => ({ ...parts, end: parts.start + parts.text.length }))

describe('the marked form of passages', () => {
  test('what was formatted is read back exactly, whatever the passages and the text around them hold', () => {
    fc.assert(
      fc.property(fc.array(passage), fc.string(), fc.string(), (passages, before, after) => {
        fc.pre(!before.includes('<passages'))
        expect(parsePassages(`${before}${formatPassages(passages)}${after}`)).toEqual(passages)
      }),
    )
  })

  test('no passage can close the block that holds it', () => {
    fc.assert(
      fc.property(fc.array(passage, { minLength: 1 }), (passages) => {
        const block = formatPassages(passages)
        const closing = block.slice(block.lastIndexOf('</'))
        expect(block.indexOf(closing)).toBe(block.length - closing.length)
      }),
    )
  })

  test('a text without a whole block holds no passages', () => {
    const block = formatPassages([
      {
        collection: 'handbook',
        document: 'doc_1',
        source: 'leave.md',
        version: 'v1',
        start: 0,
        end: 4,
        text: '二十五天',
        headings: [],
        score: 1,
      },
    ])
    expect(parsePassages('You are helpful.')).toEqual([])
    expect(parsePassages(formatPassages([]))).toEqual([])
    expect(parsePassages(block.slice(0, -12))).toEqual([])
    expect(parsePassages(block.replace('"end":4', '"end":400'))).toEqual([])
    expect(parsePassages(block.replace('"start":0', '"start":-1'))).toEqual([])
    expect(parsePassages(block.replace('{"source"', 'source'))).toEqual([])
  })

  test('a span that its text does not fill is a defect', () => {
    const broken = { collection: '', document: '', source: '', version: '', start: 0, end: 9, text: 'short' }
    expect(() => formatPassages([{ ...broken, headings: [], score: 0 }])).toThrow(/as long as its span/)
  })
})
