import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFold, holdsPhrase } from './fold.ts'
import { parseQuery } from './parse.ts'

test('reads phrases, exclusions and filters, and leaves the words', () => {
  expect(
    parseQuery('"annual leave" days -sick -"unpaid leave" type:pdf -lang:zh title:"Staff handbook" after:2024-05'),
  ).toEqual({
    text: 'annual leave days',
    phrases: ['annual leave'],
    excluded: ['sick', 'unpaid leave'],
    filters: [
      { field: 'type', value: 'pdf', isExcluded: false },
      { field: 'language', value: 'zh', isExcluded: true },
      { field: 'title', value: 'Staff handbook', isExcluded: false },
      { field: 'after', value: '2024-05', atMs: Date.UTC(2024, 4) },
    ],
  })
  expect(parseQuery('年假 类型：docx 早于:2024年3月5日')).toMatchObject({
    text: '年假',
    filters: [
      { field: 'type', value: 'docx' },
      { field: 'before', atMs: Date.UTC(2024, 2, 5) },
    ],
  })
})

test('what is no operator is words', () => {
  for (const words of [
    'well-known e-mail',
    'from -5 to 10 degrees',
    'a 5" screen',
    'he said "nothing',
    '“引号”和「年假」',
    'colour:blue',
    'https://example.org/a-b',
    '- -- "" -""',
    'title: of the book',
  ]) {
    expect(parseQuery(words)).toEqual({ text: words, phrases: [], excluded: [], filters: [] })
  }
})

test('a date that is none is refused, and so are too many operators', () => {
  for (const query of ['before:soon', 'after:2024-13', 'after:2024-04-31', '-before:2024']) {
    expect(() => parseQuery(query), query).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', param: 'query' }))
  }
  expect(() => parseQuery(Array.from({ length: 17 }, (_, index) => `-word${index}`).join(' '))).toThrow(/at most 16/)
})

test('any question is read or refused, never broken', () => {
  const pieces = fc.array(
    fc.oneof(fc.constantFrom('"', '-', ' ', 'title:', 'before:', '年', '＂', 'a', '2024', ':'), fc.string()),
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      try {
        parseQuery(parts.join(''))
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'INVALID_REQUEST' })
      }
    }),
    { numRuns: 500 },
  )
})

test('a phrase stands in a text as whole words, but for case, width, script and blanks', () => {
  const fold = createFold()
  const holds = (text: string, phrase: string) => holdsPhrase(fold(text), fold(phrase))
  expect(holds('The Annual\n  Leave rule', 'annual leave')).toBe(true)
  expect(holds('concatenate', 'cat')).toBe(false)
  expect(holds('cats concatenate a cat.', 'cat')).toBe(true)
  expect(holds('員工的年假有二十五天', '年假有')).toBe(true)
  expect(holds('使用GPT4模型', 'gpt4')).toBe(true)
  expect(holds('Café', 'cafe')).toBe(true)
  expect(holds('ＡＢ－１２３４', 'AB-1234')).toBe(true)
})
