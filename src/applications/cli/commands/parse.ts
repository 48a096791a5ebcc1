import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import { toMarkdown, toParseReport, type ParsedDocument } from '../../../tools/preparation/index.ts'
import { report, toMisuse, type Command, type CommandContext } from '../command.ts'
import { findDocuments } from '../files.ts'

export const parse: Command = {
  name: 'parse',
  usage: 'FILE [--format md|json]',
  options: { format: { type: 'string' } },
  async run(context) {
    const [path, more] = context.words
    const { format = 'md' } = context.options
    if (path === undefined || more !== undefined) throw toMisuse(parse)
    if (format !== 'md' && format !== 'json') {
      throw new PlatformError('INVALID_REQUEST', `--format is md or json, not ${format}`, { param: '--format' })
    }
    const isJson = context.terminal.isJson || format === 'json'
    try {
      const document = await read(context, path)
      if (isJson) context.terminal.print(JSON.stringify(toParseReport(basename(path), document)))
      else context.terminal.print(toMarkdown(document))
      for (const line of toNotes(document)) context.terminal.note(line)
      return
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || thrown.code !== 'DOCUMENT_REFUSED') throw thrown
      const given = thrown.details?.['reason']
      const reason = typeof given === 'string' ? given : 'corrupt'
      const failed = { source: basename(path), state: 'failed', reason, message: thrown.message, pages: [] }
      report({ ...context.terminal, isJson }, failed, [])
      context.terminal.note(`failed (${reason}): ${thrown.message}`)
      return 'failed'
    }
  },
}

/** The thread that reads is ended before anything is printed: a long document then takes its memory once. */
async function read(context: CommandContext, path: string): Promise<ParsedDocument> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true)
    throw new PlatformError('INVALID_REQUEST', `${path} is a folder; parse reads one file`)
  const preparation = await context.process.openPreparation()
  try {
    const [file] = await Array.fromAsync(findDocuments(path, { extensions: undefined }))
    if (file === undefined) throw new PlatformError('NOT_FOUND', `there is no file ${path}`)
    return await preparation.parse({ source: basename(path), bytes: await file.readBytes() })
  } finally {
    await preparation.close()
  }
}

/** Pages that are not whole, and what else there is to know of the file. */
function toNotes({ pages, notices }: ParsedDocument): readonly string[] {
  const faulty = pages.filter((page) => page.state !== 'ok')
  const shown = faulty
    .slice(0, 20)
    .map((page) => `${page.kind} ${page.number} ${page.state} (${page.reason ?? 'unknown'})`)
  const rest = faulty.length > shown.length ? [`${faulty.length - shown.length} more are not whole`] : []
  return [...notices, ...shown, ...rest]
}
