import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import { toChunks, type Chunk } from './chunks.ts'
import { chooseParser } from './parsers/index.ts'

/** Makes documents searchable: from bytes to canonical text and chunks. Pure: the same file gives the same result. */
export interface Preparation {
  /** Throws DOCUMENT_REFUSED with the reason: too large, no text, not UTF-8, a media type nothing here reads. */
  prepare(file: SourceFile): PreparedDocument
}

export interface SourceFile {
  /** The name people know it by; its extension tells the media type when none is given. */
  readonly source: string
  readonly bytes: Uint8Array
  readonly mediaType?: string | undefined
}

export interface PreparedDocument {
  /** The canonical text: every offset is UTF-16 code units into it, and it never changes. */
  readonly text: string
  readonly title: string | undefined
  /** Which parser made the text, with its version: `markdown@1`. */
  readonly parser: string
  /** In order, not overlapping. Empty for a document of blanks. */
  readonly chunks: readonly Chunk[]
}

export function createPreparation(
  config: Pick<Config['knowledge'], 'documentBytesMax' | 'chunkUnitsMax'>,
): Preparation {
  return {
    prepare(file) {
      if (file.bytes.length > config.documentBytesMax) {
        throw new PlatformError(
          'DOCUMENT_REFUSED',
          `${file.source} has ${file.bytes.length} bytes; knowledge.documentBytesMax allows ${config.documentBytesMax}`,
          { details: { reason: 'size' } },
        )
      }
      const parser = chooseParser(file)
      const canonical = parser.parse(file)
      const chunks = toChunks(canonical, config.chunkUnitsMax)
      return { text: canonical.text, title: canonical.title, parser: parser.id, chunks }
    },
  }
}
