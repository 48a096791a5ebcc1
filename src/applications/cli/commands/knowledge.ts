import { PlatformError } from '../../../core/errors.ts'
import { toIso } from '../../../core/time.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'

export const knowledge: Command = {
  name: 'knowledge',
  usage: 'status | delete COLLECTION [DOCUMENT] | verify [COLLECTION | DOCUMENT]',
  summary: 'Shows collections, deletes with a receipt, and checks what is there and what is gone.',
  options: {},
  async run(context) {
    const [act, ...words] = context.words
    if (act === 'status' && words.length === 0) return status(context)
    if (act === 'delete' && (words.length === 1 || words.length === 2)) return remove(context, words)
    if (act === 'verify' && words.length <= 1) return verify(context, words[0])
    throw toMisuse(knowledge)
  },
}

async function status(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const collections = await parts.knowledge.listCollections(operatorTenant)
  const data = collections.map(({ createdAtMs, ...rest }) => ({ ...rest, created_at: toIso(createdAtMs) }))
  const rows = data.map(({ name, documents, created_at: createdAt }) => [name, `${documents}`, createdAt])
  const table = rows.length === 0 ? ['no collections'] : toTable([['collection', 'documents', 'created'], ...rows])
  report(context.terminal, { object: 'list', data }, table)
}

/** By the id of the document or by its external id. */
async function remove(context: CommandContext, [collection = '', wanted]: readonly string[]): Promise<void> {
  const { parts } = await context.open()
  if (wanted === undefined) {
    await parts.knowledge.deleteCollection(operatorTenant, collection)
    return report(context.terminal, { deleted: true, collection }, [`${collection} is deleted`])
  }
  const named = await parts.knowledge.findDocument(operatorTenant, collection, wanted)
  const id = named?.id ?? wanted
  const { statement, publicKey, signature } = await parts.knowledge.deleteDocument(operatorTenant, collection, id)
  const json = {
    deleted: true,
    document: id,
    statement: statement ?? null,
    public_key: publicKey ?? null,
    signature: signature ?? null,
  }
  report(context.terminal, json, [`${wanted} is deleted; receipt of ${id}:`, `  ${statement ?? 'not checked yet'}`])
}

/** Of a collection whether everything agrees; of a deleted document its receipt; without a word every collection. */
async function verify(context: CommandContext, name: string | undefined): Promise<'failed' | void> {
  const { parts } = await context.open()
  const collections = (await parts.knowledge.listCollections(operatorTenant)).map((collection) => collection.name)
  if (name !== undefined && !collections.includes(name)) {
    const receipt = await parts.knowledge.getReceipt(operatorTenant, name).catch(() => undefined)
    if (receipt === undefined) {
      throw new PlatformError('NOT_FOUND', `"${name}" is neither a collection nor a deleted document`)
    }
    return report(context.terminal, receipt, [receipt.statement ?? 'deleted, and not checked yet'])
  }
  await parts.knowledge.checkDeletions()
  const reports: object[] = []
  const lines: string[] = []
  let isSound = true
  for (const collection of name === undefined ? collections : [name]) {
    const found = await parts.knowledge.verify(operatorTenant, collection)
    const { documents, passages, historyBreak, ...faults } = found
    const isWhole = historyBreak === undefined && Object.values(faults).every((count) => count === 0)
    isSound &&= isWhole
    reports.push({ collection, isWhole, ...found, historyBreak: historyBreak ?? null })
    const what = isWhole ? 'everything agrees' : JSON.stringify({ ...faults, historyBreak })
    lines.push(`${collection}: ${documents} documents, ${passages} passages, ${what}`)
  }
  report(context.terminal, { object: 'list', data: reports }, lines.length === 0 ? ['no collections'] : lines)
  return isSound ? undefined : 'failed'
}
