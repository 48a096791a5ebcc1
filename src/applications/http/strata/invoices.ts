import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { verifyInvoice } from '../../../investment/index.ts'
import { encodeStrataError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { GetParts } from '../parts.ts'
import type { OperationRoute, Route } from '../route.ts'
import { operation } from './operation.ts'
import { toInvoiceJson } from '../../shapes/index.ts'
import { invoiceForms, type InvoiceForm, renderInvoice } from '../../invoice-forms.ts'

const closing = z.strictObject({
  account: z.string().min(1).max(64).describe('Whose invoice it is.'),
  period: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Any instant of the period; the next one to be billed when absent.'),
  preview: z.boolean().default(false).describe('Only to see what the invoice would be now.'),
})

const givingBack = z.strictObject({
  amount: z.string().max(40).describe('In the currency of the invoice.'),
  reason: z.string().min(1).max(500).describe('Printed on the credit note.'),
})

/** Invoices of the tenant. */
export function invoiceRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/invoices',
      access: 'billing:manage',
      summary: 'Bills a period that has ended, or shows what an invoice would be. Again gives the same.',
      body: closing,
      answer: async ({ parts, principal, body }) => {
        const atMs = body.period === undefined ? undefined : Date.parse(body.period)
        if (body.preview) {
          const invoice = await parts.billing.preview(principal.tenant, body.account, atMs)
          return { status: 200, body: { ...invoice, preview: true } }
        }
        return { status: 201, body: toInvoiceJson(await parts.billing.close(principal.tenant, body.account, atMs)) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/invoices',
      access: 'billing:read',
      summary: 'Lists the invoices and credit notes of the tenant; ?account= of one account.',
      answer: async ({ parts, principal, exchange }) => {
        const account = exchange.query().get('account') ?? undefined
        const invoices = await parts.billing.listInvoices(principal.tenant, account)
        return { status: 200, body: { object: 'list', data: invoices.map(toInvoiceJson) } }
      },
    }),
    documentRoute(getParts),
    operation(getParts, {
      method: 'GET',
      path: '/v1/invoices/{invoice}/verify',
      access: 'billing:read',
      summary: 'Computes an invoice anew from what it was made of, and compares.',
      answer: async ({ parts, principal, exchange }) => {
        const stored = await parts.billing.getInvoice(principal.tenant, exchange.parameters['invoice'] ?? '')
        const { isEqual, hash } = verifyInvoice(stored)
        return { status: 200, body: { equal: isEqual && hash === stored.hash, hash: stored.hash, computed: hash } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/invoices/{invoice}/credit',
      access: 'billing:manage',
      summary: 'Gives back part of an invoice by a credit note.',
      body: givingBack,
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 201,
        body: toInvoiceJson(await parts.billing.giveBack(principal.tenant, exchange.parameters['invoice'] ?? '', body)),
      }),
    }),
  ]
}

/** One invoice, in the form that ?as= names. */
function documentRoute(getParts: GetParts): OperationRoute {
  return {
    method: 'GET',
    path: '/v1/invoices/{invoice}',
    access: 'billing:read',
    summary: `One invoice; ?as= ${invoiceForms.join(', ')}, ?language= en, zh.`,
    encodeError: encodeStrataError,
    async handle(exchange, principal) {
      if (principal === undefined) throw new PlatformError('UNAUTHENTICATED', 'an invoice belongs to somebody')
      const { billing } = getParts()
      const form = readForm(exchange)
      const stored = await billing.getInvoice(principal.tenant, exchange.parameters['invoice'] ?? '')
      const { type, body } = renderInvoice(stored, {
        form,
        language: exchange.query().get('language') === 'zh' ? 'zh' : 'en',
      })
      exchange.begin(200, ['content-type', type, 'content-length', String(body.length)])
      exchange.end(body)
    },
  }
}

function readForm(exchange: Exchange): InvoiceForm {
  const told = exchange.query().get('as') ?? 'json'
  const form = invoiceForms.find((each) => each === told)
  if (form !== undefined) return form
  throw new PlatformError('INVALID_REQUEST', `as must be one of ${invoiceForms.join(', ')}`, { param: 'as' })
}
