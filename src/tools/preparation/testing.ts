import { crc32, deflateRawSync } from 'node:zlib'
import { configSchema, type Config } from '../../config/index.ts'
import { createPreparation, type Preparation, type SourceFile } from './preparation.ts'

/** A preparation under the default configuration but for what is given. */
export function preparationWith(
  parsing: Partial<Config['knowledge']['parsing']> = {},
  knowledge: Partial<Config['knowledge']> = {},
): Preparation {
  const config = configSchema.parse({}).knowledge
  return createPreparation({ ...config, ...knowledge, parsing: { ...config.parsing, ...parsing } })
}

/** A ZIP archive of texts and bytes, packed. */
export function zip(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const path = Buffer.from(name)
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, path, packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), common, rest, path]))
    locals.push(local)
    offset += local.length
  }
  const entries = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006')
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(entries.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, entries, end])
}

const officeRelations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** The file of relations of a part: ids with the last word of their type and their target. */
export function relationsOf(relations: Readonly<Record<string, readonly [type: string, target: string]>>): string {
  const lines = Object.entries(relations).map(([id, [type, target]]) => {
    const mode = /^https?:/.test(target) ? ' TargetMode="External"' : ''
    return `<Relationship Id="${id}" Type="${officeRelations}/${type}" Target="${target}"${mode}/>`
  })
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${lines.join('')}</Relationships>`
}

export interface DocxParts {
  readonly styles?: string
  readonly numbering?: string
  readonly more?: Readonly<Record<string, string>>
  readonly relations?: Readonly<Record<string, readonly [string, string]>>
}

const wordNames =
  'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:wps="wps"'

/** A Word document with that body. */
export function docx(body: string, parts: DocxParts = {}): Uint8Array {
  return zip({
    '_rels/.rels': relationsOf({ rId1: ['officeDocument', 'word/document.xml'] }),
    'word/document.xml': `<?xml version="1.0"?><w:document ${wordNames}><w:body>${body}</w:body></w:document>`,
    'word/_rels/document.xml.rels': relationsOf({
      s: ['styles', 'styles.xml'],
      n: ['numbering', 'numbering.xml'],
      ...parts.relations,
    }),
    'word/styles.xml': `<w:styles ${wordNames}>${parts.styles ?? headingStyles}</w:styles>`,
    'word/numbering.xml': `<w:numbering ${wordNames}>${parts.numbering ?? ''}</w:numbering>`,
    ...parts.more,
  })
}

const headingStyles = [1, 2, 3]
  .map((level) => `<w:style w:type="paragraph" w:styleId="H${level}"><w:name w:val="heading ${level}"/></w:style>`)
  .join('')

/** A paragraph of a Word document. */
export function paragraph(text: string, properties = ''): string {
  return `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`
}

/** A workbook: the rows of each sheet as XML. */
export function xlsx(
  sheets: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = Object.keys(sheets)
  const list = names.map((name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`)
  const targets = names.map(
    (_, index) => [`rId${index + 1}`, ['worksheet', `worksheets/sheet${index + 1}.xml`]] as const,
  )
  return zip({
    '_rels/.rels': relationsOf({ rId1: ['officeDocument', 'xl/workbook.xml'] }),
    'xl/workbook.xml': `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${officeRelations}"><sheets>${list.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relationsOf(Object.fromEntries(targets)),
    ...Object.fromEntries(
      Object.values(sheets).map((xml, index) => [
        `xl/worksheets/sheet${index + 1}.xml`,
        `<worksheet>${xml}</worksheet>`,
      ]),
    ),
    ...more,
  })
}

export function toFile(source: string, content: string | Uint8Array, mediaType?: string): SourceFile {
  return { source, bytes: typeof content === 'string' ? Buffer.from(content) : content, mediaType }
}
