import { PlatformError } from '../../../core/errors.ts'
import type { SourceFile } from '../preparation.ts'

/** The text of a UTF-8 file, without its byte order mark. Throws DOCUMENT_REFUSED that says what the file is instead. */
export function decodeText(file: SourceFile): string {
  const { bytes } = file
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(file.mediaType ?? '')?.[1]?.toLowerCase()
  if (charset !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(charset)) {
    throw refuse(file, 'encoding', `is declared as ${charset}; save it as UTF-8`)
  }
  const format = signatures.find(({ magic }) => magic.every((byte, index) => bytes[index] === byte))
  if (format !== undefined) throw refuse(file, format.reason, `is ${format.name}`)
  const nulAt = bytes.indexOf(0)
  if (nulAt >= 0) throw refuse(file, 'binary', `is no text: it has a NUL byte at ${nulAt}`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown
    throw refuse(file, 'encoding', `is not UTF-8 from byte ${findFault(bytes)} on; save it as UTF-8`)
  }
  if (/^\s*<(!doctype\s+html|html)\b/i.test(text.slice(0, 1_000))) throw refuse(file, 'media-type', 'is an HTML page')
  return text
}

interface Signature {
  readonly name: string
  readonly reason: string
  readonly magic: readonly number[]
}

const signatures: readonly Signature[] = [
  { name: 'a PDF', reason: 'media-type', magic: [0x25, 0x50, 0x44, 0x46, 0x2d] },
  { name: 'a ZIP archive or an Office document', reason: 'media-type', magic: [0x50, 0x4b, 0x03, 0x04] },
  { name: 'an old Office document', reason: 'media-type', magic: [0xd0, 0xcf, 0x11, 0xe0] },
  { name: 'compressed by gzip', reason: 'media-type', magic: [0x1f, 0x8b] },
  { name: 'a PNG image', reason: 'media-type', magic: [0x89, 0x50, 0x4e, 0x47] },
  { name: 'a JPEG image', reason: 'media-type', magic: [0xff, 0xd8, 0xff] },
  { name: 'UTF-16; save it as UTF-8', reason: 'encoding', magic: [0xff, 0xfe] },
  { name: 'UTF-16; save it as UTF-8', reason: 'encoding', magic: [0xfe, 0xff] },
]

/** Where the first byte stands that cannot be there: the length of the longest valid beginning, found by halving. */
function findFault(bytes: Uint8Array): number {
  let valid = 0
  let faulty = bytes.length
  while (faulty - valid > 1) {
    const middle = Math.floor((valid + faulty) / 2)
    if (isValidStart(bytes.subarray(0, middle))) valid = middle
    else faulty = middle
  }
  return valid
}

/** Whether the bytes decode, but for a last character that may be cut. */
function isValidStart(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

function refuse(file: SourceFile, reason: string, statement: string): PlatformError {
  return new PlatformError('DOCUMENT_REFUSED', `${file.source} ${statement}`, { details: { reason } })
}
