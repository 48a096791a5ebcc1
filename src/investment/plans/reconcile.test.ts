import { describe, expect, test } from 'vitest'
import { readStatement, reconcile, toRational, type OwnLine } from './index.ts'

const own = (day: string, model: string, cents: string): OwnLine => ({
  day,
  model,
  inputTokens: 1_000n,
  cachedTokens: 0n,
  outputTokens: 100n,
  cost: toRational(BigInt(cents), 100n),
  line: 0,
  calls: 1,
  unknown: 0,
  estimated: 0,
})

/** A cent for each hundred tokens. */
const priceOf = ({
  inputTokens = 0n,
  outputTokens = 0n,
}: {
  readonly inputTokens: bigint | undefined
  readonly outputTokens: bigint | undefined
}) => toRational(inputTokens + outputTokens, 10_000n)

const csv = (...rows: readonly string[]): string =>
  ['date,model,input_tokens,output_tokens,cost_usd', ...rows].join('\r\n')

describe("a vendor's invoice", () => {
  test('is explained line by line: quantity, price, what is missing on either side; the reasons add up to the difference', () => {
    const theirs = readStatement(
      csv(
        '2026-03-01,gpt-4o-2024-08-06,1000,100,0.11',
        '2026-03-01,claude,5000,100,0.51',
        '2026-03-02,claude,1000,100,"1,000.11"',
        '2026-03-02,stranger,10,10,0.30',
        'Total,,,,1001.03',
      ),
    )
    const ours = [
      own('2026-03-01', 'gpt-4o', '11'),
      { ...own('2026-03-01', 'claude', '11'), unknown: 2 },
      own('2026-03-02', 'claude', '11'),
      own('2026-03-03', 'ours', '7'),
    ]
    const found = reconcile(theirs, ours, priceOf)
    const told = found.lines.map(({ model, difference, because }) => [
      model,
      difference,
      ...because.map(({ reason, amount }) => `${amount} ${reason}`),
    ])
    expect(told).toEqual([
      ['claude', '0.4', '0.4 quantity: +4000 tokens on the invoice (2 calls of unknown cost)'],
      ['gpt-4o', '0'],
      ['claude', '1000', '1000 price: the vendor charged another rate than the price book has'],
      ['stranger', '0.3', '0.3 on the invoice, not sent through here'],
      ['ours', '-0.07', '-0.07 on record here, not on the invoice'],
    ])
    expect(found).toMatchObject({ theirs: '1001.03', ours: '0.4', difference: '1000.63', unexplained: '0' })
  })

  test('lines that list input and output apart are one; half a cent is rounding; without quantities the rest is unexplained', () => {
    const theirs = readStatement(
      'Usage Date,Line item,Amount\n2026-03-01,claude input,0.06\n2026-03-01,claude output,0.054\n2026-03-02,claude,0.5\n',
    )
    const found = reconcile(theirs, [own('2026-03-01', 'claude', '11'), own('2026-03-02', 'claude', '11')], priceOf)
    expect(found.lines.map(({ because }) => because)).toEqual([
      [{ reason: 'rounding', amount: '0.004' }],
      [{ reason: 'unexplained', amount: '0.39' }],
    ])
    expect(found.unexplained).toBe('0.39')
  })

  test.each<[string, string, RegExp]>([
    ['nothing', '', /empty/],
    ['no column for the cost', 'date,model\n2026-03-01,m\n', /no column for the cost/],
    ['a day that is none', csv('soon,m,1,1,1'), /line 2: the day is "soon"/],
    ['a cost that is none', csv('2026-03-01,m,1,1,free'), /line 2: the column cost_usd is "free"/],
    ['half a token', csv('2026-03-01,m,1.5,1,1'), /line 2: the column input_tokens is "1\.5"/],
    ['a quote left open', csv('2026-03-01,"m,1,1,1'), /never closed/],
  ])('with %s is refused with its place', (...row) => {
    const [, text, says] = row
    expect(() => readStatement(text)).toThrowError(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(says) }),
    )
  })
})
