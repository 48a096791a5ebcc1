import type { SourceFile } from '../preparation.ts'

/** What the first bytes of a file say it is, whatever its name says. */
export type Kind = 'pdf' | 'zip' | 'ole' | 'image' | 'gzip' | 'archive' | 'rtf' | 'old' | 'program' | 'media' | 'text'

export function sniffKind({ bytes }: Pick<SourceFile, 'bytes'>): Kind {
  const found = signatures.find(({ magic, at = 0 }) => magic.every((byte, index) => bytes[at + index] === byte))
  if (found !== undefined) return found.kind
  if (isBitmap(bytes)) return 'image'
  if (hasRtfHead(bytes)) return 'rtf'
  return hasPdfHead(bytes) ? 'pdf' : 'text'
}

interface Signature {
  readonly kind: Kind
  readonly magic: readonly number[]
  readonly at?: number
}

const ascii = (text: string): readonly number[] => Array.from(text, (character) => character.charCodeAt(0))

const signatures: readonly Signature[] = [
  { kind: 'pdf', magic: ascii('%PDF-') },
  { kind: 'zip', magic: [0x50, 0x4b, 0x03, 0x04] },
  { kind: 'zip', magic: [0x50, 0x4b, 0x05, 0x06] },
  { kind: 'ole', magic: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] },
  { kind: 'image', magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { kind: 'image', magic: [0xff, 0xd8, 0xff] },
  { kind: 'image', magic: ascii('GIF8') },
  { kind: 'image', magic: ascii('WEBP'), at: 8 },
  { kind: 'image', magic: [0x49, 0x49, 0x2a, 0x00] },
  { kind: 'image', magic: [0x4d, 0x4d, 0x00, 0x2a] },
  { kind: 'gzip', magic: [0x1f, 0x8b, 0x08] },
  { kind: 'archive', magic: ascii('7z\u00bc\u00af') },
  { kind: 'archive', magic: ascii('Rar!') },
  { kind: 'archive', magic: ascii('ustar'), at: 257 },
  { kind: 'archive', magic: [0xfd, ...ascii('7zXZ')] },
  // Excel 2 to 4, Write, Word 2, WordPerfect.
  { kind: 'old', magic: [0x09, 0x00, 0x04, 0x00] },
  { kind: 'old', magic: [0x09, 0x02, 0x06, 0x00] },
  { kind: 'old', magic: [0x09, 0x04, 0x06, 0x00] },
  { kind: 'old', magic: [0x31, 0xbe, 0x00, 0x00] },
  { kind: 'old', magic: [0xdb, 0xa5, 0x2d, 0x00] },
  { kind: 'old', magic: [0xff, ...ascii('WPC')] },
  { kind: 'program', magic: [0x7f, ...ascii('ELF')] },
  { kind: 'program', magic: [0x4d, 0x5a, 0x90, 0x00] },
  { kind: 'program', magic: [0xca, 0xfe, 0xba, 0xbe] },
  { kind: 'media', magic: ascii('ftyp'), at: 4 },
  { kind: 'media', magic: ascii('OggS') },
  { kind: 'media', magic: ascii('ID3') },
  { kind: 'media', magic: ascii('RIFF') },
]

/** Whether a file, or what is attached to it, may be a picture of text: its text then depends on what reads pictures. */
export function mayHoldPictures(file: SourceFile): boolean {
  return (
    sniffKind(file) !== 'text' || extensionOf(file.source) === 'eml' || essenceOf(file.mediaType) === 'message/rfc822'
  )
}

/** `BM`, then the size of the file and four bytes of nothing. */
function isBitmap(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d && [6, 7, 8, 9].every((index) => bytes[index] === 0)
}

/** A byte order mark and blanks may stand before it, as when it went through an editor. */
function hasRtfHead(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString('latin1')
  return /^(?:\xef\xbb\xbf)?\s*\{\\rtf/.test(head)
}

/** Junk may stand before the head of a PDF, within the first 1,024 bytes. */
function hasPdfHead(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_024))
  return head.includes('%PDF-1.') || head.includes('%PDF-2.')
}

/** The extension of a name, lower case, without the dot. */
export function extensionOf(source: string): string {
  return /\.([^./\\]+)$/.exec(source)?.[1]?.toLowerCase() ?? ''
}

/** The media type without its parameters, lower case; empty when none was given or it says nothing. */
export function essenceOf(mediaType: string | undefined): string {
  const essence = (mediaType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  return ['application/octet-stream', 'binary/octet-stream'].includes(essence) ? '' : essence
}
