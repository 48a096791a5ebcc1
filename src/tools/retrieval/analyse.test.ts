import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnalyser } from './analyse.ts'
import { stemWord } from '../../core/stem.ts'

const analyser = createAnalyser()

describe('terms', () => {
  test('Han gives single characters and pairs of neighbours, the same for both scripts', () => {
    expect(analyser.analyse('資料庫')).toEqual(analyser.analyse('资料库'))
    expect(analyser.analyse('年假')).toEqual(['年', '假', '年假'])
  })

  test('pairs do not reach across punctuation, words or blanks', () => {
    expect(analyser.analyse('年,假')).toEqual(['年', '假'])
    expect(analyser.analyse('用Excel表')).toEqual(['用', 'excel', '表'])
  })

  test('case, width, accents, ligatures and thousands are folded', () => {
    expect(analyser.analyseFolded('Ｃａｆé ﬁle 3,000')).toEqual(analyser.analyseFolded('cafe FILE 3000'))
    expect(analyser.analyseFolded('Straße ΣΟΦΟΣ')).toEqual(analyser.analyseFolded('STRASSE σοφος'))
  })

  test('accents of other scripts are letters of their own', () => {
    expect(analyser.analyse('край')).not.toEqual(analyser.analyse('краи'))
  })

  test('accents of Greek, points of Arabic and Hebrew, strokes and letters that are mixed up are folded', () => {
    expect(analyser.analyse('Άμυνα')).toEqual(analyser.analyse('ΑΜΥΝΑ'))
    expect(analyser.analyse('ёлка')).toEqual(analyser.analyse('елка'))
    expect(analyser.analyse('مُدَرِّسة')).toEqual(analyser.analyse('مدرسه'))
    expect(analyser.analyse('שָׁלוֹם')).toEqual(analyser.analyse('שלום'))
    expect(analyser.analyseFolded('Łódź Ørsted İzmir ısı')).toEqual(analyser.analyseFolded('lodz orsted izmir isi'))
  })

  test('what is not seen and the script of digits make no difference', () => {
    expect(analyser.analyse('Donau\u00addampf\ufeff')).toEqual(analyser.analyse('Donaudampf'))
    expect(analyser.analyse('عام ٢٠٢٤')).toContain('2024')
    expect(analyser.analyse('१२')).toEqual(['12'])
  })

  test('an accent is folded, and the word as it is written counts beside', () => {
    expect(analyser.analyse('café')).toEqual(['cafe', '=café'])
    expect(analyser.analyse('cafe')).toEqual(['cafe'])
  })

  test('scripts whose words are not parted give threes of letters', () => {
    expect(analyser.analyse('ประชุม')).toEqual(['ประ', 'ระช', 'ะชุ', 'ชุม'])
    const whole = analyser.analyse('การประชุมเริ่มกี่โมง')
    for (const term of analyser.analyse('ประชุม')) expect(whole).toContain(term)
  })

  test.each([
    ['школьникам', 'школьников'],
    ['статоры', 'статоров'],
    ['συνάντηση', 'συναντήσεις'],
    ['المعركة', 'معركة'],
    ['والكتاب', 'كتاب'],
  ])('%s and %s meet', (one, other) => {
    const stems = (word: string) => analyser.analyse(word).filter((term) => !term.startsWith('='))
    expect(stems(one).some((term) => stems(other).includes(term))).toBe(true)
  })

  test('words of a language that is not English meet by their first letters too, in texts and questions', () => {
    expect(analyser.analyse('Verwaltung', 'de')).toEqual(['verwaltung', '^verwa'])
    expect(analyser.analyse('Verwaltung')).not.toContain('^verwa')
    expect(analyser.analyse('management', 'en').some((term) => term.startsWith('^'))).toBe(false)
    const asked = analyser.analyseQuery('Wer hat die Verwaltungen geprüft?').map(({ term }) => term)
    expect(asked).toContain('^verwa')
  })

  test('in Vietnamese a word counts as it is written, and its plain letters little', () => {
    expect(analyser.findLanguage('Khi nào cuộc họp bắt đầu?')).toBe('vi')
    const weights = new Map(
      analyser.analyseQuery('Khi nào cuộc họp bắt đầu?').map(({ term, weight }) => [term, weight]),
    )
    expect([weights.get('=họp'), weights.get('hop'), weights.get('=khi')]).toEqual([1, 0.2, 1])
    expect(analyser.analyse('cao', 'vi')).toEqual(['cao', '=cao'])
  })

  test('words that mean the same in English meet', () => {
    const stems = (text: string) => analyser.analyse(text).filter((term) => !term.startsWith('='))
    expect(stems('reimbursed booking allowances')).toEqual(stems('reimburse booked allowance'))
  })

  test('a question keeps the terms it is about, or all when it has no others', () => {
    const terms = (text: string) => analyser.analyseQuery(text).map(({ term }) => term)
    expect(terms('How many days of leave do I have?')).toEqual(['dai', '=days', 'leav', '=leave'])
    expect(terms('to be or not to be')).toEqual(['to', 'be', 'or', 'not'])
    expect(analyser.analyseQuery('?!')).toEqual([])
  })

  test('a very long question is searched by a bounded number of terms', () => {
    const question = Array.from({ length: 5_000 }, (_, word) => `word${word}`).join(' ')
    expect(analyser.analyseQuery(question)).toHaveLength(256)
  })

  test('a word counts as it is written too, but for less than its stem', () => {
    expect(analyser.analyseQuery('What about the universities?').slice(-2)).toEqual([
      { term: 'univers', weight: 1 },
      { term: '=universities', weight: 0.2 },
    ])
  })

  test('a name of code gives its words and the whole, however it is written', () => {
    expect(analyser.analyse('OomObserver')).toEqual(['oom', 'observ', '=observer', '#oomobserver'])
    expect(analyser.analyse('oom_observer')).toEqual(analyser.analyse('OomObserver'))
    expect(analyser.analyse('HTTPServer2')).toContain('#httpserver2')
    expect(analyser.analyse('plain')).toEqual(['plain'])
  })

  test.each([
    '2024-03-05',
    '2024/3/5',
    '2024年3月5日',
    '2024年03月05日',
    'March 5, 2024',
    'Mar. 5th 2024',
    '5 March 2024',
    '5th of March, 2024',
  ])('%s is one date', (date) => {
    expect(analyser.analyse(`on ${date}.`)).toContain('@20240305')
  })

  test.each(['2024-13-05', '2024-03-32', '12024-03-05', 'version 3.5.2024'])('%s is no date', (text) => {
    expect(analyser.analyse(text).filter((term) => term.startsWith('@'))).toEqual([])
  })

  test('any text gives the same terms each time, none of them empty or with a line feed', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('年', '裡', 'é', 'İ', 'ß', '#a', '_', 'aB', '한', 'か', ' ', '\n'),
        fc.string({ unit: 'binary', maxLength: 1 }),
      ),
    })
    fc.assert(
      fc.property(text, (given) => {
        const terms = analyser.analyse(given)
        for (const term of terms) expect(term).toMatch(/^[^\n]+$/)
        expect(terms).toEqual(createAnalyser().analyse(given))
      }),
      { numRuns: 500 },
    )
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
