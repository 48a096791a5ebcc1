import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExtractor } from './index.ts'
import { createPassage } from '../testing.ts'

const english = [
  createPassage(
    '# Annual leave\n\nEvery employee has 25 days of paid annual leave a year. Up to five unused days can be carried over until 31 March. Requests are approved by the team lead within three working days.',
    { source: 'leave.md', headings: ['Annual leave'] },
  ),
  createPassage(
    '# Travel\n\nTrains are booked in second class. A hotel may cost at most 140 euros a night. Receipts are handed in within 30 days of the journey.',
    { source: 'travel.md', headings: ['Travel'] },
  ),
  createPassage('# Security\n\nLaptops are encrypted. A lost laptop is reported to security@example.com at once.', {
    source: 'security.md',
    headings: ['Security'],
  }),
]
const chinese = [
  createPassage('# 年假\n\n每位员工每年享有二十五天带薪年假。未休完的年假最多可以结转五天，须在次年三月底之前休完。', {
    source: '年假.md',
    headings: ['年假'],
  }),
  createPassage('# 差旅\n\n火车票一律订二等座。酒店每晚不得超过六百元。报销单据须在出差结束后三十天内提交。', {
    source: '差旅.md',
    headings: ['差旅'],
  }),
]

function ask(question: string, passages = [...english, ...chinese]): string | undefined {
  const quote = createExtractor().extract(question, passages).quotes[0]
  return quote === undefined ? undefined : passages[quote.passage]?.text.slice(quote.start, quote.end)
}

describe('answering by quoting', () => {
  test('the sentence that answers is quoted exactly, in English', () => {
    expect(ask('How many days of annual leave does an employee have?')).toBe(
      'Every employee has 25 days of paid annual leave a year.',
    )
    expect(ask('What may a hotel cost per night?')).toBe('A hotel may cost at most 140 euros a night.')
    expect(ask('Who should I tell about a lost laptop?')).toContain('security@example.com')
  })

  test('and in Chinese, whether the question is written in simplified or traditional characters', () => {
    expect(ask('员工每年有多少天带薪年假？')).toBe('每位员工每年享有二十五天带薪年假。')
    expect(ask('員工每年有多少天帶薪年假？')).toBe('每位员工每年享有二十五天带薪年假。')
    expect(ask('酒店每晚最多多少钱？')).toBe('酒店每晚不得超过六百元。')
    expect(ask('報銷單據要在多少天內提交？')).toBe('报销单据须在出差结束后三十天内提交。')
  })

  test('full-width letters and accents are folded', () => {
    const menu = [createPassage('Our café opens at 8:30 on weekdays. Lunch is served at noon.')]
    expect(ask('When does the ＣＡＦＥ open?', menu)).toBe('Our café opens at 8:30 on weekdays.')
  })

  // Words that stand in another form than the one asked for, letters with marks, and scripts that do not part their words.
  test.each([
    [
      'de',
      'Wie viele bezahlte Urlaubstage bekommen neue Beschäftigte jährlich?',
      'Jeder neue Beschäftigter erhält im jährlichen Turnus 25 bezahlten Urlaubstag.',
      'Belege werden innerhalb eines Monats nach der Reise abgegeben.',
    ],
    [
      'ru',
      'Сколько дней оплачиваемого отпуска получают новые сотрудники?',
      'Новому сотруднику полагается двадцать пять дней, оплачиваемый отпуск.',
      'Квитанции сдают в течение месяца после поездки.',
    ],
    [
      'es',
      '¿Cuántas vacaciones pagadas reciben los empleados nuevos?',
      'Cada empleado nuevo recibe veinticinco días de vacaciones pagados.',
      'Los recibos se entregan un mes después del viaje.',
    ],
    [
      'hi',
      'नए कर्मचारियों को कितनी छुट्टियाँ मिलती हैं?',
      'नए कर्मचारी को पच्चीस दिन की छुट्टी मिलती है।',
      'रसीदें यात्रा के बाद एक महीने में जमा होती हैं।',
    ],
    ['th', 'พนักงานใหม่ลาพักร้อนได้กี่วัน', 'พนักงานใหม่ลาพักร้อนได้ยี่สิบห้าวันต่อปี', 'ใบเสร็จต้องส่งภายในหนึ่งเดือน'],
    [
      'ja',
      'パスワードはどこで変更できますか',
      'パスワードはマイページで変更できます。',
      'レシートは月末までにアップロードします。',
    ],
  ])('words are found in their other forms (%s)', (_language, ...[question, answer, other]) => {
    expect(ask(question, [createPassage(other), createPassage(answer), ...english])).toBe(answer)
    expect(ask(question, [createPassage(other), ...english])).toBeUndefined()
  })

  test('it quotes nothing when the passages do not answer', () => {
    expect(ask('What is the capital of Mongolia?')).toBeUndefined()
    expect(ask('Who won the football world cup in 1998?')).toBeUndefined()
    expect(ask('蒙古国的首都是哪里？')).toBeUndefined()
    expect(ask('公司的股票代码是什么？')).toBeUndefined()
  })

  test('it quotes nothing without passages, and nothing for a question without content', () => {
    expect(ask('How many days of annual leave?', [])).toBeUndefined()
    expect(ask('what is it?')).toBeUndefined()
    expect(ask('？')).toBeUndefined()
    expect(ask('')).toBeUndefined()
  })

  test('a copy of a passage is no rival to it, and nothing is quoted twice', () => {
    const passages = [...english, ...english]
    const { quotes } = createExtractor().extract('How many days of annual leave does an employee have?', passages)
    expect(quotes).toHaveLength(1)
    expect(quotes[0]?.passage).toBe(0)
  })

  test('quotes are at most three, best first, whole spans of the passages, with a probability', () => {
    const word = fc.constantFrom(
      'leave',
      'days',
      '25',
      'hotel',
      '年假',
      '多少',
      '员工',
      '。',
      '. ',
      '\n',
      '# ',
      '👩‍👧',
      '𠮷',
    )
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.array(word), { maxLength: 8 }), (question, texts) => {
        const passages = texts.map((words) => createPassage(words.join('')))
        const { quotes } = createExtractor().extract(question.join(' '), passages)
        expect(quotes.length).toBeLessThanOrEqual(3)
        let last = 1
        for (const quote of quotes) {
          const text = passages[quote.passage]?.text.slice(quote.start, quote.end) ?? ''
          expect(text).not.toBe('')
          expect(text.isWellFormed()).toBe(true)
          expect(quote.score).toBeLessThanOrEqual(last)
          expect(quote.score).toBeGreaterThan(0)
          last = quote.score
        }
      }),
    )
  })

  test('what lies beyond the bound on text is not read', () => {
    const filler = createPassage('Nothing of interest is written here. '.repeat(12_000))
    const answer = english[0] ?? createPassage('')
    expect(ask('How many days of annual leave does an employee have?', [filler, answer])).toBeUndefined()
  })
})
