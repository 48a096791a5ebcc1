import { PlatformError } from '../../../core/errors.ts'
import { readableExtensions } from '../../../tools/preparation/index.ts'
import type { NewDocument } from '../../../tools/retrieval/index.ts'
import { findDocuments } from '../files.ts'
import { toMisuse, operatorTenant, report, type Command } from '../command.ts'

/** Taken in together, in one transaction. */
const documentsPerPut = 50
const bytesPerPut = 4_194_304

export const ingest: Command = {
  name: 'ingest',
  usage: 'PATH --into COLLECTION',
  options: { into: { type: 'string' } },
  async run(context) {
    const [path] = context.words
    const { into } = context.options
    if (path === undefined || typeof into !== 'string') throw toMisuse(ingest)
    const { knowledge } = (await context.open()).parts
    const existing = await knowledge.listCollections(operatorTenant)
    if (!existing.some((collection) => collection.name === into)) await knowledge.createCollection(operatorTenant, into)
    const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 }
    const refusals: { name: string; reason: string }[] = []
    const take = async (documents: readonly NewDocument[]): Promise<void> => {
      const outcomes = await knowledge.putDocuments(operatorTenant, into, documents)
      for (const [index, outcome] of outcomes.entries()) {
        const { name } = documents[index] ?? { name: '' }
        if (outcome instanceof PlatformError) {
          // One bad file must not keep the others out; it is named with its reason and counted.
          counts.refused++
          refusals.push({ name, reason: outcome.message })
          context.terminal.note(`refused  ${name}  ${outcome.message}`)
        } else {
          counts[outcome.outcome ?? 'unchanged']++
          context.terminal.note(`${outcome.outcome ?? 'unchanged'}  ${name}  ${outcome.chunks} passages`)
        }
      }
    }
    let waiting: NewDocument[] = []
    let waitingBytes = 0
    for await (const { name, readBytes } of findDocuments(path, { extensions: readableExtensions })) {
      const bytes = await readBytes()
      waiting.push({ externalId: name, name, bytes })
      waitingBytes += bytes.length
      if (waiting.length < documentsPerPut && waitingBytes < bytesPerPut) continue
      await take(waiting)
      waiting = []
      waitingBytes = 0
    }
    if (waiting.length > 0) await take(waiting)
    report(context.terminal, { collection: into, ...counts, refusals }, [
      `${into}: ${counts.created} created, ${counts.updated} updated, ${counts.unchanged} unchanged, ${counts.refused} refused`,
    ])
  },
}
