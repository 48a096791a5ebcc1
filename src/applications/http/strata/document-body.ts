import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { sliceBytes } from '../../../core/byte-list.ts'
import { toShownPath } from '../../../core/json.ts'
import type { Exchange } from '../exchange.ts'
import { parseBody } from './operation.ts'

export const accessList = z.strictObject({
  allow: z.array(z.string()).max(1_000).default([]).describe('Principals: user:…, group:…, key:…, role:…, or *.'),
  deny: z.array(z.string()).max(1_000).default([]).describe('Principals that may not, whoever allows them.'),
})

/** A document as JSON: its text, or the bytes of its file. */
export const newDocument = z.strictObject({
  external_id: z.string().min(1).max(512).describe('Your own id of the document; the same id again replaces it.'),
  name: z.string().min(1).max(512).optional().describe('What people call it; the external id when absent.'),
  text: z.string().optional().describe('The document, UTF-8 text or Markdown. Either this or `data`.'),
  data: z.base64().optional().describe('The bytes of the file, in base64. Any format that is read.'),
  media_type: z.string().min(1).max(255).optional().describe('Taken from the name and the content when absent.'),
  region: z.string().min(1).max(64).optional().describe('Region it is bound to; searches elsewhere do not see it.'),
  access: accessList.optional().describe('Who may see it; everybody of the tenant when absent.'),
  cuts: z
    .array(z.int().min(0))
    .max(100_000)
    .optional()
    .describe('Offsets (UTF-16) at which passages begin, instead of where the structure says.'),
})

export interface DocumentBody {
  readonly externalId: string
  readonly name: string
  readonly mediaType: string | undefined
  readonly bytes: Uint8Array
  readonly region: string | undefined
  readonly access: z.infer<typeof accessList> | undefined
  readonly cuts: readonly number[] | undefined
}

/**
 * The document of a request: a form (multipart) with the parts `file`, `external_id` and `name`, of which only the file
 * is needed; else JSON. Throws INVALID_REQUEST.
 */
export async function readDocumentBody(exchange: Exchange): Promise<DocumentBody> {
  const type = exchange.header('content-type') ?? ''
  if (/^multipart\/form-data\b/i.test(type)) return readForm(exchange, type)
  const body = parseBody(newDocument, (await exchange.readJson()).body)
  if ((body.text === undefined) === (body.data === undefined)) {
    throw new PlatformError('INVALID_REQUEST', 'a document has either text or data', { param: 'text' })
  }
  const bytes = body.data === undefined ? Buffer.from(body.text ?? '', 'utf8') : Buffer.from(body.data, 'base64')
  const { external_id: externalId, name = externalId, media_type: mediaType, region, access, cuts } = body
  return { externalId, name, mediaType, bytes, region, access, cuts }
}

async function readForm(exchange: Exchange, type: string): Promise<DocumentBody> {
  const list = await exchange.readBytes()
  const bytes = sliceBytes(list, 0, list.length)
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } })
    .formData()
    .catch((cause: unknown) => {
      throw new PlatformError('INVALID_REQUEST', 'the form is not whole: its parts cannot be told apart', { cause })
    })
  const names = [...form.keys()]
  const repeated = names.find((name, place) => names.indexOf(name) !== place)
  if (repeated !== undefined) {
    const param = toShownPath([repeated])
    const what = `the form has more than one part "${param}"; each document is a form`
    throw new PlatformError('INVALID_REQUEST', what, { param })
  }
  const file = form.get('file')
  if (file === null || typeof file === 'string') {
    throw new PlatformError('INVALID_REQUEST', 'the form has no file; send it as the part "file"', { param: 'file' })
  }
  // Every part is one of the fields of a document: one that is not known may have meant who must not see it.
  const given: Record<string, unknown> = { external_id: file.name, name: file.name }
  if (file.type !== '') given['media_type'] = file.type
  for (const [key, value] of form) if (key !== 'file') given[key] = key === 'access' ? parseAccess(value) : value
  const fields = parseBody(formFields, given)
  const { external_id: externalId, name = externalId, media_type: mediaType, region, access } = fields
  return {
    externalId,
    name,
    mediaType,
    bytes: new Uint8Array(await file.arrayBuffer()),
    region,
    access,
    cuts: undefined,
  }
}

function parseAccess(value: unknown): unknown {
  try {
    return JSON.parse(String(value))
  } catch {
    throw new PlatformError('INVALID_REQUEST', 'access must be JSON with allow and deny', { param: 'access' })
  }
}

const formFields = newDocument.pick({ external_id: true, name: true, media_type: true, region: true, access: true })
