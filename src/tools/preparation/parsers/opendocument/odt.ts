import { CanonicalBuilder } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import { childrenOf, findAll, findPath, openArchive, refuse, textOf, type Element } from '../../reading/index.ts'
import { readPart } from '../office/relations.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { ContentWriter } from './content.ts'
import { readStyles } from './styles.ts'

/** OpenDocument text: headings, lists with their labels, tables, boxes, charts, notes, comments, heads and feet of pages. */
export async function readOdt(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const archive = await openArchive(file.source, file.bytes, context.limits)
  const read = (path: string): Element | undefined => readPart(archive, path, context)
  if (findAll(read('META-INF/manifest.xml'), 'manifest:encryption-data').length > 0) {
    throw refuse(file.source, 'password', 'is protected by a password')
  }
  const content = read('content.xml')
  const body = findPath(content, 'office:document-content', 'office:body', 'office:text')
  if (body === undefined) throw refuse(file.source, 'corrupt', 'has no text in content.xml')
  const general = read('styles.xml')
  const builder = new CanonicalBuilder()
  const writer = new ContentWriter(builder, { archive, context, styles: readStyles([content, general]) })
  writer.blocks(body)
  writer.end()
  const [masters] = findAll(general, 'office:master-styles')
  for (const name of ['style:header', 'style:footer']) {
    for (const element of childrenOf(masters).flatMap((page) => childrenOf(page, name))) {
      if (element.attributes['style:display'] !== 'false') writer.furniture(element)
    }
  }
  const title = textOf(findAll(read('meta.xml'), 'dc:title')[0]).trim()
  if (title !== '') builder.title = title
  return builder.build()
}
