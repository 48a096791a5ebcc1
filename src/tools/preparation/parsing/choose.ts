import type { SourceFile } from '../preparation.ts'
import { formats, type Format, type FormatName } from '../parsers/index.ts'
import { decodeXml, refuse } from '../reading/index.ts'
import { essenceOf, extensionOf, sniffKind, type Kind } from './sniff.ts'

/** What a file is read as, by its content first, then by its media type, then by its name. */
export type Choice =
  | { readonly type: 'format'; readonly format: FormatName }
  | { readonly type: 'inside'; readonly kind: 'zip' | 'ole' }

/** Throws DOCUMENT_REFUSED: `media-type`, `legacy-format`. */
export function chooseFormat(file: SourceFile): Choice {
  const kind = sniffKind(file)
  switch (kind) {
    case 'zip':
    case 'ole':
      return { type: 'inside', kind }
    case 'text': {
      const flat = findFlat(file)
      return { type: 'format', format: flat === undefined ? chooseText(file) : findOpenDocument(file, flat) }
    }
    case 'pdf':
    case 'image':
    case 'rtf':
      return { type: 'format', format: kind }
    default:
      throw refuse(file.source, kind === 'old' ? 'legacy-format' : 'media-type', unread[kind])
  }
}

/** Whether name and media type say another format than the content. */
export function isMislabelled(file: SourceFile, format: FormatName): boolean {
  const { mediaTypes, extensions }: Format = formats[format]
  const essence = essenceOf(file.mediaType)
  const extension = extensionOf(file.source)
  const isKnown = Object.values(formats).some((each: Format) => each.extensions.includes(extension))
  if (essence !== '' && essence !== 'text/plain') return !mediaTypes.includes(essence)
  return isKnown && !extensions.includes(extension)
}

const unread: Readonly<Record<Exclude<Kind, FormatName | 'zip' | 'ole'>, string>> = {
  gzip: 'is compressed by gzip; unpack it first',
  archive: 'is an archive of files; unpack it first',
  old: 'is a document of a program from before 1997; save it as DOCX or XLSX',
  program: 'is a program',
  media: 'is audio or video, which is not read as a document',
}

/** The reader of a kind of OpenDocument, by its media type. Throws DOCUMENT_REFUSED: `media-type`, `legacy-format`. */
export function findOpenDocument({ source }: SourceFile, mediaType: string): FormatName {
  if (mediaType.includes('.sun.xml.')) {
    throw refuse(source, 'legacy-format', 'is a document of OpenOffice.org 1; save it as ODT, ODS or ODP')
  }
  const [, kind = ''] = /\.opendocument\.(\w+)/.exec(mediaType) ?? []
  const found = kindsOfOpenDocument[kind]
  if (found !== undefined) return found
  throw refuse(
    source,
    'media-type',
    `is OpenDocument of a kind that is not read (${kind.slice(0, 40)}); save it as PDF`,
  )
}

const kindsOfOpenDocument: Readonly<Record<string, FormatName>> = {
  text: 'odt',
  spreadsheet: 'ods',
  presentation: 'odp',
  graphics: 'odp',
}

/** The media type of OpenDocument that is one file of XML, which says so at its beginning. */
function findFlat(file: SourceFile): string | undefined {
  const [, quoted, single] =
    /^<office:document\s[^>]*?\boffice:mimetype\s*=\s*(?:"([^"]+)"|'([^']+)')/.exec(rootOf(headOf(file))) ?? []
  return quoted ?? single
}

/** A format of text: by media type, then by extension, then by how it begins. */
function chooseText(file: SourceFile): FormatName {
  const essence = essenceOf(file.mediaType)
  const byExtension = findText((format) => format.extensions.includes(extensionOf(file.source)))
  if (essence !== '' && essence !== 'text/plain') {
    const byType = findText((format) => format.mediaTypes.includes(essence))
    if (byType !== undefined) return byType
    // Reports of delivery and the like are messages of nothing but text.
    if (!/^(?:text|message)\//.test(essence)) {
      const known = Object.values(formats).flatMap((format: Format) => format.mediaTypes.slice(0, 1))
      throw refuse(file.source, 'media-type', `is ${essence}; what can be read is ${known.join(', ')}`)
    }
  }
  return byExtension ?? lookAt(file)
}

function findText(matches: (format: Format) => boolean): FormatName | undefined {
  return textFormats.find((name) => matches(formats[name]))
}

/** Formats that are text; the others are told by their first bytes. */
const textFormats: readonly FormatName[] = ['markdown', 'text', 'html', 'csv', 'eml', 'json', 'jsonl']

/** How a text without a telling name begins: as a web page, or as nothing in particular. */
function lookAt(file: SourceFile): FormatName {
  const head = headOf(file)
  if (/^<(?:!doctype\s+html|html|head|body)\b/i.test(rootOf(head))) return 'html'
  if (
    /^(?:received|return-path|from|to|subject|date|message-id|mime-version|delivered-to):[ \t]/i.test(head) &&
    /^mime-version:|^message-id:/im.test(head.slice(0, 2_048))
  )
    return 'eml'
  return 'text'
}

function headOf({ bytes }: SourceFile): string {
  return decodeXml(bytes.subarray(0, 8_192))
}

/** A head from its first element on, behind its declaration and its comments. Linear. */
function rootOf(head: string): string {
  let start = 0
  for (beforeRoot.lastIndex = 0; beforeRoot.test(head); ) start = beforeRoot.lastIndex
  return head.slice(start)
}

const beforeRoot = /\s+|<\?[^>]*>|<!--[\s\S]*?-->/y
