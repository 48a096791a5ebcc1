import { CanonicalBuilder } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import { charsetOf, decodeText, encodingOf, findAll, readMarkup, textOf } from '../../reading/index.ts'
import { toNotices } from '../notices.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { writeMarkup } from './walk.ts'

/** Web pages: all that would be seen, without scripts and what is hidden. */
export function readHtml(file: SourceFile, context: ParseContext): Canonical {
  const decoded = decodeText(file, declaredCharset(file))
  const { nestingMax, nodesMax } = context.limits
  const { root, flattened } = readMarkup(decoded.text, { dialect: 'html', depthMax: nestingMax, nodesMax })
  const builder = new CanonicalBuilder()
  builder.beginPage({ kind: 'text' })
  writeMarkup(builder, root)
  builder.endPage(flattened > 0 ? { state: 'degraded', reason: 'nesting' } : { state: 'ok' })
  const [title] = findAll(root, 'title')
  const words = textOf(title).replace(/\s+/g, ' ').trim()
  if (words !== '') builder.title = words
  for (const notice of toNotices(decoded)) builder.notice(notice)
  return builder.build()
}

/** What the page itself says its encoding is, within its first kilobytes; the media type has the first word. */
function declaredCharset(file: SourceFile): string | undefined {
  const head = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, Math.min(file.bytes.length, 4_096))
  const text = head.toString('latin1')
  return (
    charsetOf(file.mediaType) ??
    /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(text)?.[1]?.toLowerCase() ??
    encodingOf(text)
  )
}
