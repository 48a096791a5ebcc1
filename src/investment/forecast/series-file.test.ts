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

  test('more days than there are', () => {
    const [series] = read('date,v\n2026-01-01,1\n2026-01-03,3\n2026-01-05,5\n2026-01-06,6\n')
    expect(series?.values).toEqual([1, undefined, 3, undefined, 5, 6])
  })

  test('months are steps of the calendar', () => {
    const [series] = read('date,v\n2025-11-30,1\n2025-12-31,2\n2026-01-31,3\n')
    expect(series).toMatchObject({ values: [1, 2, 3], seasons: [12] })
    expect(series?.dateAfter?.(1)).toBe('2026-02-28')
  })
})

describe('numbers are read as people write them', () => {
  test.each([
    [
      'decimal commas, and points between thousands',
      'Datum;Kosten\n2026-01-01;1.234,5\n2026-01-02;7,25\n',
      [1234.5, 7.25],
    ],
    ['commas between thousands', 'date,v\n2026-01-01,"1,234.5"\n2026-01-02,"12,345,678"\n', [1234.5, 12_345_678]],
    ['blanks and apostrophes between thousands', "date;v\n2026-01-01;1 234,5\n2026-01-02;2'345,6\n", [1234.5, 2345.6]],
    ['currencies and per cent', 'v\n$1.50\n2 €\n15%\nUSD 3\n', [1.5, 2, 15, 3]],
    ['negative amounts', 'v\n(5)\n\u22126\n-$7\n', [-5, -6, -7]],
  ])('%s', (_what, text, values) => {
    expect(read(text)[0]?.values).toEqual(values)
  })

  test('what may be thousands or decimals is asked for', () => {
    expect(() => read('v;w\n1.234;1\n5.678;2\n')).toThrow('line 2: "1.234" may mean thousands or decimals')
    expect(readSeriesFile('v;w\n1.234;1\n', { ...limits, decimal: 'comma' })[0]?.values).toEqual([1234])
    expect(readSeriesFile('v;w\n1.234;1\n', { ...limits, decimal: 'point' })[0]?.values).toEqual([1.234])
    expect(read('v\n1.234\n5.678\n')[0]?.values).toEqual([1.234, 5.678])
  })
})

describe('dates are read as people write them', () => {
  const dated = (dates: readonly string[]): FileSeries | undefined =>
    read(`date;v\n${dates.map((date, index) => `${date};${index}\n`).join('')}`)[0]
  test.each([
    ['the day first', ['30.01.2026', '31.01.2026', '01.02.2026'], { next: '2026-02-02', seasons: [7] }],
    ['the month first', ['1/30/26', '1/31/26', '2/1/26'], { next: '2026-02-02', seasons: [7] }],
    [
      'months of which one reading is even',
      ['01/11/2025', '01/12/2025', '01/01/2026', '01/02/2026'],
      { next: '2026-03-01', seasons: [12] },
    ],
    [
      'with times',
      ['1/31/2026 10:00 PM', '1/31/2026 11:00 PM', '2/1/2026 12:00 AM'],
      { next: '2026-02-01 01:00', seasons: [24, 168] },
    ],
    ['months by name', ['Nov 2025', 'Dec 2025', 'January 2026'], { next: '2026-02', seasons: [12] }],
    ['days of named months', ['30-Jan-2026', '31-Jan-2026', '1 Feb 2026'], { next: '2026-02-02', seasons: [7] }],
    ['digits alone', ['20260130', '20260131', '20260201'], { next: '20260202', seasons: [7] }],
    ['months of digits', ['202511', '202512', '202601'], { next: '202602', seasons: [12] }],
    ['quarters', ['2025Q2', '2025Q3', '2025Q4'], { next: '2026Q1', seasons: [4] }],
    ['weeks', ['2025-W51', '2025-W52', '2026-W01'], { next: '2026-01-05', seasons: [52] }],
    [
      'seconds since 1970',
      ['1767225600', '1767229200', '1767232800'],
      { next: '2026-01-01T03:00:00Z', seasons: [24, 168] },
    ],
    [
      'zones',
      ['2026-03-29T00:00+01:00', '2026-03-29T01:00+01:00', '2026-03-29T03:00+02:00'],
      { next: '2026-03-29T04:00+02:00', seasons: [24, 168] },
    ],
    [
      'clocks that are a little late',
      ['2026-01-01 00:00:03', '2026-01-01 01:00:09', '2026-01-01 02:00:01'],
      { next: '2026-01-01 03:00:01', seasons: [24, 168] },
    ],
    [
      'the last working days of months',
      ['2025-10-31', '2025-11-28', '2025-12-31', '2026-01-30'],
      { next: '2026-02-28', seasons: [12] },
    ],
    ['the 15th of months', ['2025-12-15', '2026-01-15', '2026-02-15'], { next: '2026-03-15', seasons: [12] }],
  ])('%s', (_what, dates, { next, seasons }) => {
    const series = dated(dates)
    expect(series?.values).toEqual(dates.map((_, index) => index))
    expect(series?.dateAfter?.(1)).toBe(next)
    expect(series?.seasons).toEqual(seasons)
  })

  test('days from Monday to Friday go on after a weekend, which is not missing', () => {
    const days = [5, 6, 7, 8, 9, 12, 13, 14, 15, 16].map((day) => `2026-01-${String(day).padStart(2, '0')}`)
    const series = dated(days)
    expect(series).toMatchObject({ values: days.map((_, index) => index), seasons: [5] })
    expect([series?.dateAfter?.(1), series?.dateAfter?.(6)]).toEqual(['2026-01-19', '2026-01-26'])
  })

  test('in any order', () => {
    expect(read('date,v\n2026-01-03,3\n2026-01-01,1\n2026-01-02,2\n')[0]?.values).toEqual([1, 2, 3])
  })

  test('above the columns of a wide file', () => {
    const [chat] = read('name,2026-01,2026-02,2026-04\nchat,1,2,4\nsearch,5,6,8\n')
    expect(chat).toMatchObject({ name: 'chat', values: [1, 2, undefined, 4], seasons: [12] })
    expect(chat?.dateAfter?.(1)).toBe('2026-05')
  })
})

describe('columns are told apart by what they hold', () => {
  const two = [
    { name: 'a', values: [5, 6] },
    { name: 'b', values: [7, 8] },
  ]
  test.each([
    ['values before dates', 'model,cost,day\na,5,2026-01-01\na,6,2026-01-02\nb,7,2026-01-01\nb,8,2026-01-02\n', two],
    [
      'a unit beside',
      'model,day,cost,unit\na,2026-01-01,5,USD\nb,2026-01-01,7,USD\na,2026-01-02,6,USD\nb,2026-01-02,8,USD\n',
      two,
    ],
    ['Chinese heads', '日期,模型,费用\n2026-01-01,a,5\n2026-01-02,a,6\n2026-01-01,b,7\n2026-01-02,b,8\n', two],
    [
      'names that are numbers',
      'date,store_id,v\n2026-01-01,1,5\n2026-01-02,1,6\n2026-01-01,2,7\n2026-01-02,2,8\n',
      two.map((each, index) => ({ ...each, name: String(index + 1) })),
    ],
    [
      'two columns that name a series',
      'date,model,region,v\n2026-01-01,a,eu,5\n2026-01-02,a,eu,6\n2026-01-01,a,us,7\n2026-01-02,a,us,8\n2026-01-01,b,eu,9\n',
      [
        { name: 'a / eu', values: [5, 6] },
        { name: 'a / us', values: [7, 8] },
        { name: 'b / eu', values: [9] },
      ],
    ],
    [
      'remarks and a row number',
      ',day,v,remark\n0,2026-01-01,5,\n1,2026-01-02,6,launch\n',
      [{ name: 'v', values: [5, 6] }],
    ],
    [
      'values of two kinds',
      'model,day,cost,calls\na,2026-01-01,5,1\na,2026-01-02,6,2\nb,2026-01-01,7,3\n',
      [
        { name: 'a cost', values: [5, 6] },
        { name: 'a calls', values: [1, 2] },
        { name: 'b cost', values: [7] },
        { name: 'b calls', values: [3] },
      ],
    ],
  ])('%s', (_what, text, series) => {
    expect(plain(text)).toEqual(series)
  })

  test('numbers that could be dates are numbers where nothing makes them dates', () => {
    expect(plain('Day,views\n4/30/26,1157\n5/1/26,2018\n')).toEqual([{ name: 'views', values: [1157, 2018] }])
    expect(plain('a,b\n1089.2,2019\n1087.1,2018\n').map(({ values }) => values)).toEqual([
      [1089.2, 1087.1],
      [2019, 2018],
    ])
    expect(plain('W1,1089.2,1078.91,1079.1\nW2,2019,2018\n').map(({ name }) => name)).toEqual(['W1', 'W2'])
    expect(plain('0,1,2\n0.7,1.6,0.8\n0.8,1.5,0.9\n')[0]).toEqual({ name: '0', values: [0.7, 0.8] })
  })

  test('several columns of names before years', () => {
    const [first] = read('country,code,2021,2022,2023\nChad,TCD,1,2,3\nPeru,PER,4,5,\n')
    expect(first).toMatchObject({ name: 'Chad / TCD', values: [1, 2, 3], seasons: [] })
    expect(first?.dateAfter?.(1)).toBe('2024')
  })

  test('what spreadsheets put around a table is left out', () => {
    const rows = '2026-01-01|1|\n2026-01-02|2|\n||\n'
    expect(plain(`sep=|\n# exported\n\ndate|v|\n${rows}`)).toEqual([{ name: 'v', values: [1, 2] }])
    expect(plain('#;costs\n1;5,5\n2;6,5\n')).toEqual([{ name: 'costs', values: [5.5, 6.5] }])
    expect(plain('date,v\r2026-01-01,1\r2026-01-02,2\r')).toEqual([{ name: 'v', values: [1, 2] }])
  })
})

describe('a wrong file is refused with the line and the reason', () => {
  test.each([
    ['', 'the file is empty'],
    ['v\n', 'line 1: there is a header and nothing after it'],
    ['v\n1\nten\n', 'line 3: column 1: "ten" is not a number'],
    [
      'date,v\n2026-01-01,1\n2026-01-01,2\n',
      'line 3: the date 2026-01-01 stands in line 2 already; a series has one value for each',
    ],
    ['date,v\n2026-01-01,1\n2026-01-02,2\nTotal,3\n', 'line 4: "Total" is not a date as those of the other lines are'],
    ['date,v\n2026-02-28,1\n2026-02-30,2\n', 'line 3: "2026-02-30" is not a date as those of the other lines are'],
    ['date,v\n2026-01-01,1\n,2\n2026-01-03,3\n', 'line 3: its date is missing'],
    ['date,v\nfirst of May,1\nsecond of May,2\n', 'line 2: "first of May" is not a date; write it as 2026-01-31'],
    [
      'date,v\n01/02/2026,1\n02/02/2026,2\n',
      'line 2: "01/02/2026" may have the day first or the month; write the year first, as 2026-01-31',
    ],
    ['v;w\n1,5;1\n2.5;2\n', 'line 3: "2.5" has another decimal mark than "1,5" in line 2'],
    ['title\ndate,v\n2026-01-01,1\n', 'line 2: there are 2 cells, and the header names 1; is line 1 a title?'],
    ['{"values":[1]}', 'line 1: the file begins as JSON; it is read as CSV'],
    ['a\0b', 'the file has NUL bytes: it is no CSV, or not in UTF-8'],
    ['date,v\n2026-01-01,1\n2026-01-02,2,9\n', 'line 3: there are 3 cells, and the header names 2'],
    ['a,b\n1,"2\n', 'line 2: a quote is opened and never closed'],
    ['date,v\n2026-01-01,\n2026-01-02,NA\n', 'line 2: the series "v" has no value'],
    [`v\n${'1\n'.repeat(1_001)}`, 'line 2: the series "v" has 1001 values; at most 1000 are read'],
    ['H1,1,2\n'.repeat(11), 'the file has 11 series; at most 10 are read'],
  ])('%j', (text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', message }))
  })
})
