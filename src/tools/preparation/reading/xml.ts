import { findCharset, findUtf8 } from './decode.ts'

/** Text that is XML: as its byte order mark says, else UTF-8 unless it is in what it declares. */
export function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString('latin1')
  const declared = findCharset(encodingOf(head) ?? '') ?? 'utf-8'
  if (declared.startsWith('utf-')) return new TextDecoder('utf-8').decode(bytes)
  return findUtf8(bytes) ?? new TextDecoder(declared).decode(bytes)
}

/** The encoding that XML declares at its beginning. */
export function encodingOf(head: string): string | undefined {
  return /^\s*<\?xml[^>]+encoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1]?.toLowerCase()
}
