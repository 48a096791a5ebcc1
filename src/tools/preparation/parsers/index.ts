import { readMarkdown } from './markdown.ts'
import type { Format } from './parser.ts'
import { readText } from './text.ts'

export type {
  Block,
  BlockKind,
  Box,
  Canonical,
  Format,
  Mark,
  Origin,
  Page,
  PageKind,
  PageState,
  ParseContext,
  Reader,
  Section,
  Span,
} from './parser.ts'

const openXml = 'application/vnd.openxmlformats-officedocument'
const openDocument = 'application/vnd.oasis.opendocument'

/** Every format there is, by name. A new one is a file or folder and an entry here. */
export const formats = {
  markdown: {
    id: 'markdown@2',
    mediaTypes: ['text/markdown', 'text/x-markdown'],
    extensions: ['md', 'markdown', 'mdown', 'mkd'],
    load: () => readMarkdown,
  },
  text: {
    id: 'text@4',
    mediaTypes: ['text/plain'],
    extensions: ['txt', 'text', 'log'],
    load: () => readText,
  },
  docx: {
    id: 'docx@3',
    mediaTypes: [`${openXml}.wordprocessingml.document`, 'application/vnd.ms-word.document.macroenabled.12'],
    extensions: ['docx', 'docm', 'dotx', 'dotm'],
    load: async () => (await import('./docx/index.ts')).readDocx,
  },
  html: {
    id: 'html@4',
    mediaTypes: ['text/html', 'application/xhtml+xml'],
    extensions: ['html', 'htm', 'xhtml'],
    load: async () => (await import('./html/index.ts')).readHtml,
  },
  csv: {
    id: 'csv@3',
    mediaTypes: ['text/csv', 'text/tab-separated-values', 'application/csv'],
    extensions: ['csv', 'tsv', 'tab'],
    load: async () => (await import('./csv.ts')).readCsv,
  },
  xlsx: {
    id: 'xlsx@3',
    mediaTypes: [`${openXml}.spreadsheetml.sheet`, 'application/vnd.ms-excel.sheet.macroenabled.12'],
    extensions: ['xlsx', 'xlsm', 'xltx', 'xltm'],
    load: async () => (await import('./xlsx/index.ts')).readXlsx,
  },
  pptx: {
    id: 'pptx@3',
    mediaTypes: [
      `${openXml}.presentationml.presentation`,
      'application/vnd.ms-powerpoint.presentation.macroenabled.12',
    ],
    extensions: ['pptx', 'pptm', 'potx', 'ppsx', 'ppsm'],
    load: async () => (await import('./pptx/index.ts')).readPptx,
  },
  pdf: {
    id: 'pdf@2',
    mediaTypes: ['application/pdf'],
    extensions: ['pdf'],
    load: async () => (await import('./pdf/index.ts')).readPdf,
  },
  image: {
    id: 'image@1',
    mediaTypes: ['image/png', 'image/jpeg', 'image/tiff', 'image/bmp', 'image/gif', 'image/webp'],
    extensions: ['png', 'jpg', 'jpeg', 'tif', 'tiff', 'bmp', 'gif', 'webp'],
    load: async () => (await import('./picture/index.ts')).readPicture,
  },
  eml: {
    id: 'eml@4',
    mediaTypes: ['message/rfc822'],
    extensions: ['eml'],
    load: async () => (await import('./mail/index.ts')).readEml,
  },
  msg: {
    id: 'msg@3',
    mediaTypes: ['application/vnd.ms-outlook'],
    extensions: ['msg'],
    load: async () => (await import('./mail/index.ts')).readMsg,
  },
  epub: {
    id: 'epub@2',
    mediaTypes: ['application/epub+zip'],
    extensions: ['epub'],
    load: async () => (await import('./books/index.ts')).readEpub,
  },
  odt: {
    id: 'odt@5',
    mediaTypes: [`${openDocument}.text`, `${openDocument}.text-template`, `${openDocument}.text-flat-xml`],
    extensions: ['odt', 'ott', 'fodt'],
    load: async () => (await import('./opendocument/index.ts')).readOdt,
  },
  ods: {
    id: 'ods@2',
    mediaTypes: [
      `${openDocument}.spreadsheet`,
      `${openDocument}.spreadsheet-template`,
      `${openDocument}.spreadsheet-flat-xml`,
    ],
    extensions: ['ods', 'ots', 'fods'],
    load: async () => (await import('./opendocument/index.ts')).readOds,
  },
  odp: {
    id: 'odp@2',
    mediaTypes: [
      `${openDocument}.presentation`,
      `${openDocument}.presentation-template`,
      `${openDocument}.presentation-flat-xml`,
      `${openDocument}.graphics`,
      `${openDocument}.graphics-flat-xml`,
    ],
    extensions: ['odp', 'otp', 'fodp', 'odg', 'otg', 'fodg'],
    load: async () => (await import('./opendocument/index.ts')).readOdp,
  },
  rtf: {
    id: 'rtf@2',
    mediaTypes: ['application/rtf', 'text/rtf', 'text/richtext'],
    extensions: ['rtf'],
    load: async () => (await import('./rtf/index.ts')).readRtf,
  },
  json: {
    id: 'json@2',
    mediaTypes: ['application/json', 'text/json'],
    extensions: ['json'],
    load: async () => (await import('./json.ts')).readJson,
  },
  jsonl: {
    id: 'jsonl@2',
    mediaTypes: ['application/jsonl', 'application/x-ndjson', 'application/json-lines'],
    extensions: ['jsonl', 'ndjson'],
    load: async () => (await import('./json.ts')).readJsonLines,
  },
} as const satisfies Readonly<Record<string, Format>>

export type FormatName = keyof typeof formats

/** Extensions of all formats, lower case, without the dot. */
export const readableExtensions: ReadonlySet<string> = new Set(
  Object.values(formats).flatMap((format: Format) => format.extensions),
)
