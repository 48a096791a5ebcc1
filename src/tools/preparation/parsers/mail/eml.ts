import PostalMime, { type Address } from 'postal-mime'
import type { SourceFile } from '../../preparation.ts'
import { refuse } from '../../reading/index.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { writeMessage } from './mail.ts'
import { transcodeMessage } from './transcode.ts'

/** Messages as they are sent (MIME): all charsets, nested parts, messages within messages as attachments. */
export async function readEml(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const mail = await PostalMime.parse(new Uint8Array(transcodeMessage(file.bytes)), {
    forceRfc822Attachments: true,
    attachmentEncoding: 'arraybuffer',
    maxNestingDepth: 64,
  }).catch((thrown: unknown) => {
    throw toRefusal(file.source, thrown)
  })
  return writeMessage(
    {
      subject: mail.subject ?? '',
      headers: [
        ['From', toNames(mail.from === undefined ? [] : [mail.from])],
        ['To', toNames(mail.to ?? [])],
        ['Cc', toNames(mail.cc ?? [])],
        ['Date', mail.date ?? ''],
      ],
      text: mail.text,
      html: mail.html,
      attachments: mail.attachments.map((attachment, index) => ({
        name:
          attachment.filename ??
          (attachment.mimeType === 'message/rfc822' ? `message-${index + 1}.eml` : `part-${index + 1}`),
        mediaType: attachment.mimeType,
        bytes: toBytes(attachment.content),
        isInline: attachment.disposition === 'inline' || attachment.related === true,
      })),
    },
    context,
  )
}

/** What the reader of messages bounds, by its reason; anything else as it was thrown. */
function toRefusal(source: string, cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : ''
  if (/nesting depth/i.test(message)) {
    return refuse(source, 'nesting', { says: 'has parts that lie too deep in each other', cause })
  }
  return /header size/i.test(message) ? refuse(source, 'size', { says: 'has heads that are too long', cause }) : cause
}

function toBytes(content: ArrayBuffer | Uint8Array | string): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
}

function toNames(addresses: readonly Address[]): string {
  return addresses
    .flatMap((entry) => ('group' in entry && entry.group !== undefined ? entry.group : [entry]))
    .map(({ name, address }) =>
      name === '' || name === undefined ? (address ?? '') : address ? `${name} <${address}>` : name,
    )
    .join(', ')
}
