import type { SharedV4ProviderMetadata, SharedV4ProviderOptions } from '@ai-sdk/provider'
import { isJsonObject } from '../../core/json.ts'
import { openCallId, openSignature, sealCallId, sealSignature } from '../dialects/index.ts'

/**
 * What a vendor signs and wants back in the next turn: Gemini its tool calls, Claude on Bedrock and Grok their thoughts.
 * Clients carry it for us: a thought's proof in the thought's signature, a tool call's in the call's id.
 */
export interface ProofForm {
  /** The vendor, as its dialect is called: a proof goes back there and nowhere else. */
  readonly origin: string
  /** Where the vendor's package keeps what belongs to the vendor. */
  readonly namespace: string
  /** The texts a proof may be made of; nothing else that a client sends as a proof reaches the package. */
  readonly fields: readonly string[]
}

/** Texts by the names of the form's fields; at least one. */
export type Proof = Readonly<Record<string, string>>

/** The proof among what a package says of a part; `undefined` when there is none. */
export function readProof(
  form: ProofForm | undefined,
  metadata: SharedV4ProviderMetadata | undefined,
): Proof | undefined {
  return form === undefined ? undefined : pickProof(form, metadata?.[form.namespace])
}

/** The proof as a package takes it back. */
export function toProofOptions(form: ProofForm, proof: Proof): SharedV4ProviderOptions {
  return { [form.namespace]: { ...proof } }
}

/** A thought's proof as the normal form's signature. */
export function sealProof(form: ProofForm, proof: Proof): string {
  return sealSignature(form.origin, Buffer.from(JSON.stringify(proof)).toString('base64url'))
}

/** The proof in a thought's signature; `undefined` when it is another vendor's, or not readable. */
export function openProof(form: ProofForm | undefined, signature: string | undefined): Proof | undefined {
  const sealed = form === undefined ? undefined : openSignature(form.origin, signature)
  if (form === undefined || sealed === undefined) return undefined
  return pickProof(form, parse(Buffer.from(sealed, 'base64url').toString('utf8')))
}

/** A tool call's id with its proof in it; the vendor's own id when there is no proof. */
export function joinToolCallId(id: string, form: ProofForm | undefined, proof: Proof | undefined): string {
  const isSigned = form !== undefined && proof !== undefined
  return sealCallId({
    id,
    origin: isSigned ? form.origin : undefined,
    proof: isSigned ? JSON.stringify(proof) : undefined,
  })
}

/** The vendor's own id, and the proof if it is one for `form`. An id that carries nothing readable is its own. */
export function splitToolCallId(
  joined: string,
  form: ProofForm | undefined,
): { readonly id: string; readonly proof: Proof | undefined } {
  const { id, origin, proof } = openCallId(joined)
  const isOurs = form !== undefined && origin === form.origin && proof !== undefined
  return { id, proof: isOurs ? pickProof(form, parse(proof)) : undefined }
}

function pickProof(form: ProofForm, values: unknown): Proof | undefined {
  if (!isJsonObject(values)) return undefined
  const pairs = form.fields.flatMap((name) => {
    const value = values[name]
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : []
  })
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // a client may send what it likes
  }
}
