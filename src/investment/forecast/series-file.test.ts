import { describe, expect, test } from 'vitest'
import { readSeriesFile, type FileSeries } from './index.ts'

const limits = { valuesMax: 1_000, seriesMax: 10 }
const read = (text: string): readonly FileSeries[] => readSeriesFile(text, limits)
const plain = (text: string) => read(text).map(({ name, values }) => ({ name, values }))

describe('layouts are told apart', () => {
  test('one column, with and without a header', () => {
    expect(plain('1\n2\n3.5\n')).toEqual([{ name: 'column 1', values: [1, 2, 3.5] }])
    expect(plain('spend\n1\n-2e3\n')).toEqual([{ name: 'spend', values: [1, -2000] }])
  })

  test('a column of dates and columns of series', () => {
    const [chat, search] = read('date,chat,search\n2026-01-01,1,4\n2026-01-02,2,5\n2026-01-03,3,6\n')
    expect(chat?.values).toEqual([1, 2, 3])
    expect(search).toMatchObject({ name: 'search', values: [4, 5, 6], seasons: [7] })
    expect(search?.dateAfter?.(1)).toBe('2026-01-04')
  })

  test('the wide layout of the M4 competition: a name, then values, rows of different lengths', () => {
    expect(plain('"V1","V2","V3","V4"\n"H1","605","586",""\n"H2","3124","2990","2862"\n')).toEqual([
      { name: 'H1', values: [605, 586] },
      { name: 'H2', values: [3124, 2990, 2862] },
    ])
    expect(plain('H1,605,586\nH2,3124\n').map(({ values }) => values)).toEqual([[605, 586], [3124]])
  })

  test('long: name, date, value in either order of the first two', () => {
    const rows = ['a,2026-01,1', 'a,2026-02,2', 'b,2026-01,7', 'b,2026-02,8']
    const expected = [
      { name: 'a', values: [1, 2] },
      { name: 'b', values: [7, 8] },
    ]
    expect(plain(`unique_id,ds,y\n${rows.join('\n')}`)).toEqual(expected)
    const swapped = rows.map((row) => row.replace(/^(\w),([\d-]+)/, '$2,$1'))
    expect(plain(`ds,unique_id,y\n${swapped.join('\n')}`)).toEqual(expected)
  })

  test('semicolons, tabs, a byte order mark, CRLF and Chinese names', () => {
    expect(plain('\ufeff日期;费用\r\n2026年1月;1\r\n2026年2月;2\r\n')).toEqual([{ name: '费用', values: [1, 2] }])
    expect(plain('a\tb\n1\t2\n3\t4\n').map(({ name }) => name)).toEqual(['a', 'b'])
  })
})

describe('what is missing stays missing', () => {
  test('empty cells and the usual words', () => {
    expect(plain('v,w\n1,2\n,NA\n3,nan\n')[0]?.values).toEqual([1, undefined, 3])
  })

  test('days that the dates leave out', () => {
    const [series] = read('date,v\n2026-01-01,1\n2026-01-02,2\n2026-01-05,5\n2026-01-06,6\n')
    expect(series?.values).toEqual([1, 2, undefined, undefined, 5, 6])
  })

  test('months are steps of the calendar', () => {
    const [series] = read('date,v\n2025-11-30,1\n2025-12-31,2\n2026-01-31,3\n')
    expect(series).toMatchObject({ values: [1, 2, 3], seasons: [12] })
    expect(series?.dateAfter?.(1)).toBe('2026-02-28')
  })
})

describe('a wrong file is refused with the line and the reason', () => {
  test.each([
    ['', 'the file is empty'],
    ['v\n', 'line 1: there is a header and nothing after it'],
    ['v\n1\nten\n', 'line 3: column 1: "ten" is not a number'],
    ['date,v\n2026-01-02,1\n2026-01-01,2\n', 'line 3: its date is earlier than that of the line before'],
    ['date,v\n2026-01-01,1\n2026-01-01,2\n', 'line 3: its date stands there already'],
    ['date,v\n2026-01-01,1\n2026-01-02,2,9\n', 'line 3: there are 3 cells, and the header names 2'],
    ['a,b\n1,"2\n', 'line 2: a quote is opened and never closed'],
    ['date,v\n2026-01-01,\n2026-01-02,NA\n', 'line 2: the series "v" has no value'],
    [`v\n${'1\n'.repeat(1_001)}`, 'line 2: the series "v" has 1001 values; at most 1000 are read'],
    ['H1,1,2\n'.repeat(11), 'the file has 11 series; at most 10 are read'],
  ])('%j', (text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', message }))
  })
})
