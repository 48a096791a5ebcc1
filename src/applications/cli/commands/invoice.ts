import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { parseInstant } from '../../../core/time.ts'
import { billHistory, historySchema, verifyInvoice, type Invoice } from '../../../investment/plans/index.ts'
import { readAs } from '../json-file.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toInvoiceJson } from '../../shapes/index.ts'
import { invoiceForms, renderInvoice } from '../../invoice-forms.ts'

export const invoice: Command = {
  name: 'invoice',
  usage:
    'list | show NUMBER | preview ACCOUNT | close ACCOUNT | compute FILE | verify FILE [--period INSTANT] [--as FORM] [--language zh] [--output FILE]',
  acts: ['close'],
  options: {
    period: { type: 'string' },
    as: { type: 'string' },
    language: { type: 'string' },
    output: { type: 'string', short: 'o' },
    evidence: { type: 'boolean' },
  },
  async run(context) {
    const [verb, word, ...more] = context.words
    if (more.length > 0) throw toMisuse(invoice)
    if (verb === 'list' && word === undefined) return list(context)
    if (word === undefined) throw toMisuse(invoice)
    if (verb === 'show') return show(context, word)
    if (verb === 'preview') return preview(context, word)
    if (verb === 'close') return close(context, word)
    if (verb === 'compute') return compute(context, word)
    if (verb === 'verify') return verify(context, word)
    throw toMisuse(invoice)
  },
}

const fileBytesMax = 268_435_456

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const stored = await parts.billing.listInvoices(operatorTenant, undefined)
  const rows = stored.map(({ invoice: each }) => [
    each.number,
    each.kind,
    each.account.id,
    each.period.start.slice(0, 10),
    `${each.currency} ${each.payable}`,
  ])
  report(
    context.terminal,
    { object: 'list', data: stored.map(toInvoiceJson) },
    toTable([['number', 'kind', 'account', 'period', 'payable'], ...rows]),
  )
}

async function show(context: CommandContext, number: string): Promise<void> {
  const { parts } = await context.open()
  const stored = await parts.billing.getInvoice(operatorTenant, number)
  const told = context.options['as']
  const output = context.options['output']
  if (told === undefined && output === undefined) {
    report(context.terminal, toInvoiceJson(stored), toLines(stored.invoice))
    return
  }
  const form = invoiceForms.find((each) => each === (told ?? 'json'))
  if (form === undefined) throw new PlatformError('INVALID_REQUEST', `--as must be one of ${invoiceForms.join(', ')}`)
  const { body } = renderInvoice(stored, { form, language: context.options['language'] === 'zh' ? 'zh' : 'en' })
  if (typeof output === 'string') {
    await writeFile(output, body)
    report(context.terminal, { path: output, bytes: body.length }, [`${output}: ${body.length} bytes`])
  } else if (form === 'pdf') throw new PlatformError('INVALID_REQUEST', 'a PDF needs a file: --output FILE')
  else context.terminal.print(body.toString('utf8').trimEnd())
}

async function preview(context: CommandContext, account: string): Promise<void> {
  const { parts } = await context.open()
  const drafted = await parts.billing.preview(operatorTenant, account, periodOf(context))
  report(context.terminal, { ...drafted, preview: true }, toLines(drafted))
}

async function close(context: CommandContext, account: string): Promise<void> {
  const { parts } = await context.open()
  const stored = await parts.billing.close(operatorTenant, account, periodOf(context))
  report(context.terminal, toInvoiceJson(stored), toLines(stored.invoice))
}

function periodOf(context: CommandContext): number | undefined {
  const text = context.options['period']
  if (typeof text !== 'string') return undefined
  const atMs = parseInstant(/^\d{4}-\d{2}$/.test(text) ? `${text}-01` : text)
  if (atMs === undefined)
    throw new PlatformError(
      'INVALID_REQUEST',
      '--period must be a month, a day or an instant of the period: 2026-11-01',
    )
  return atMs
}

/** Bills a history that lies in a file: everything an account did and had, on any machine, without a database. */
async function compute(context: CommandContext, path: string): Promise<void> {
  const history = await readAs(historySchema, path, fileBytesMax)
  const { invoices, evidence, ...counts } = billHistory(history)
  const withHash = invoices.map((each, index) => ({
    ...toInvoiceJson({
      invoice: each,
      hash: verifyInvoice({ invoice: each, evidence: evidence[index] ?? { credit_of: '', amount: '', reason: '' } })
        .hash,
    }),
    ...(context.options['evidence'] === true ? { made_of: evidence[index] } : {}),
  }))
  const lines = [
    ...invoices.flatMap((each) => [...toLines(each), '']),
    `${counts.accepted} events counted, ${counts.duplicates} came again, ${counts.parked.length} parked`,
    ...counts.parked.slice(0, 20).map(({ index, reason }) => `  event ${index}: ${reason}`),
  ]
  report(context.terminal, { object: 'billing', ...counts, invoices: withHash }, lines)
}

const claimSchema = z.looseObject({ evidence: z.looseObject({}), hash: z.string() })

/** Computes an invoice anew from its evidence (`invoice show NUMBER --as evidence`) and compares the hash. */
async function verify(context: CommandContext, path: string): Promise<'failed' | void> {
  const claim = await readAs(claimSchema, path, fileBytesMax)
  // What is no evidence makes computing fail, and that is told.
  const evidence = claim.evidence as unknown as Parameters<typeof verifyInvoice>[0]['evidence']
  if (!('segments' in evidence)) throw new PlatformError('INVALID_REQUEST', `${path} holds no evidence of a period`)
  const { hash } = verifyInvoice({ invoice: {} as Invoice, evidence }) // only the hash of what is computed is looked at
  const isEqual = hash === claim.hash
  report(context.terminal, { equal: isEqual, hash: claim.hash, computed: hash }, [
    isEqual ? `equal: ${hash}` : `not equal: ${claim.hash} was claimed, ${hash} computed`,
  ])
  return isEqual ? undefined : 'failed'
}

function toLines(each: Invoice): readonly string[] {
  const rows = each.lines.map((line) => [line.description, line.quantity ?? '', line.amount])
  return [
    `${each.kind} ${each.number}, ${each.account.name}, ${each.period.start.slice(0, 10)} to ${each.period.end.slice(0, 10)}`,
    ...toTable(rows).map((row) => `  ${row}`),
    `  payable ${each.currency} ${each.payable}`,
  ]
}
