import { PlatformError } from '../../core/errors.ts'

/** The text of a file: UTF-8, UTF-16 with its mark, or GB18030; without a byte order mark. Throws DOCUMENT_REFUSED. */
export function readText(name: string, bytes: Uint8Array): string {
  const utf16 =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined
  if (utf16 === undefined && bytes.includes(0))
    throw new PlatformError('DOCUMENT_REFUSED', `${name} holds NUL bytes: it is no text`)
  for (const encoding of utf16 === undefined ? ['utf-8', 'gb18030'] : [utf16]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // The next encoding may be the right one; when none is, the file is refused.
    }
  }
  throw new PlatformError('DOCUMENT_REFUSED', `${name} is neither UTF-8, UTF-16 with its mark, nor GB18030`)
}
