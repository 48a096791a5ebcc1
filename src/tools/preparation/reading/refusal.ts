import { PlatformError } from '../../../core/errors.ts'

/**
 * Why a file or a page could not be read, or not wholly. A file that is refused says one in `details.reason`, a page in
 * `reason`.
 */
export type Reason =
  | 'size'
  | 'binary'
  | 'media-type'
  | 'legacy-format'
  | 'encoding'
  | 'password'
  | 'macros'
  | 'corrupt'
  | 'truncated'
  | 'archive'
  | 'archive-bomb'
  | 'nesting'
  | 'time'
  | 'memory'
  | 'pages'
  | 'no-text'
  | 'glyph-loss'
  | 'ocr'

/** The statement follows the name of the file: `is no whole ZIP archive`. */
export function refuse(source: string, reason: Reason, statement: string | Statement): PlatformError {
  const { says, cause } = typeof statement === 'string' ? { says: statement, cause: undefined } : statement
  return new PlatformError('DOCUMENT_REFUSED', `${source} ${says}`, { details: { reason }, cause })
}

interface Statement {
  readonly says: string
  readonly cause: unknown
}

/** The reason of a refusal; `undefined` for any other error. */
export function reasonOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof PlatformError) || thrown.code !== 'DOCUMENT_REFUSED') return undefined
  const reason = thrown.details?.['reason']
  return typeof reason === 'string' ? reason : 'corrupt'
}
