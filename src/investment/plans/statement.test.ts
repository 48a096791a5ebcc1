import { describe, expect, test } from 'vitest'
import { parseRational, readStatement, reconcile, toRational, type OwnLine, type StatementLine } from './index.ts'

const told = (text: string): readonly string[] =>
  readStatement(text).map(({ day, model, cost }) => `${day} ${model} ${cost.n}/${cost.d}`)

describe('a statement is read to its last digit', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'semicolons and decimal commas',
      'date;model;cost\n2026-11-01;m;12,50\n2026-11-02;m;0,0123\n',
      ['2026-11-01 m 25/2', '2026-11-02 m 123/10000'],
    ],
    ['decimal commas in quotes', 'date,model,cost\n2026-11-01,m,"12,50"\n', ['2026-11-01 m 25/2']],
    [
      'groups of both kinds',
      'date;model;cost\n2026-11-01;m;1.234,5\n2026-11-02;m;1.234\n',
      ['2026-11-01 m 2469/2', '2026-11-02 m 1234/1'],
    ],
    ['tabs', 'date\tmodel\tcost\n2026-11-01\tm\t0.1\n', ['2026-11-01 m 1/10']],
    ['a refund in parentheses', 'date,model,cost\n2026-11-01,m,($1.25)\n', ['2026-11-01 m -5/4']],
    ['small numbers with an exponent', 'date,model,cost\n2026-11-01,m,1.5E-7\n', ['2026-11-01 m 3/20000000']],
    [
      'days first, told by one of them',
      'date,model,cost\n02/11/2026,m,1\n23/11/2026,m,2\n',
      ['2026-11-02 m 1/1', '2026-11-23 m 2/1'],
    ],
    ['days in one piece', 'date,model,cost\n20261101,m,1\n', ['2026-11-01 m 1/1']],
    ['an instant of another zone', 'start_time,model,cost\n2026-11-01T23:30:00-08:00,m,1\n', ['2026-11-02 m 1/1']],
    ['totals left out', 'date,model,cost\n2026-11-01,m,1\n,Total,1\nSubtotal,,1\n合计,,1\n', ['2026-11-01 m 1/1']],
    ['dollars by their name', 'date,model,currency,cost\n2026-11-01,m,USD,1\n', ['2026-11-01 m 1/1']],
  ])('%s', (_, text, lines) => {
    expect(told(text)).toEqual(lines)
  })

  test.each<[string, string, RegExp]>([
    [
      'a number that may mean two things',
      'date;model;cost\n2026-11-01;m;1,234\n',
      /line 2: "1,234" may mean thousands or decimals/,
    ],
    [
      'two decimal marks',
      'date;model;cost\n2026-11-01;m;1,5\n2026-11-02;m;0.25\n',
      /line 3: "0.25" has another decimal mark/,
    ],
    ['a day that is none', 'date,model,cost\n2026-02-30,m,1\n', /line 2: the day is "2026-02-30"/],
    ['a month', 'date,model,cost\n2026-02,m,1\n', /line 2: the day is "2026-02"/],
    ['days or months first', 'date,model,cost\n01/02/2026,m,1\n', /may have the day first or the month/],
    ['euros', 'date,model,cost\n2026-11-01,m,€ 12.5\n', /line 2: the cost is in €/],
    [
      'yuan by the head of the column',
      'date,model,amount (usd),currency\n2026-11-01,m,1,CNY\n',
      /line 2: the cost is in CNY/,
    ],
    ['a share', 'date,model,cost\n2026-11-01,m,15%\n', /line 2: the column cost is "15%"/],
  ])('%s: refused with its place', (_, text, says) => {
    expect(() => readStatement(text)).toThrowError(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(says) }),
    )
  })

  test('the decimal mark that is said decides', () => {
    const text = 'date;model;cost\n2026-11-01;m;1,234\n'
    expect(readStatement(text, { decimal: 'comma' })[0]?.cost).toEqual(toRational(617n, 500n))
    expect(readStatement(text, { decimal: 'point' })[0]?.cost).toEqual(toRational(1_234n))
  })

  test('another currency with its rate', () => {
    const [line] = readStatement('date,model,cost\n2026-11-01,m,¥100\n', { usdRate: parseRational('0.14') })
    expect(line?.cost).toEqual(toRational(14n))
  })

  test('counts beside those of caches', () => {
    const [line] = readStatement(
      'usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,cost_usd\n2026-11-01,claude-sonnet-4-5,100,20,30,"1,000",7,0.01\n',
    )
    expect(line).toMatchObject({
      inputTokens: 1_150n,
      written5mTokens: 20n,
      written1hTokens: 30n,
      cachedTokens: 1_000n,
      outputTokens: 7n,
    })
  })
})

describe('a line belongs to the model it names', () => {
  const own = (model: string, cost: bigint): OwnLine => ({
    day: '2026-11-01',
    model,
    inputTokens: 1_000n,
    cachedTokens: 400n,
    outputTokens: 100n,
    cost: toRational(cost, 100n),
    line: 0,
    calls: 1,
    unknown: 0,
    estimated: 0,
  })
  const theirs = (model: string): StatementLine => ({
    day: '2026-11-01',
    model,
    inputTokens: undefined,
    cachedTokens: undefined,
    outputTokens: undefined,
    cost: toRational(1n),
    line: 2,
  })
  test.each<[string, readonly string[], string]>([
    ['gpt-4o', ['gpt-4o-mini'], 'gpt-4o'],
    ['gpt-4o-mini', ['gpt-4o'], 'gpt-4o-mini'],
    ['gpt-4o-2024-08-06, input', ['gpt-4o', 'gpt-4o-mini'], 'gpt-4o'],
    ['gpt-4o', ['gpt-4o-2024-08-06'], 'gpt-4o-2024-08-06'],
    ['gpt-4', ['gpt-4o', 'gpt-4-turbo'], 'gpt-4'],
    ['claude-sonnet-4-5-20250929', ['claude-sonnet-4', 'claude-sonnet-4-5'], 'claude-sonnet-4-5'],
    ['Claude Sonnet 4.5 Usage - Input Tokens', ['claude-sonnet-4-5'], 'claude-sonnet-4-5'],
    ['GPT 4o mini input', ['gpt-4o'], 'GPT 4o mini input'],
    [
      'anthropic/claude-sonnet-4-5',
      ['us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
      'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    ],
    ['', ['gpt-4o'], ''],
  ])('"%s" beside %j', (line, names, model) => {
    const found = reconcile(
      [theirs(line)],
      names.map((name) => own(name, 100n)),
      () => undefined,
    )
    expect(found.lines.filter(({ theirs: cost }) => cost === '1').map((each) => each.model)).toEqual([model])
  })

  test('what was cached is taken from the record where the invoice does not say it', () => {
    const priced: StatementLine[] = []
    const line = { ...theirs('m'), inputTokens: 1_000n, outputTokens: 100n }
    reconcile([line], [own('m', 50n)], (each) => {
      priced.push(each)
      return toRational(1n)
    })
    expect(priced).toMatchObject([{ inputTokens: 1_000n, cachedTokens: 400n }])
  })
})
