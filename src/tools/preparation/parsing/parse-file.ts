import { PlatformError } from '../../../core/errors.ts'
import { findLanguage } from '../../../core/language.ts'
import type { ParsedDocument, ParsingLimits, SourceFile } from '../preparation.ts'
import type { PageReader } from '../ocr/index.ts'
import { formats, type Canonical, type Format, type FormatName } from '../parsers/index.ts'
import { refuse, TooManyNodes } from '../reading/index.ts'
import { chooseFormat, isMislabelled } from './choose.ts'
import { lookInside } from './inside.ts'

export interface ParseOptions {
  readonly limits: ParsingLimits
  readonly millisecondsLeft: () => number
  readonly depth: number
  readonly ocr?: PageReader | undefined
}

/** Reads a file of any format, in the thread it is called in. Rejects with DOCUMENT_REFUSED and nothing else. */
export async function parseFile(file: SourceFile, options: ParseOptions): Promise<ParsedDocument> {
  try {
    const choice = chooseFormat(file)
    const name = choice.type === 'format' ? choice.format : await lookInside(file, choice.kind, options.limits)
    const format: Format = formats[name]
    const read = await format.load()
    const { limits, millisecondsLeft, depth } = options
    const canonical = await read(file, {
      limits,
      millisecondsLeft,
      depth,
      ocr: options.ocr,
      parseInner: (inner) => parseInner(inner, options),
    })
    // What lies in another file is read for its text alone.
    const language = depth === 0 ? findLanguage(canonical.text) : undefined
    return { ...withNotices(canonical, file, name), parser: format.id, language }
  } catch (thrown) {
    if (thrown instanceof PlatformError && thrown.code === 'DOCUMENT_REFUSED') throw thrown
    if (thrown instanceof TooManyNodes) {
      const allowed = `knowledge.parsing.nodesMax allows ${options.limits.nodesMax}`
      throw refuse(file.source, 'memory', `has more elements than allowed; ${allowed}`)
    }
    if (
      thrown instanceof RangeError &&
      /^(?:Invalid (?:string|array) length|Map maximum|Set maximum)/.test(thrown.message)
    ) {
      throw refuse(file.source, 'memory', { says: 'makes a longer text than can be held', cause: thrown })
    }
    // A reader that stumbles over a file must not harm the batch: the file is named, and the cause kept.
    const cause = thrown instanceof Error ? `${thrown.name}: ${thrown.message}`.slice(0, 300) : 'unknown'
    throw refuse(file.source, 'corrupt', { says: `cannot be read (${cause})`, cause: thrown })
  }
}

function parseInner(file: SourceFile, options: ParseOptions): Promise<Canonical> {
  const depth = options.depth + 1
  if (depth > options.limits.attachmentsDepthMax) {
    const allowed = `knowledge.parsing.attachmentsDepthMax allows ${options.limits.attachmentsDepthMax}`
    throw refuse(file.source, 'nesting', `lies too deep in other files; ${allowed}`)
  }
  return parseFile(file, { ...options, depth })
}

function withNotices(canonical: Canonical, file: SourceFile, name: FormatName): Canonical {
  const notices = isMislabelled(file, name) ? [...canonical.notices, `mislabelled: ${name}`] : canonical.notices
  const [page] = canonical.pages
  const isEmpty = canonical.pages.length === 1 && page?.state === 'ok' && canonical.text.trim() === ''
  const pages = isEmpty ? [{ ...page, state: 'degraded' as const, reason: 'no-text' }] : canonical.pages
  return { ...canonical, pages, notices }
}
