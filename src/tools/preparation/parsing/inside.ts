import type { ParsingLimits, SourceFile } from '../preparation.ts'
import type { FormatName } from '../parsers/index.ts'
import { openArchive, refuse, type Archive } from '../reading/index.ts'

/** What a file that holds files is: an Office document, a book, or nothing that is read. Throws DOCUMENT_REFUSED. */
export async function lookInside(file: SourceFile, kind: 'zip' | 'ole', limits: ParsingLimits): Promise<FormatName> {
  if (kind === 'ole') return lookIntoCompound(file)
  const archive = await openArchive(file.source, file.bytes, limits)
  if (limits.macros === 'refuse' && archive.paths.some((path) => path.endsWith('vbaProject.bin'))) {
    throw refuse(file.source, 'macros', 'holds macros, which knowledge.parsing.macros refuses')
  }
  const type = archive.findText('mimetype')?.trim() ?? ''
  if (type.startsWith('application/vnd.oasis.opendocument.text')) return 'odt'
  if (type.startsWith('application/vnd.oasis.opendocument.')) {
    throw refuse(file.source, 'media-type', 'is OpenDocument of a kind that is not read; save it as XLSX or PPTX')
  }
  const found = markers.find(({ path }) => archive.has(path)) ?? findDeclared(archive)
  if (found !== undefined) return found.format
  throw refuse(file.source, 'media-type', 'is an archive of files; unpack it first')
}

const markers: readonly { readonly path: string; readonly format: FormatName }[] = [
  { path: 'word/document.xml', format: 'docx' },
  { path: 'xl/workbook.xml', format: 'xlsx' },
  { path: 'ppt/presentation.xml', format: 'pptx' },
  { path: 'META-INF/container.xml', format: 'epub' },
]

/** Programs may name the main part of an Office document as they like; its type says what it is. */
function findDeclared(archive: Archive): { readonly format: FormatName } | undefined {
  const types = archive.findText('[Content_Types].xml') ?? ''
  const main =
    /\b(wordprocessingml|spreadsheetml|presentationml)\.(?:document|template|sheet|presentation|slideshow)\.main\+xml/
  const macros = /\bms-(word|excel|powerpoint)\.[\w.]*macroEnabled(?:Template|\.main)?[\w.]*\+xml/i
  const kind = (main.exec(types) ?? macros.exec(types))?.[1]?.toLowerCase() ?? ''
  const format = kinds[kind]
  return format === undefined ? undefined : { format }
}

const kinds: Readonly<Record<string, FormatName>> = {
  wordprocessingml: 'docx',
  word: 'docx',
  spreadsheetml: 'xlsx',
  excel: 'xlsx',
  presentationml: 'pptx',
  powerpoint: 'pptx',
}

/**
 * A compound file holds what its directory names, in UTF-16: a message of Outlook, an Office document that is encrypted, or
 * one of the old formats.
 */
function lookIntoCompound(file: SourceFile): FormatName {
  const buffer = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength)
  const names = (name: string): boolean => buffer.includes(Buffer.from(name, 'utf16le'))
  if (names('EncryptedPackage')) throw refuse(file.source, 'password', 'is protected by a password')
  if (names('__properties_version1.0')) return 'msg'
  throw refuse(file.source, 'legacy-format', 'is an old Office document; save it as DOCX, XLSX or PPTX')
}
