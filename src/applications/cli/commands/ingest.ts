import { toPlatformError } from '../../../core/errors.ts'
import { readableExtensions } from '../../../tools/index.ts'
import { findDocuments } from '../files.ts'
import { toMisuse, operatorTenant, report, type Command } from '../command.ts'

export const ingest: Command = {
  name: 'ingest',
  usage: 'PATH --into COLLECTION',
  summary: 'Takes in a document of any format, or every one below a folder.',
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
    for await (const { name, readBytes } of findDocuments(path, { extensions: readableExtensions })) {
      try {
        const document = await knowledge.putDocument(operatorTenant, into, {
          externalId: name,
          name,
          bytes: await readBytes(),
        })
        counts[document.outcome ?? 'unchanged']++
        context.terminal.note(`${document.outcome ?? 'unchanged'}  ${name}  ${document.chunks} passages`)
      } catch (thrown) {
        // One bad file must not keep the others out; it is named with its reason and counted.
        const error = toPlatformError(thrown)
        if (error.code !== 'DOCUMENT_REFUSED') throw thrown
        counts.refused++
        refusals.push({ name, reason: error.message })
        context.terminal.note(`refused  ${name}  ${error.message}`)
      }
    }
    report(context.terminal, { collection: into, ...counts, refusals }, [
      `${into}: ${counts.created} created, ${counts.updated} updated, ${counts.unchanged} unchanged, ${counts.refused} refused`,
    ])
  },
}
