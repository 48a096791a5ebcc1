import { PlatformError } from '../../../core/errors.ts'
import { readNumberOption } from '../numbers.ts'
import { findDocuments } from '../files.ts'
import { readText } from '../text-file.ts'
import { report, toMisuse, type Command } from '../command.ts'

const plainExtensions: ReadonlySet<string> = new Set(['md', 'markdown', 'txt', 'text'])

export const duplicates: Command = {
  name: 'duplicates',
  usage: 'PATH [--jaccard 0.5]',
  options: { jaccard: { type: 'string' } },
  async run(context) {
    const [path, ...rest] = context.words
    if (path === undefined || rest.length > 0) throw toMisuse(duplicates)
    const jaccardMin = readNumberOption(context, 'jaccard', { min: 0.1, max: 1 })
    const index = await context.process.createDuplicateIndex({ jaccardMin })
    let files = 0
    const refusals: { name: string; reason: string }[] = []
    for await (const { name, readBytes } of findDocuments(path, { extensions: plainExtensions })) {
      files++
      try {
        index.add({ id: name, text: readText(name, await readBytes()) })
      } catch (thrown) {
        if (!(thrown instanceof PlatformError) || thrown.code !== 'DOCUMENT_REFUSED') throw thrown
        refusals.push({ name, reason: thrown.message })
        context.terminal.note(`refused  ${name}  ${thrown.message}`)
      }
    }
    const clusters = index.clusters()
    const lines = clusters.flatMap(({ members }) =>
      members.map(({ id, kind, jaccard }, place) =>
        place === 0 ? id : `    ${kind === 'near' ? `near ${jaccard.toFixed(2)}` : kind}  ${id}`,
      ),
    )
    report(context.terminal, { object: 'duplicates', path, files, clusters, refusals }, [
      ...lines,
      `${files} files, ${clusters.length} of them with duplicates, ${refusals.length} refused`,
    ])
  },
}
