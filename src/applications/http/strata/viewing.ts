import { PlatformError } from '../../../core/errors.ts'
import { principalsOf } from '../../../core/principals.ts'
import { toIso } from '../../../core/time.ts'
import { noDocument, type DeletionReceipt, type Viewer } from '../../../tools/index.ts'
import type { Operation } from './operation.ts'

type Given = Pick<Operation<unknown>, 'exchange' | 'parts' | 'principal'>

export function parameter(given: Pick<Given, 'exchange'>, name: string): string {
  return given.exchange.parameters[name] ?? ''
}

/** What the key that asks may see: its access, and the regions it is allowed. */
export function toViewer({ parts, principal }: Pick<Given, 'parts' | 'principal'>): Viewer {
  const { allowedRegions } = parts.flow.admission.labels(principal, { regions: undefined, useCase: undefined })
  return { principals: principalsOf(principal), regions: allowedRegions }
}

/** What may not be seen is not there. Throws NOT_FOUND. */
export async function checkMaySee(given: Given, document: string): Promise<void> {
  if (await given.parts.knowledge.canSee(given.principal.tenant, document, toViewer(given))) return
  throw noDocument(document)
}

/** Throws FORBIDDEN when the external id is that of a document which the key may not see. */
export async function checkMayReplace(given: Given, externalId: string): Promise<void> {
  const { knowledge } = given.parts
  const { tenant } = given.principal
  const document = await knowledge.findDocument(tenant, parameter(given, 'collection'), externalId)
  if (document === undefined || (await knowledge.canSee(tenant, document.id, toViewer(given)))) return
  throw new PlatformError('FORBIDDEN', 'the key may not replace the document of that external id', {
    param: 'external_id',
  })
}

export function toReceiptJson({ document, deletedAtMs, statement, publicKey, signature }: DeletionReceipt): object {
  return {
    object: 'deletion_receipt',
    document,
    deleted_at: toIso(deletedAtMs),
    statement: statement ?? null,
    public_key: publicKey ?? null,
    signature: signature ?? null,
  }
}
