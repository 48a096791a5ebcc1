import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutSentences } from './sentences.ts'

const cut = (text: string): readonly string[] => cutSentences(text).map(({ start, end }) => text.slice(start, end))

describe('cutting text into sentences', () => {
  test('Chinese and Latin full stops end a sentence, with the quotes that close there', () => {
    expect(cut('他说：“走吧。”然后就走了！真的吗？')).toEqual(['他说：“走吧。”', '然后就走了！', '真的吗？'])
    expect(cut('She said "go." Then she left! Really? Yes.')).toEqual([
      'She said "go."',
      'Then she left!',
      'Really?',
      'Yes.',
    ])
  })

  test('abbreviations, initials, decimals and addresses do not end one', () => {
    expect(cut('Dr. J. R. Smith paid $2.50 at example.com, e.g. for tea. He left.')).toEqual([
      'Dr. J. R. Smith paid $2.50 at example.com, e.g. for tea.',
      'He left.',
    ])
  })

  test('Markdown headings, list items and table rows stand alone, without their marks', () => {
    const text =
      '# Leave\n\n- 25 days a year\n- 1. nested\n> quoted\n\n| Kind | Days |\n| --- | --- |\n| Annual | 25 |\n'
    expect(cut(text)).toEqual(['Leave', '25 days a year', 'nested', 'quoted', 'Kind | Days', 'Annual | 25'])
    expect(cutSentences(text).map((sentence) => sentence.isHeading)).toEqual([true, false, false, false, false, false])
  })

  test('a wrapped line goes on; a short line, an empty line and a title do not', () => {
    const wrapped = 'Every employee is entitled to twenty-five days of\npaid leave a year.'
    expect(cut(wrapped)).toEqual([wrapped])
    expect(cut('Opening hours\nNine to five')).toEqual(['Opening hours', 'Nine to five'])
  })

  test('a sentence without end is cut at a clause, never within a character', () => {
    const family = '𠮷👩‍👩‍👧‍👦e\u0301'
    const parts = cut(`${'一二三四五六七八九，'.repeat(60)}${family.repeat(80)}`)
    expect(parts.length).toBeGreaterThan(2)
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(480)
      expect(part.isWellFormed()).toBe(true)
    }
  })

  test('spans are in order, apart, trimmed, and part no surrogate pair, mark or joiner from its base', () => {
    const unit = fc.oneof(
      fc.constantFrom(
        '。',
        '.',
        '! ',
        '\n',
        '\n\n',
        '- ',
        '# ',
        '| ',
        '”',
        'e\u0301',
        '.\u0301',
        '👨‍👩‍👧',
        '𠮷',
        '年假',
        'No. ',
        '3.5',
      ),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 300 }), (units) => {
        const text = units.join('')
        let last = 0
        for (const { start, end } of cutSentences(text)) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          const sentence = text.slice(start, end)
          expect(sentence.isWellFormed() || !text.isWellFormed()).toBe(true)
          expect(sentence.trim()).toBe(sentence)
          expect(/^[\p{M}\u200d]/u.test(text.slice(end))).toBe(false)
          last = end
        }
      }),
      { numRuns: 500 },
    )
  })
})
