import type { JsonObject } from '../../../core/json.ts'
import { isSealed, openSignature, sealSignature } from '../shared/index.ts'

/**
 * A reasoning item is handed back by its id, with its encrypted content where the vendor keeps nothing. Both travel in
 * the normal form's signature; another vendor's signature travels in `encrypted_content` under its seal.
 */
const dialect = 'openai-responses'
/** Marks redacted reasoning of another vendor in `encrypted_content`. */
const redactedMark = 'redacted:'

export interface Proof {
  readonly signature: string | undefined
  readonly redacted: boolean
}

/** The proof a reasoning item carries. */
export function readProof(item: JsonObject): Proof {
  const { id, encrypted_content: encrypted } = item
  const held = typeof encrypted === 'string' ? encrypted : ''
  if (held.startsWith(redactedMark)) return { signature: held.slice(redactedMark.length), redacted: true }
  if (isSealed(held)) return { signature: held, redacted: false }
  if (typeof id !== 'string') return { signature: undefined, redacted: false }
  return { signature: sealSignature(dialect, `${id}:${held}`), redacted: false }
}

/** Id and encrypted content of our own reasoning; `undefined` when the proof is another vendor's. */
export function openProof(
  signature: string | undefined,
): { readonly id: string; readonly encrypted: string } | undefined {
  const opened = openSignature(dialect, signature)
  const colon = opened?.indexOf(':') ?? -1
  if (opened === undefined || colon === -1) return undefined
  return { id: opened.slice(0, colon), encrypted: opened.slice(colon + 1) }
}

/** A proof as a client of this dialect gets it; `fallbackId` names reasoning that has no id of its own. */
export function encodeProof(
  proof: { readonly signature: string | undefined; readonly redacted: string | undefined },
  fallbackId: string,
): { readonly id: string; readonly encrypted_content: string | null } {
  const own = openProof(proof.signature)
  if (own !== undefined) return { id: own.id, encrypted_content: own.encrypted === '' ? null : own.encrypted }
  if (proof.redacted !== undefined) return { id: fallbackId, encrypted_content: redactedMark + proof.redacted }
  return { id: fallbackId, encrypted_content: proof.signature ?? null }
}
