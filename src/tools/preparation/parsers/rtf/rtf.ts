import { CanonicalBuilder } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { RtfReading } from './reading.ts'

/**
 * Rich text: headings by their styles, lists with their labels, tables, links, notes, comments, boxes, heads and feet of
 * pages. Places are offsets of bytes.
 */
export function readRtf(file: SourceFile, context: ParseContext): Canonical {
  const source = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength).toString('latin1')
  const builder = new CanonicalBuilder()
  builder.beginPage({ kind: 'text' })
  const shortfall = new RtfReading(source, builder, context).run()
  builder.endPage(shortfall === undefined ? { state: 'ok' } : { state: 'degraded', reason: shortfall })
  return builder.build()
}
