import { PlatformError } from '../../../core/errors.ts'
import { readableExtensions } from '../../../tools/preparation/index.ts'
import type { Knowledge, NewDocument } from '../../../tools/retrieval/index.ts'
import { findDocuments, type DocumentFile } from '../files.ts'
import { toMisuse, operatorTenant, report, type Command, type CommandContext } from '../command.ts'

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
    const interrupted = context.process.interrupted()
    const documents = findDocuments(path, { extensions: readableExtensions })
    const first = await documents.next() // What is not there leaves no collection behind.
    const { knowledge } = (await context.open()).parts
    const existing = await knowledge.listCollections(operatorTenant)
    if (!existing.some((collection) => collection.name === into)) await knowledge.createCollection(operatorTenant, into)
    const intake = createIntake(context, knowledge, into)
    if (first.done !== true) {
      await intake.add(first.value)
      for await (const document of documents) {
        if (interrupted.aborted) break
        await intake.add(document)
      }
    }
    if (!interrupted.aborted) await intake.flush()
    const { created, updated, unchanged } = intake.counts
    const sums = `${into}: ${created} created, ${updated} updated, ${unchanged} unchanged, ${intake.refusals.length} refused`
    if (interrupted.aborted) {
      throw new PlatformError('CANCELLED', `interrupted; the same command goes on with the rest. ${sums}`)
    }
    const counts = { ...intake.counts, refused: intake.refusals.length }
    report(context.terminal, { collection: into, ...counts, refusals: intake.refusals }, [sums])
    return intake.refusals.length > 0 ? 'failed' : undefined
  },
}

interface Intake {
  readonly counts: Readonly<Record<'created' | 'updated' | 'unchanged', number>>
  readonly refusals: readonly { readonly name: string; readonly reason: string }[]
  add(document: DocumentFile): Promise<void>
  /** Takes in what waits to be taken in together. */
  flush(): Promise<void>
}

/** One bad file does not keep the others out: it is named with its reason, and counted. */
function createIntake({ terminal }: CommandContext, knowledge: Pick<Knowledge, 'putDocuments'>, into: string): Intake {
  const counts = { created: 0, updated: 0, unchanged: 0 }
  const refusals: { name: string; reason: string }[] = []
  const refuse = (name: string, reason: string): void => {
    refusals.push({ name, reason })
    terminal.note(`refused  ${name}  ${reason}`)
  }
  let waiting: NewDocument[] = []
  let waitingBytes = 0
  const flush = async (): Promise<void> => {
    const documents = waiting
    waiting = []
    waitingBytes = 0
    if (documents.length === 0) return
    const outcomes = await knowledge.putDocuments(operatorTenant, into, documents)
    for (const [index, outcome] of outcomes.entries()) {
      const { name } = documents[index] ?? { name: '' }
      if (outcome instanceof PlatformError) refuse(name, outcome.message)
      else {
        counts[outcome.outcome ?? 'unchanged']++
        terminal.note(`${outcome.outcome ?? 'unchanged'}  ${name}  ${outcome.chunks} passages`)
      }
    }
  }
  return {
    counts,
    refusals,
    flush,
    async add({ name, readBytes }) {
      try {
        const bytes = await readBytes()
        waiting.push({ externalId: name, name, bytes })
        waitingBytes += bytes.length
      } catch (thrown) {
        if (!(thrown instanceof PlatformError) || thrown.code !== 'DOCUMENT_REFUSED') throw thrown
        refuse(name, thrown.message)
      }
      if (waiting.length >= documentsPerPut || waitingBytes >= bytesPerPut) await flush()
    },
  }
}
