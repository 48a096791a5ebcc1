import { CanonicalBuilder } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import { childrenOf, findAll, holdsMacros, refuse } from '../../reading/index.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { ContentWriter } from './content.ts'
import { openDocument } from './package.ts'
import { readStyles } from './styles.ts'

/** OpenDocument text: headings, lists with their labels, tables, boxes, charts, notes, comments, heads and feet of pages. */
export async function readOdt(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const { archive, general, title, readContent } = await openDocument(file, context)
  const content = readContent()
  const [body] = findAll(content, 'office:text')
  if (body === undefined) throw refuse(file.source, 'corrupt', 'has no text in content.xml')
  const builder = new CanonicalBuilder()
  const styles = readStyles([content, general])
  const writer = new ContentWriter(builder, { archive, context, styles, originOf: (paragraph) => ({ paragraph }) })
  writer.blocks(body)
  writer.end()
  const [masters] = findAll(general ?? content, 'office:master-styles')
  for (const name of ['style:header', 'style:footer']) {
    for (const element of childrenOf(masters).flatMap((page) => childrenOf(page, name))) {
      if (element.attributes['style:display'] !== 'false') writer.furniture(element)
    }
  }
  if (title !== undefined) builder.title = title
  if (holdsMacros(archive)) builder.notice('macros')
  return builder.build()
}
