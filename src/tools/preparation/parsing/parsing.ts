import { refuse, findUtf8 } from '../reading/index.ts'
import { formats, type Format } from '../parsers/index.ts'
import type { OcrRuntime } from '../ocr/index.ts'
import type { ParsedDocument, PreparationConfig, PrepareOptions, SourceFile } from '../preparation.ts'
import { chooseFormat } from './choose.ts'
import { parseFile } from './parse-file.ts'
import { createPool } from './pool.ts'

/** Reads documents, each in a thread of its own; small ones that are plain text where it is called. */
export interface Parsing {
  /** Names and versions of all readers: a new one reads documents anew. */
  readonly versions: readonly string[]
  parse(file: SourceFile, options?: PrepareOptions): Promise<ParsedDocument>
  close(): Promise<void>
}

/** Larger text is read in a thread: this much takes some ten milliseconds. */
const inlineBytesMax = 524_288

export function createParsing(config: PreparationConfig, findRuntime: () => OcrRuntime | undefined): Parsing {
  const pool = createPool(config.parsing, () => {
    const runtime = config.ocr.enabled ? findRuntime() : undefined
    return runtime === undefined ? undefined : { runtime, limits: config.ocr }
  })
  return {
    versions: Object.values(formats).map((format: Format) => format.id),
    async parse(file, options = {}) {
      if (file.bytes.length > config.documentBytesMax) {
        const allowed = `knowledge.documentBytesMax allows ${config.documentBytesMax}`
        throw refuse(file.source, 'size', `has ${file.bytes.length} bytes; ${allowed}`)
      }
      if (!isSimple(file)) return pool.run(file, options.signal)
      return parseFile(file, { limits: config.parsing, millisecondsLeft: () => config.parsing.timeoutMs, depth: 0 })
    },
    close: () => pool.close(),
  }
}

/** Text or Markdown in UTF-8, and not much of it. */
export function isSimple(file: SourceFile): boolean {
  if (file.bytes.length > inlineBytesMax) return false
  const choice = chooseFormat(file)
  if (choice.type !== 'format' || (choice.format !== 'markdown' && choice.format !== 'text')) return false
  return findUtf8(file.bytes) !== undefined
}
