import type { Invoice } from './invoice.ts'

/** The words of an invoice in the languages it can be printed in. */
export type InvoiceLanguage = 'en' | 'zh'

interface InvoiceWords {
  readonly invoice: string
  readonly creditNote: string
  readonly number: string
  readonly to: string
  readonly period: string
  readonly issued: string
  readonly columns: readonly [string, string, string]
  readonly subtotal: string
  readonly credits: string
  readonly tax: string
  readonly payable: string
  readonly unfunded: string
  readonly evidence: string
}

const words: Readonly<Record<InvoiceLanguage, InvoiceWords>> = {
  en: {
    invoice: 'Invoice',
    creditNote: 'Credit note',
    number: 'Number',
    to: 'To',
    period: 'Period',
    issued: 'Issued',
    columns: ['Description', 'Quantity', 'Amount'],
    subtotal: 'Subtotal',
    credits: 'Credits',
    tax: 'Tax',
    payable: 'Payable',
    unfunded: 'Not covered by credits',
    evidence: 'SHA-256 of what it was made of',
  },
  zh: {
    invoice: '账单',
    creditNote: '贷记单',
    number: '编号',
    to: '客户',
    period: '账期',
    issued: '开具时间',
    columns: ['项目', '数量', '金额'],
    subtotal: '小计',
    credits: '抵扣',
    tax: '税',
    payable: '应付',
    unfunded: '抵扣额度未覆盖',
    evidence: '依据的 SHA-256',
  },
}

/** An invoice as rows of text, for whatever prints it. */
export interface InvoicePage {
  readonly title: string
  readonly facts: readonly (readonly [string, string])[]
  readonly columns: readonly [string, string, string]
  readonly rows: readonly (readonly [string, string, string])[]
  readonly totals: readonly (readonly [string, string])[]
  readonly foot: string
}

export function toPage(invoice: Invoice, language: InvoiceLanguage): InvoicePage {
  const say = words[language]
  const money = (amount: string): string => `${invoice.currency} ${amount}`
  const { account } = invoice
  return {
    title: invoice.kind === 'invoice' ? say.invoice : say.creditNote,
    facts: [
      [say.number, invoice.number],
      [say.to, account.address === undefined ? account.name : `${account.name}, ${account.address}`],
      [say.period, `${invoice.period.start.slice(0, 10)} – ${invoice.period.end.slice(0, 10)}`],
      [say.issued, invoice.issued_at.slice(0, 10)],
    ],
    columns: say.columns,
    rows: invoice.lines
      .filter(({ kind }) => kind !== 'credit' && kind !== 'tax')
      .map(({ description, quantity, unit, amount }) => [
        description,
        quantity === null ? '' : unit === null ? quantity : `${quantity} ${unit}`,
        money(amount),
      ]),
    totals: [
      [say.subtotal, money(invoice.subtotal)],
      [say.credits, money(invoice.credits)],
      [say.tax, money(invoice.tax)],
      [say.payable, money(invoice.payable)],
      ...(Number(invoice.unfunded) > 0 ? [[say.unfunded, money(invoice.unfunded)] as const] : []),
    ],
    foot: `${say.evidence}: ${invoice.evidence}`,
  }
}
