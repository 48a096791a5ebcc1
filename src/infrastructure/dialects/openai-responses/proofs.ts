import type { JsonObject } from '../../../core/json.ts'
import { isSealed, openSignature, sealMark, sealSignature } from '../shared/index.ts'

/**
 * A reasoning item is handed back by its id, with its encrypted content where the vendor keeps nothing. Both travel in
 * the normal form's signature; another vendor's signature travels in `encrypted_content` under its seal.
 */
const dialect = 'openai-responses'
/** Marks redacted reasoning of another vendor in `encrypted_content`. */
const redactedMark = 'redacted:'

/** How the ids begin that Strata gives to reasoning which has none a client may see. */
export const madeHere = `rs_${sealMark}_`

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
  if (typeof id !== 'string' || id.startsWith(madeHere)) return { signature: undefined, redacted: false }
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

/** What a client holds for us in `encrypted_content` of reasoning whose id Strata made. */
export function toEncryptedContent(proof: {
  readonly signature: string | undefined
  readonly redacted: string | undefined
}): string | null {
  return proof.redacted === undefined ? (proof.signature ?? null) : redactedMark + proof.redacted
}
