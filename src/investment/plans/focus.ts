import type { Invoice, InvoiceLine } from './invoice.ts'

/** The mandatory columns of FOCUS 1.2, those it wants where they apply, and what only tokens have. */
export const focusColumns = [
  'BilledCost',
  'BillingAccountId',
  'BillingAccountName',
  'BillingCurrency',
  'BillingPeriodEnd',
  'BillingPeriodStart',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargePeriodEnd',
  'ChargePeriodStart',
  'ContractedCost',
  'EffectiveCost',
  'InvoiceIssuer',
  'ListCost',
  'PricingQuantity',
  'PricingUnit',
  'Provider',
  'Publisher',
  'ServiceCategory',
  'ServiceName',
  'ConsumedQuantity',
  'ConsumedUnit',
  'InvoiceId',
  'SkuId',
  'SkuMeter',
  'Tags',
  'x_Model',
  'x_TokenType',
  'x_Key',
] as const

export type FocusRow = Readonly<Record<(typeof focusColumns)[number], string | null>>

/** Who issues, and who provides. */
export interface FocusNames {
  readonly issuer: string
  readonly provider: string
}

/**
 * An invoice as FOCUS 1.2 rows: a row for each line, and for each part of a line that came from several models or keys.
 * The sum of BilledCost is what is payable.
 */
export function toFocus(invoice: Invoice, names: FocusNames): readonly FocusRow[] {
  return invoice.lines.flatMap((line) => {
    if (line.parts.length === 0)
      return [toRow(invoice, names, { line, amount: line.amount, quantity: line.quantity, dimensions: {} })]
    return line.parts.map(({ dimensions, quantity, amount }) =>
      toRow(invoice, names, { line, amount, quantity, dimensions }),
    )
  })
}

interface Charge {
  readonly line: InvoiceLine
  readonly amount: string
  readonly quantity: string | null
  readonly dimensions: Readonly<Record<string, string>>
}

function toRow(invoice: Invoice, names: FocusNames, { line, amount, quantity, dimensions }: Charge): FocusRow {
  const category = categoryOf[line.kind]
  const isPriced = category === 'Usage' || category === 'Purchase'
  const unit = line.unit ?? line.meter ?? 'Each'
  const isPaidByCredit = line.kind === 'credit' || line.kind === 'tax'
  return {
    BilledCost: amount,
    BillingAccountId: invoice.account.id,
    BillingAccountName: invoice.account.name,
    BillingCurrency: invoice.currency,
    BillingPeriodEnd: invoice.period.end,
    BillingPeriodStart: invoice.period.start,
    ChargeCategory: category,
    ChargeClass: line.kind === 'adjustment' ? 'Correction' : null,
    ChargeDescription: line.description,
    ChargePeriodEnd: line.period.end,
    ChargePeriodStart: line.period.start,
    ContractedCost: isPaidByCredit ? '0' : amount,
    EffectiveCost: amount,
    InvoiceIssuer: names.issuer,
    ListCost: isPaidByCredit ? '0' : amount,
    PricingQuantity: isPriced && line.kind !== 'adjustment' ? (quantity ?? '1') : null,
    PricingUnit: isPriced && line.kind !== 'adjustment' ? unit : null,
    Provider: names.provider,
    Publisher: names.provider,
    ServiceCategory: 'AI and Machine Learning',
    ServiceName: names.provider,
    ConsumedQuantity: category === 'Usage' ? quantity : null,
    ConsumedUnit: category === 'Usage' && quantity !== null ? unit : null,
    InvoiceId: invoice.number,
    SkuId: line.key,
    SkuMeter: line.meter,
    Tags: JSON.stringify(dimensions),
    x_Model: dimensions['model'] ?? null,
    x_TokenType: line.meter !== null && line.meter.endsWith('_tokens') ? line.meter.replace(/_tokens$/, '') : null,
    x_Key: dimensions['key'] ?? null,
  }
}

const categoryOf: Readonly<Record<InvoiceLine['kind'], 'Usage' | 'Purchase' | 'Tax' | 'Credit' | 'Adjustment'>> = {
  usage: 'Usage',
  flat: 'Purchase',
  advance: 'Purchase',
  purchase: 'Purchase',
  minimum: 'Purchase',
  maximum: 'Adjustment',
  discount: 'Adjustment',
  adjustment: 'Usage',
  credit: 'Credit',
  tax: 'Tax',
}
