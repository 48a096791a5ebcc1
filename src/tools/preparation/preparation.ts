import { createHash } from 'node:crypto'
import type { Config } from '../../config/index.ts'
import { toChunks, toGivenChunks, type Chunk } from './chunks.ts'
import { findOcrRuntime, type OcrRuntime } from './ocr/index.ts'
import { createParsing, isSimple, mayHoldPictures } from './parsing/index.ts'
import type { Canonical } from './parsers/index.ts'

/**
 * Makes documents searchable: from bytes to canonical text and chunks. The same file gives the same result under the
 * same configuration.
 */
export interface Preparation {
  /** Rejects with DOCUMENT_REFUSED and the reason in its details; with CANCELLED when the signal aborts. */
  prepare(file: SourceFile, options?: PrepareOptions): Promise<PreparedDocument>
  /** The canonical form alone. Rejects as `prepare` does. */
  parse(file: SourceFile, options?: PrepareOptions): Promise<ParsedDocument>
  /** A hash of everything the result depends on: bytes, name, media type, versions of the stages, configuration. */
  keyOf(file: SourceFile): string
  /** Passages of what was parsed; `cuts` as in a file. */
  chunk(parsed: ParsedDocument, cuts?: readonly number[]): PreparedDocument
  /** A hash of what the canonical form depends on; `undefined` for what is read faster than it is looked up. */
  parseKeyOf(file: SourceFile): string | undefined
  /** What the stages depend on besides what they are given. */
  stages(file: SourceFile): PreparationStages
  /** Ends the threads; what they are reading is refused with CANCELLED. */
  close(): Promise<void>
}

export interface PreparationStages {
  /** Of all stages but the parser, which has its own. */
  readonly version: string
  /** Hashes of the parts of the configuration that they depend on. */
  readonly configurations: { readonly parse: string; readonly chunk: string }
}

export interface PrepareOptions {
  readonly signal?: AbortSignal | undefined
}

export interface SourceFile {
  /** The name people know it by; its extension tells the media type when none is given. */
  readonly source: string
  readonly bytes: Uint8Array
  readonly mediaType?: string | undefined
  /** Where passages begin, offsets into the canonical text; by the structure when absent. */
  readonly cuts?: readonly number[] | undefined
}

export interface ParsedDocument extends Canonical {
  /** Which parser made the text, with its version: `markdown@1`. */
  readonly parser: string
  /** Of most of the text, as BCP 47 names it; `undefined` when there is too little. */
  readonly language: string | undefined
}

export interface PreparedDocument extends ParsedDocument {
  /** In order, not overlapping. Empty for a document of blanks. */
  readonly chunks: readonly Chunk[]
}

export type ParsingLimits = Config['knowledge']['parsing']

export type PreparationConfig = Pick<Config['knowledge'], 'documentBytesMax' | 'chunkUnitsMax' | 'parsing' | 'ocr'>

export interface PreparationPlaces {
  /** Where `strata runtime add ocr` puts what reads pictures. */
  readonly ocrFolder?: string | undefined
}

/** Counts up when chunks or the canonical form of any format are made otherwise than before. */
const pipelineVersion = 'preparation@4'

export function createPreparation(config: PreparationConfig, places: PreparationPlaces = {}): Preparation {
  const folders = places.ocrFolder === undefined ? [] : [places.ocrFolder]
  let runtime: OcrRuntime | undefined
  const findRuntime = (): OcrRuntime | undefined => {
    runtime ??= findOcrRuntime({ folders, languages: config.ocr.languages })
    return runtime
  }
  const parsing = createParsing(config, findRuntime)
  const chunk: Preparation['chunk'] = (parsed, cuts) => {
    const chunks = cuts === undefined ? toChunks(parsed, config.chunkUnitsMax) : toGivenChunks(parsed, cuts)
    return { ...parsed, chunks }
  }
  /** Whether pictures can be read, and by what, changes what a file that may hold some comes to. */
  const ocrOf = (file: SourceFile): unknown => (mayHoldPictures(file) ? [config.ocr, findRuntime()?.id ?? null] : null)
  const shorten = (value: unknown): string =>
    createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
  return {
    prepare: async (file, options) => chunk(await parsing.parse(file, options), file.cuts),
    chunk,
    parseKeyOf: (file) =>
      isSimple(file)
        ? undefined
        : createHash('sha256')
            .update(JSON.stringify([pipelineVersion, parsing.versions, file.source, file.mediaType ?? null]))
            .update(JSON.stringify([config.parsing, ocrOf(file)]))
            .update(file.bytes)
            .digest('hex'),
    stages: (file) => ({
      version: pipelineVersion,
      configurations: {
        parse: shorten([config.documentBytesMax, config.parsing, ocrOf(file)]),
        chunk: shorten([config.chunkUnitsMax, file.cuts ?? null]),
      },
    }),
    parse: (file, options) => parsing.parse(file, options),
    keyOf: (file) =>
      createHash('sha256')
        .update(JSON.stringify([pipelineVersion, parsing.versions, file.source, file.mediaType ?? null]))
        .update(JSON.stringify([config.chunkUnitsMax, config.parsing, file.cuts ?? null]))
        .update(mayHoldPictures(file) ? JSON.stringify([config.ocr, findRuntime()?.id ?? null]) : '')
        .update(file.bytes)
        .digest('hex'),
    close: () => parsing.close(),
  }
}
