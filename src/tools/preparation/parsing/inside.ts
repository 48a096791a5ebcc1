import type { ParsingLimits, SourceFile } from '../preparation.ts'
import { findOpenDocument } from './choose.ts'
import type { FormatName } from '../parsers/index.ts'
import { holdsMacros, openArchive, refuse, type Archive, type Reason } from '../reading/index.ts'

/** What a file that holds files is: an Office document, a book, or nothing that is read. Throws DOCUMENT_REFUSED. */
export async function lookInside(file: SourceFile, kind: 'zip' | 'ole', limits: ParsingLimits): Promise<FormatName> {
  if (kind === 'ole') return lookIntoCompound(file)
  const archive = await openArchive(file.source, file.bytes, limits)
  if (limits.macros === 'refuse' && holdsMacros(archive)) {
    throw refuse(file.source, 'macros', 'holds macros, which knowledge.parsing.macros refuses')
  }
  const open = openDocumentOf(archive)
  if (open !== undefined) return findOpenDocument(file, open)
  const found = markers.find(({ path }) => archive.has(path)) ?? findDeclared(archive)
  if (found !== undefined) return found.format
  const other = others.find(({ path }) => archive.paths.some((each) => path.test(each)))
  if (other !== undefined) throw refuse(file.source, other.reason, other.says)
  throw refuse(file.source, 'media-type', 'is an archive of files; unpack it first')
}

/** The media type of OpenDocument that an archive says it is, after its manifest where it says nothing else. */
function openDocumentOf(archive: Archive): string | undefined {
  const type = archive.findText('mimetype')?.trim() ?? ''
  if (/^application\/vnd\.(?:oasis\.opendocument|sun\.xml)\./.test(type)) return type
  if (type !== '' || !archive.has('content.xml')) return undefined
  const manifest = archive.findText('META-INF/manifest.xml') ?? ''
  return /"(application\/vnd\.(?:oasis\.opendocument|sun\.xml)\.[\w.-]+)"/.exec(manifest)?.[1]
}

/** Documents in archives that are not read, told by a file in them. */
const others: readonly { readonly path: RegExp; readonly reason: Reason; readonly says: string }[] = [
  { path: /^xl\/workbook\.bin$/, reason: 'media-type', says: 'is a binary workbook (XLSB); save it as XLSX' },
  {
    path: /(?:^|\/)Index(?:\/Document\.iwa|\.zip)$|^index\.(?:xml|apxl)(?:\.gz)?$/,
    reason: 'media-type',
    says: 'is a document of Pages, Numbers or Keynote; export it as DOCX, XLSX, PPTX or PDF',
  },
]

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
  const [, as = 'DOCX, XLSX or PPTX'] = oldFormats.find(([name]) => names(name)) ?? []
  throw refuse(file.source, 'legacy-format', `is an old Office document (before 2007); save it as ${as}`)
}

/** What old documents have in their directory, and what to save them as. */
const oldFormats: readonly (readonly [name: string, as: string])[] = [
  ['PowerPoint Document', 'PPTX'],
  ['WordDocument', 'DOCX'],
  ['Workbook', 'XLSX'],
  ['Book', 'XLSX'],
]
