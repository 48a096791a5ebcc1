import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runBills } from '../../../test/kit/bills/index.ts'
import type { JsonObject } from '../../core/json.ts'
import {
  billHistory,
  focusColumns,
  historySchema,
  planSchema,
  toFocus,
  toInvoiceHtml,
  toInvoicePdf,
  verifyInvoice,
  type Invoice,
} from './index.ts'

interface Given {
  readonly plan?: JsonObject
  readonly prices: readonly JsonObject[]
  readonly events?: readonly JsonObject[]
  readonly credits?: readonly JsonObject[]
  readonly account?: JsonObject
  readonly plans?: readonly JsonObject[]
  readonly changes?: readonly JsonObject[]
  readonly until?: string
}

const month = { start: '2026-02-01T00:00:00Z', until: '2026-03-01T00:00:00Z' }

/** Bills a history of February 2026 of an account in dollars, unless said otherwise. */
function bill(given: Given) {
  const plan = {
    id: 'plan',
    name: 'Plan',
    currency: 'USD',
    meters: [{ id: 'tokens' }],
    prices: given.prices,
    ...given.plan,
  }
  const history = historySchema.parse({
    plans: [plan, ...(given.plans ?? [])],
    account: { id: 'acme', name: 'Acme', plan: 'plan', starts_at: month.start, ...given.account },
    changes: given.changes ?? [],
    events: given.events ?? [],
    credits: given.credits ?? [],
    until: given.until ?? month.until,
  })
  return billHistory(history)
}

function first(given: Given): Invoice {
  const [invoice] = bill(given).invoices
  if (invoice === undefined) throw new Error('a month was to be billed')
  return invoice
}

let events = 0
const used = (quantity: number | string, more: JsonObject = {}): JsonObject => ({
  id: `e${events++}`,
  meter: 'tokens',
  quantity,
  at: '2026-02-10T00:00:00Z',
  ...more,
})

const unit = (more: JsonObject = {}): JsonObject => ({
  kind: 'unit',
  id: 'tokens',
  meter: 'tokens',
  amount: '0.01',
  ...more,
})
const tiers = [{ up_to: '10', unit: '1' }, { up_to: '100', unit: '0.5', flat: '2' }, { unit: '0.1' }]

describe('prices', () => {
  test.each<[string, JsonObject, number, string]>([
    ['unit', unit(), 250, '2.50'],
    ['included units cost nothing', unit({ included: '200' }), 250, '0.50'],
    ['included units are never given back', unit({ included: '200' }), 100, '0.00'],
    ['a minimum', unit({ minimum: '5' }), 250, '5.00'],
    ['a maximum', unit({ maximum: '2' }), 250, '2.00'],
    ['graduated, within the first tier', { kind: 'graduated', id: 't', meter: 'tokens', tiers }, 10, '10.00'],
    ['graduated, one beyond', { kind: 'graduated', id: 't', meter: 'tokens', tiers }, 11, '12.50'],
    ['graduated, in the last tier', { kind: 'graduated', id: 't', meter: 'tokens', tiers }, 200, '67.00'],
    ['volume, at the border', { kind: 'volume', id: 't', meter: 'tokens', tiers }, 100, '52.00'],
    ['volume may fall beyond a border', { kind: 'volume', id: 't', meter: 'tokens', tiers }, 101, '10.10'],
    [
      'packages, begun ones count whole',
      { kind: 'package', id: 't', meter: 'tokens', size: '100', amount: '3' },
      201,
      '9.00',
    ],
    ['no package for nothing', { kind: 'package', id: 't', meter: 'tokens', size: '100', amount: '3' }, 0, '0.00'],
  ])('%s', (...row) => {
    const [, price, quantity, amount] = row
    expect(first({ prices: [price], events: [used(quantity)] }).payable).toBe(amount)
  })

  test('a total does not depend on how the quantity came about, and graduated ones never fall', () => {
    const price = { kind: 'graduated', id: 't', meter: 'tokens', tiers }
    const cost = (...quantities: readonly number[]): number =>
      Number(first({ prices: [price], events: quantities.map((each) => used(each)) }).payable)
    fc.assert(
      fc.property(fc.array(fc.nat(150), { minLength: 1, maxLength: 5 }), fc.nat(20), (quantities, more) => {
        const all = quantities.reduce((sum, each) => sum + each, 0)
        expect(cost(...quantities)).toBe(cost(all))
        expect(cost(all + more)).toBeGreaterThanOrEqual(cost(all))
      }),
      { numRuns: 30 },
    )
  })

  test.each<[string, string, string]>([
    ['half-even', '0.125', '0.12'],
    ['half-even', '0.135', '0.14'],
    ['half-up', '0.125', '0.13'],
    ['half-down', '0.135', '0.13'],
    ['up', '0.121', '0.13'],
    ['down', '0.129', '0.12'],
  ])('%s rounds %s to %s, once for each line', (rounding, amount, rounded) => {
    expect(first({ plan: { rounding }, prices: [unit({ amount })], events: [used(1)] }).payable).toBe(rounded)
    expect(first({ account: { rounding }, prices: [unit({ amount })], events: [used(1)] }).payable).toBe(rounded)
  })

  test.each([
    ['JPY', '13'],
    ['KWD', '12.500'],
    ['EUR', '12.50'],
  ])('%s has its own smallest unit', (currency, payable) => {
    expect(first({ plan: { currency, rounding: 'half-up' }, prices: [unit()], events: [used(1_250)] }).payable).toBe(
      payable,
    )
  })

  test('a partial month costs its exact share by the second, and leap days count', () => {
    const flat = { kind: 'flat', id: 'seat', amount: '29' }
    const lines = (starts: string, until: string) =>
      bill({ prices: [flat], account: { starts_at: starts }, until }).invoices[0]?.lines[0]
    expect(lines('2026-02-15T00:00:00Z', '2026-03-01T00:00:00Z')).toMatchObject({ exact: '14.5', amount: '14.50' })
    expect(lines('2028-02-15T00:00:00Z', '2028-03-01T00:00:00Z')).toMatchObject({ exact: '15', amount: '15.00' })
    expect(lines('2026-02-28T23:59:59Z', '2026-03-01T00:00:00Z')).toMatchObject({ exact: '29/2419200', amount: '0.00' })
  })

  test('fees in advance are on the invoice before, and on the first one their own too', () => {
    const flat = { kind: 'flat', id: 'seat', amount: '10', timing: 'advance' }
    const { invoices } = bill({
      prices: [flat],
      until: '2026-04-01T00:00:00Z',
      account: { starts_at: month.start, ends_at: '2026-04-01T00:00:00Z' },
    })
    expect(invoices.map(({ payable }) => payable)).toEqual(['20.00', '0.00'])
  })

  test('minimum, maximum, discount and tax of a whole period', () => {
    const prices = [unit()]
    expect(first({ plan: { minimum: '5' }, prices, events: [used(100)] }).payable).toBe('5.00')
    expect(first({ plan: { maximum: '3' }, prices, events: [used(1_000)] }).payable).toBe('3.00')
    const invoice = first({
      plan: { discount_percent: '10', tax: { name: 'VAT', percent: '19' } },
      prices,
      events: [used(1_000)],
    })
    expect(invoice).toMatchObject({ subtotal: '9.00', tax: '1.71', payable: '10.71' })
  })

  test('another plan in the middle of a month: each for its own part, with what was used under it', () => {
    const flat = (amount: string): JsonObject => ({ kind: 'flat', id: 'seat', amount })
    const other = {
      id: 'large',
      name: 'Large',
      currency: 'USD',
      meters: [{ id: 'tokens' }],
      prices: [flat('56'), unit({ amount: '0.001' })],
    }
    const invoice = first({
      prices: [flat('28'), unit()],
      plans: [other],
      changes: [{ plan: 'large', at: '2026-02-15T00:00:00Z' }],
      events: [used(100), used(100, { at: '2026-02-20T00:00:00Z' })],
    })
    expect(invoice.lines.map(({ key, amount }) => [key, amount])).toEqual([
      ['plan/seat', '14.00'],
      ['plan/tokens', '1.00'],
      ['large/seat', '28.00'],
      ['large/tokens', '0.10'],
    ])
  })
})

describe('credits', () => {
  const credit = (id: string, more: JsonObject = {}): JsonObject => ({
    id,
    amount: '3',
    starts_at: '2026-01-01T00:00:00Z',
    ...more,
  })

  test('burn by priority, then what expires first; what is left stays for the next invoice', () => {
    const { invoices } = bill({
      prices: [unit()],
      events: [used(700), used(700, { at: '2026-03-10T00:00:00Z' })],
      credits: [
        credit('late'),
        credit('soon', { expires_at: '2026-12-01T00:00:00Z' }),
        credit('first', { priority: 1 }),
      ],
      until: '2026-04-01T00:00:00Z',
    })
    expect(
      invoices.map(({ burns, payable }) => [burns.map((burn) => `${burn.credit} ${burn.amount}`), payable]),
    ).toEqual([
      [['first 3.00', 'soon 3.00', 'late 1.00'], '0.00'],
      [['late 2.00'], '5.00'],
    ])
  })

  test('one that expires within a period pays for what was used by then, and no more', () => {
    const credits = [credit('c', { expires_at: '2026-02-11T00:00:00Z' })]
    const invoice = first({ prices: [unit()], events: [used(100), used(900, { at: '2026-02-12T00:00:00Z' })], credits })
    expect(invoice).toMatchObject({ credits: '-1.00', payable: '9.00' })
  })

  test('one that was bought is charged once; a prepaid plan says what credits do not cover', () => {
    const invoice = first({
      plan: { billing: 'prepaid' },
      prices: [unit()],
      events: [used(500)],
      credits: [credit('c', { cost: '2.50' })],
    })
    expect(invoice).toMatchObject({ subtotal: '7.50', credits: '-3.00', payable: '4.50', unfunded: '4.50' })
  })
})

describe('events', () => {
  test('that come after their month was billed adjust the next invoice, line by line; a credit note when they take back', () => {
    const late = used(300, { received: '2026-03-05T00:00:00Z' })
    const { invoices } = bill({
      prices: [{ kind: 'volume', id: 't', meter: 'tokens', tiers }],
      events: [used(90), late],
      until: '2026-04-01T00:00:00Z',
    })
    expect(invoices.map(({ kind, payable }) => [kind, payable])).toEqual([
      ['invoice', '47.00'],
      ['credit-note', '-8.00'],
    ])
    expect(invoices[1]?.lines.find(({ kind }) => kind === 'adjustment')).toMatchObject({
      description: 'Adjustment of acme-0001: t',
      amount: '-8.00',
    })
  })

  test.each<[string, JsonObject, RegExp]>([
    ['negative', { quantity: -1 }, /negative/],
    ['a fraction of what is whole', { quantity: '1.5' }, /decimal places/],
    ['a float', { quantity: 0.1 }, /no exact number/],
    ['huge', { quantity: '9'.repeat(30) }, /above/],
    ['beyond what a number holds', { quantity: 1e300 }, /no exact number/],
    ['absent', { quantity: null }, /absent is not zero/],
    ['text', { quantity: 'many' }, /no decimal/],
    ['an unknown meter', { meter: 'smiles' }, /no meter smiles/],
    ['a meter of calls', { meter: 'requests' }, /counted from calls/],
    ['no instant', { at: 'yesterday' }, /no instant/],
    ['another account', { account: 'other' }, /account is acme/],
    ['before the plan', { at: '2026-01-10T00:00:00Z' }, /no plan is in force/],
    ['a field nobody knows', { colour: 'red' }, /colour/],
  ])('with %s are parked with the reason, and count for nothing', (...row) => {
    const [, fault, says] = row
    const outcome = bill({ prices: [unit()], events: [used(100), { ...used(5), ...fault }] })
    expect(outcome.parked).toEqual([{ index: 1, id: expect.any(String), reason: expect.stringMatching(says) }])
    expect(outcome.invoices[0]?.payable).toBe('1.00')
  })

  test('under an id that was used for another are parked; the same again is counted once', () => {
    const event = used(100)
    const outcome = bill({ prices: [unit()], events: [event, event, { ...event, quantity: 200 }] })
    expect(outcome).toMatchObject({
      accepted: 1,
      duplicates: 1,
      parked: [{ reason: expect.stringMatching(/another event/) }],
    })
  })

  test('in random histories of copies, losses, lateness and disorder come to what the reference says', () => {
    const faults: string[] = []
    const figures = runBills({ histories: 60, seed: 11, onFault: (fault) => faults.push(fault) })
    expect(faults).toEqual([])
    expect(figures).toMatchObject({ wrongTotals: 0, wrongSums: 0, wrongHashes: 0, orderMatters: 0 })
    expect(figures.adjustments).toBeGreaterThan(20)
  })
})

describe('a plan', () => {
  const plan = (more: JsonObject) =>
    planSchema.safeParse({
      id: 'p',
      name: 'P',
      currency: 'USD',
      prices: [{ kind: 'flat', id: 'f', amount: '1' }],
      ...more,
    })
  const priced = (price: JsonObject) => plan({ meters: [{ id: 'tokens' }], prices: [price] })
  test.each<[string, ReturnType<typeof plan>, RegExp]>([
    ['an unknown currency', plan({ currency: 'XYZ' }), /no such currency/],
    ['a negative amount', priced({ kind: 'flat', id: 'f', amount: '-1' }), /decimal/],
    ['an amount as a number', priced({ kind: 'flat', id: 'f', amount: 1.5 }), /string/],
    ['an unknown meter', priced(unit({ meter: 'smiles' })), /no meter smiles/],
    [
      'tiers that do not ascend',
      priced({ kind: 'volume', id: 'v', meter: 'tokens', tiers: [{ up_to: '10' }, { up_to: '5' }, {}] }),
      /ascend/,
    ],
    [
      'a last tier with an end',
      priced({ kind: 'volume', id: 'v', meter: 'tokens', tiers: [{ up_to: '10' }] }),
      /last tier/,
    ],
    ['a package of nothing', priced({ kind: 'package', id: 'v', meter: 'tokens', size: '0', amount: '1' }), /nothing/],
    ['a minimum above the maximum', priced(unit({ minimum: '2', maximum: '1' })), /above the maximum/],
    [
      'a name that is there twice',
      plan({
        prices: [
          { kind: 'flat', id: 'f', amount: '1' },
          { kind: 'flat', id: 'f', amount: '2' },
        ],
      }),
      /twice/,
    ],
    ['a key nobody knows', plan({ colour: 'red' }), /colour/],
  ])('with %s is refused', (...row) => {
    const [, parsed, says] = row
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues)).toMatch(says)
  })
})

describe('an invoice', () => {
  const given = {
    prices: [unit({ description: '代币 <b>"tokens"</b>' })],
    events: [used(1, { dimensions: { model: 'a' } }), used(2, { dimensions: { model: 'b' } })],
  }

  test('is the same wherever it is computed, and another when a word of its evidence is', () => {
    const { invoices, evidence } = bill(given)
    const [invoice, made] = [invoices[0], evidence[0]]
    if (invoice === undefined || made === undefined) throw new Error('a month was to be billed')
    expect(verifyInvoice({ invoice, evidence: made }).isEqual).toBe(true)
    expect(verifyInvoice({ invoice, evidence: { ...made, rounding: 'up' } }).isEqual).toBe(false)
  })

  test('as FOCUS has every mandatory column, and its rows add up to what is payable, model by model', () => {
    const invoice = first({
      ...given,
      plan: { tax: { name: 'VAT', percent: '7' } },
      prices: [unit({ amount: '0.005' })],
    })
    const rows = toFocus(invoice, { issuer: 'Strata', provider: 'Strata' })
    for (const row of rows) {
      expect(Object.keys(row)).toEqual([...focusColumns])
      for (const column of [
        'BilledCost',
        'BillingAccountId',
        'BillingCurrency',
        'ChargeCategory',
        'ChargePeriodStart',
        'ServiceCategory',
      ] as const) {
        expect(row[column]).not.toBeNull()
      }
    }
    expect(rows.map((row) => [row.x_Model, row.BilledCost])).toEqual([
      ['a', '0.01'],
      ['b', '0.01'],
    ])
    expect(invoice.payable).toBe('0.02')
  })

  test('as HTML shows text as text, in English and Chinese', () => {
    const html = toInvoiceHtml(first(given), 'zh')
    expect(html).toContain('账单')
    expect(html).toContain('代币 &#60;b&#62;')
    expect(html).not.toContain('<b>')
    expect(html).not.toContain('<script')
  })

  test('as PDF has a table of objects that is right, and Chinese text', () => {
    const pdf = toInvoicePdf(
      first({ ...given, prices: Array.from({ length: 60 }, (_, index) => unit({ id: `p${index}` })) }),
      'zh',
    ).toString('latin1')
    const table = pdf.slice(Number(/startxref\n(\d+)/.exec(pdf)?.[1]))
    const offsets = [...table.matchAll(/^(\d{10}) 00000 n /gm)].map((match) => Number(match[1]))
    expect(offsets.length).toBeGreaterThan(9)
    offsets.forEach((offset, index) => expect(pdf.slice(offset)).toMatch(new RegExp(`^${index + 1} 0 obj`)))
    expect(pdf).toContain(Buffer.from('账单', 'utf16le').swap16().toString('hex'))
    for (const [, length, content] of pdf.matchAll(/<< \/Length (\d+) >>\nstream\n([^]*?)endstream/g))
      expect(content?.length).toBe(Number(length))
    expect(pdf).toContain('/Count 2')
  })
})
