import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findMissing } from './facts.ts'

test.each([
  ['Staff have 25 days.', '员工每年有二十五天年假。', []],
  ['员工每年有二十五天年假。', 'Staff have 25 days of leave.', []],
  ['The limit is 1,500 euros.', 'at most 1500 euros', []],
  ['The limit is 1,500 euros.', 'at most 1,400 euros', ['1500']],
  ['It rose by 3.50 %.', 'a rise of 3.5 %', []],
  ['二〇二四年三月五日生效。', '自2024年3月5日起', []],
  ['It holds from March 5, 2024.', '自2024年3月5日起施行', []],
  ['It holds from 2024-03-06.', 'from 5 March 2024', ['20240306']],
  ['There are twelve of 12.', 'a dozen, that is twelve', []],
  ['The rule was made by Ada Lovelace in London.', 'Ada Lovelace made it in London', []],
  ['The rule was made by Ada Lovelace in Paris.', 'Ada Lovelace made it in London', ['Paris']],
  ['The API answers.', 'the api answers', []],
  ['The NASA report says so.', 'the report of ESA says so', ['NASA']],
  ['依《勞動基準法》辦理。', '应当依照《劳动基准法》办理。', []],
  ['依《民法》辦理。', '应当依照《劳动基准法》办理。', ['民法']],
  ['1. First the form is sent.', 'first the form is sent', []],
  ['一样的规定。', '同样的规定', []],
  ['Holidays are granted to the staff of Berlin.', '员工有假期。', []],
  ['共一千二百三十四万元。', '12,340,000 yuan', []],
])('%s against %s lacks %j', (statement, evidence, missing) => {
  expect(findMissing(statement, [evidence])).toEqual(missing)
})

test('nothing is missing from a text that says the same', () => {
  const piece = fc.constantFrom(
    '25 days',
    '二十五天',
    'March 5, 2024',
    '2024年3月5日',
    'by Ada Lovelace',
    '《民法》',
    'NASA',
    '1,500',
    '。',
    '. ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join(' ')
      expect(findMissing(text, [text])).toEqual([])
    }),
  )
})

test('facts may come from several citations of one statement', () => {
  expect(findMissing('From 3 to 7 days.', ['at least 3', 'at most 7'])).toEqual([])
  expect(findMissing('From 3 to 8 days.', ['at least 3', 'at most 7'])).toEqual(['8'])
})
