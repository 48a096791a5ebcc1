import type { SourceFile } from '../../preparation.ts'
import {
  decodeXml,
  findAll,
  openArchive,
  refuse,
  textOf,
  type Archive,
  type Element,
  type TakenElements,
} from '../../reading/index.ts'
import { readPart, readXml } from '../office/relations.ts'
import { toTitle } from '../office/titles.ts'
import type { ParseContext } from '../parser.ts'

/** A document of OpenDocument: parts in an archive, or one file of XML that holds all of them. */
export interface OpenDocument {
  /** Empty where all is one file. */
  readonly archive: Archive
  /** Styles that all pages share, and the pages' own heads and feet; `undefined` where the content holds them. */
  readonly general: Element | undefined
  /** That its properties say it has. */
  readonly title: string | undefined
  /** The element that holds the body and the styles that only it has; what is taken is not in it. */
  readonly readContent: (taken?: TakenElements) => Element
}

/** Throws DOCUMENT_REFUSED: `password`, `corrupt`, `truncated`, and what archives are refused for. */
export async function openDocument(file: SourceFile, context: ParseContext): Promise<OpenDocument> {
  if (file.bytes[0] !== zipBegin) return openFlat(file, context)
  const archive = await openArchive(file.source, file.bytes, context.limits)
  const read = (path: string): Element | undefined => readPart(archive, path, context)
  if (findAll(read('META-INF/manifest.xml'), 'manifest:encryption-data').length > 0) {
    throw refuse(file.source, 'password', 'is protected by a password')
  }
  const content = archive.findText('content.xml')
  if (content === undefined) throw refuse(file.source, 'corrupt', 'has no content.xml')
  return {
    archive,
    general: read('styles.xml'),
    title: titleOf(read('meta.xml')),
    readContent: (taken) => readXml({ path: 'content.xml', text: content, taken }, context),
  }
}

/** The `P` of `PK`; XML begins otherwise. */
const zipBegin = 0x50

const nothing: Archive = { paths: [], has: () => false, find: () => undefined, findText: () => undefined }

function openFlat(file: SourceFile, context: ParseContext): OpenDocument {
  const text = decodeXml(file.bytes)
  if (!/<\/office:document\s*>/.test(text)) throw refuse(file.source, 'truncated', 'ends before its document does')
  // What it says of itself stands before its body.
  const head = text.slice(0, Math.max(0, text.indexOf('<office:body')))
  const meta = /<dc:title>([^<]*)<\/dc:title>/.exec(head)?.[0]
  return {
    archive: nothing,
    general: undefined,
    title: meta === undefined ? undefined : titleOf(readXml({ path: file.source, text: meta }, context)),
    readContent: (taken) => readXml({ path: file.source, text, taken }, context),
  }
}

function titleOf(meta: Element | undefined): string | undefined {
  return toTitle(textOf(findAll(meta, 'dc:title')[0]))
}
