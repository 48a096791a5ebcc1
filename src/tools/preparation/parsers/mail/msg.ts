import msgreader from '@kenjiuno/msgreader'
import type { FieldsData } from '@kenjiuno/msgreader'
import type { SourceFile } from '../../preparation.ts'
import { decodeText, refuse } from '../../reading/index.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { writeMessage, type Attachment } from './mail.ts'

/** Messages as Outlook keeps them. */
export async function readMsg(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const bytes = new Uint8Array(file.bytes)
  const reader = createReader(bytes)
  const mail = reader.getFileData()
  if (mail.error !== undefined) throw refuse(file.source, 'corrupt', `is no whole message: ${mail.error.slice(0, 200)}`)
  if (
    mail.subject === undefined &&
    mail.body === undefined &&
    mail.headers === undefined &&
    (mail.recipients ?? []).length === 0
  ) {
    throw refuse(file.source, 'corrupt', 'is no message: nothing of one is in it')
  }
  const of = (type: string): string =>
    (mail.recipients ?? [])
      .filter((recipient) => (recipient.recipType ?? 'to') === type)
      .map((recipient) => toName(recipient.name, recipient.smtpAddress ?? recipient.email))
      .join(', ')
  return writeMessage(
    {
      subject: mail.subject ?? '',
      headers: [
        ['From', toName(mail.senderName, mail.senderSmtpAddress ?? mail.creatorSMTPAddress ?? mail.senderEmail)],
        ['To', of('to')],
        ['Cc', of('cc')],
        ['Date', mail.messageDeliveryTime ?? mail.clientSubmitTime ?? ''],
      ],
      text: mail.body?.replaceAll('\0', ''),
      html: readMarkupOf(file, mail),
      attachments: (mail.attachments ?? []).map((attachment, index) => toAttachment(reader, attachment, index)),
    },
    context,
  )
}

/** The package is CommonJS: its class is the default of its default. */
type Reader = InstanceType<typeof msgreader.default>

function createReader(bytes: Uint8Array): Reader {
  return new msgreader.default(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

function readMarkupOf(file: SourceFile, { html, bodyHtml }: FieldsData): string | undefined {
  if (html === undefined) return bodyHtml
  return decodeText({ source: file.source, bytes: html, mediaType: 'text/html' }).text
}

function toAttachment(reader: Reader, attachment: FieldsData, index: number): Attachment {
  const given = readAttachment(reader, attachment)
  const names = [given?.fileName, attachment.fileName, attachment.name]
  const name = names.find((each) => each !== undefined && each !== '') ?? `part-${index + 1}`
  // A signed message is a message whole, with its parts.
  const isMessage = /^multipart\//i.test(attachment.attachMimeTag ?? '')
  return {
    name: isMessage ? `${name.replace(/\.\w+$/, '')}.eml` : name,
    mediaType: isMessage ? 'message/rfc822' : attachment.attachMimeTag,
    bytes: given?.content,
    isInline: attachment.attachmentHidden === true || attachment.pidContentId !== undefined,
  }
}

/** `undefined` for one whose place in the file is broken. */
function readAttachment(reader: Reader, attachment: FieldsData): ReturnType<Reader['getAttachment']> | undefined {
  try {
    return reader.getAttachment(attachment)
  } catch (thrown) {
    if (thrown instanceof TypeError || thrown instanceof RangeError) return undefined
    throw thrown
  }
}

function toName(name: string | undefined, address: string | undefined): string {
  if (name === undefined || name === '' || name === address) return address ?? ''
  return address === undefined || address === '' || address.startsWith('/') ? name : `${name} <${address}>`
}
