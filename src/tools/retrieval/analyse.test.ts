import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnalyser } from './analyse.ts'
import { stemWord } from './stem.ts'

const analyser = createAnalyser()

describe('terms', () => {
  test('Han gives single characters and pairs of neighbours, the same for both scripts', () => {
    expect(analyser.analyse('資料庫')).toEqual(analyser.analyse('资料库'))
    expect(analyser.analyse('年假')).toEqual(['u5e74', 'u5047', 'u5e74u5047'])
  })

  test('pairs do not reach across punctuation, words or blanks', () => {
    expect(analyser.analyse('年,假')).toEqual(['u5e74', 'u5047'])
    expect(analyser.analyse('用Excel表')).toEqual(['u7528', 'excel', 'u8868'])
  })

  test('case, width, accents, ligatures and thousands are folded', () => {
    expect(analyser.analyse('Ｃａｆé ﬁle 3,000')).toEqual(analyser.analyse('cafe FILE 3000'))
    expect(analyser.analyse('Straße ΣΟΦΟΣ')).toEqual(analyser.analyse('STRASSE σοφος'))
  })

  test('accents of other scripts are letters of their own', () => {
    expect(analyser.analyse('край')).not.toEqual(analyser.analyse('краи'))
  })

  test('words that mean the same in English meet', () => {
    expect(analyser.analyse('reimbursed booking allowances')).toEqual(analyser.analyse('reimburse booked allowance'))
  })

  test('a question keeps the terms it is about, or all when it has no others', () => {
    expect(analyser.analyseQuery('How many days of leave do I have?')).toEqual(['dai', 'leav'])
    expect(analyser.analyseQuery('to be or not to be')).toEqual(['to', 'be', 'or', 'not'])
    expect(analyser.analyseQuery('?!')).toEqual([])
  })

  test('a very long question is searched by a bounded number of terms', () => {
    const question = Array.from({ length: 5_000 }, (_, word) => `word${word}`).join(' ')
    expect(analyser.analyseQuery(question)).toHaveLength(256)
  })

  test('any text gives ASCII letters and digits only, and the same each time', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('年', '裡', 'é', 'İ', 'ß', 'u4e2d', '한', 'か', ' '),
        fc.string({ unit: 'binary', maxLength: 1 }),
      ),
    })
    fc.assert(
      fc.property(text, (given) => {
        for (const term of analyser.analyse(given)) expect(term).toMatch(/^[a-z0-9]+$/)
        expect(analyser.analyse(given)).toEqual(createAnalyser().analyse(given))
      }),
      { numRuns: 500 },
    )
  })

  test('a word that looks like an encoded character is not that character', () => {
    expect(analyser.analyse('u4e2d')).not.toEqual(analyser.analyse('中'))
    expect(analyser.analyse('wu4e2d')).not.toEqual(analyser.analyse('u4e2d'))
  })
})

describe('English stems', () => {
  test.each(
    // Pairs from Porter's paper and vocabulary.
    'caresses caress|ponies poni|ties ti|cats cat|feed feed|agreed agre|plastered plaster|bled bled|motoring motor|sing sing|conflated conflat|troubled troubl|sized size|hopping hop|tanned tan|falling fall|hissing hiss|fizzed fizz|failing fail|filing file|happy happi|sky sky|relational relat|conditional condit|rational ration|digitizer digit|conformably conform|radically radic|differently differ|vilely vile|analogously analog|vietnamization vietnam|predication predic|operator oper|feudalism feudal|decisiveness decis|hopefulness hope|callousness callous|formality formal|sensitivity sensit|sensibility sensibl|triplicate triplic|formative form|formalize formal|electrical electr|hopeful hope|goodness good|revival reviv|allowance allow|inference infer|airliner airlin|adjustable adjust|defensible defens|irritant irrit|replacement replac|adjustment adjust|dependent depend|adoption adopt|homologous homolog|communism commun|activate activ|effective effect|bowdlerize bowdler|probate probat|rate rate|cease ceas|controlling control|roll roll|generalizations gener|oscillators oscil'
      .split('|')
      .map((pair) => pair.split(' ')),
  )('%s becomes %s', (word, stem) => {
    expect(stemWord(word ?? '')).toBe(stem)
  })

  test('any word has a stem that begins as it does and is no longer', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(...'a b c d e g h i l m n o r s t u y z'.split(' ')),
          minLength: 1,
          maxLength: 14,
        }),
        (word) => {
          const stem = stemWord(word)
          expect(stem.length).toBeGreaterThan(0)
          expect(stem.length).toBeLessThanOrEqual(word.length)
          expect(stem[0]).toBe(word[0])
        },
      ),
    )
  })
})
