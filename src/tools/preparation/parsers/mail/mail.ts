import { CanonicalBuilder, InlineBuilder, toInline } from '../../canonical/index.ts'
import { readMarkup, reasonOf } from '../../reading/index.ts'
import { writeMarkup } from '../html/index.ts'
import type { Canonical, ParseContext } from '../parser.ts'

/** A message, whatever file it came in. */
export interface Message {
  readonly subject: string
  /** `From: …`, `To: …`, in order; empty ones are left out. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly text: string | undefined
  readonly html: string | undefined
  readonly attachments: readonly Attachment[]
}

export interface Attachment {
  readonly name: string
  readonly mediaType: string | undefined
  /** `undefined` when they cannot be read. */
  readonly bytes: Uint8Array | undefined
  /** Stands in the text, as pictures of signatures do. */
  readonly isInline: boolean
}

/** A message as a document: subject, who and when, the text, then each attachment with pages of its own. */
export async function writeMessage(message: Message, context: ParseContext): Promise<Canonical> {
  const builder = new CanonicalBuilder()
  builder.beginPage({ kind: 'part', name: 'message' })
  builder.heading(1, toInline(message.subject))
  const heads = new InlineBuilder()
  for (const [name, value] of message.headers) {
    if (value.trim() === '') continue
    heads.run(`${name}: ${value.replace(/\s+/g, ' ').trim()}`)
    heads.break()
  }
  builder.paragraph(heads.build(), { kind: 'note' })
  writeBody(builder, message, context)
  builder.endPage()
  for (const attachment of message.attachments) await writeAttachment(builder, attachment, context)
  builder.title = message.subject.trim() === '' ? undefined : message.subject.trim()
  return builder.build()
}

/** The marked-up text where it has structure that the plain one has not. */
function writeBody(builder: CanonicalBuilder, { text, html }: Message, context: ParseContext): void {
  const { nestingMax, nodesMax } = context.limits
  const isRich =
    html !== undefined && (text === undefined || text.trim() === '' || /<(?:table|h[1-6]|ul|ol)\b/i.test(html))
  if (isRich) {
    writeMarkup(builder, readMarkup(html, { dialect: 'html', depthMax: nestingMax, nodesMax }).root, {
      level: 1,
      hasSource: false,
    })
    return
  }
  for (const block of (text ?? '').split(/\r?\n[ \t]*\r?\n/)) {
    const words = new InlineBuilder()
    for (const line of block.split(/\r?\n/)) {
      words.run(line)
      words.break()
    }
    builder.paragraph(words.build(), { kind: /^\s*>/.test(block) ? 'quote' : 'paragraph' })
  }
}

async function writeAttachment(
  builder: CanonicalBuilder,
  attachment: Attachment,
  context: ParseContext,
): Promise<void> {
  const { name, mediaType, bytes } = attachment
  try {
    if (context.millisecondsLeft() <= 0) return writeFailure(builder, name, 'time')
    if (bytes === undefined) return writeFailure(builder, name, 'corrupt')
    const inner = await context.parseInner({ source: name, bytes, mediaType })
    const from = builder.length
    builder.heading(2, toInline(name))
    builder.append(inner, { level: 2, name, from })
  } catch (thrown) {
    const reason = reasonOf(thrown)
    if (reason === undefined) throw thrown
    // A picture in a signature is no document that somebody misses.
    if (!(attachment.isInline && reason === 'media-type')) writeFailure(builder, name, reason)
  }
}

function writeFailure(builder: CanonicalBuilder, name: string, reason: string): void {
  builder.beginPage({ kind: 'part', name })
  builder.heading(2, toInline(name))
  builder.endPage({ state: 'failed', reason })
}
