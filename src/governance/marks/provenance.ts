import { createPublicKey, verify } from 'node:crypto'
import { toCanonicalJson } from '../../core/canonical-json.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Signer } from '../../core/signer.ts'
import { toIso } from '../../core/time.ts'

/** What is signed of a generated text: by whom, by which call, when, and which text. */
export interface Generated {
  readonly producer: string
  readonly call: string
  readonly model: string
  /** Milliseconds UTC. */
  readonly atMs: number
  /** SHA-256 of the text in UTF-8, hexadecimal. */
  readonly sha256: string
}

/** The statement and its signature, as they stand in an answer. */
export function signProvenance(signer: Signer, made: Generated): JsonObject {
  const statement = toStatement(made)
  return { ...statement, alg: 'Ed25519', signature: signer.sign(toCanonicalJson(statement)) }
}

/** Whether a provenance was signed with that key; `false` for anything else. */
export function isSigned(provenance: JsonObject, publicKey: string): boolean {
  const { alg, signature, ...statement } = provenance
  if (alg !== 'Ed25519' || typeof signature !== 'string') return false
  try {
    const bytes = Buffer.from(toCanonicalJson(statement), 'utf8')
    return verify(null, bytes, createPublicKey(publicKey), Buffer.from(signature, 'base64'))
  } catch {
    return false // No signature at all, or no key.
  }
}

function toStatement({ producer, call, model, atMs, sha256 }: Generated): JsonObject {
  return { v: 1, generated: true, producer, call, model, at: toIso(atMs), sha256 }
}

/**
 * The AIGC field of GB 45438-2025: `Label` 1 says that the content is generated, the first pair of names who generated it
 * under which number, the second who spread it; the reserved codes hold the hash of the text and its signature.
 */
export function toAigc(made: Generated, signature: string): JsonObject {
  return {
    Label: '1',
    ContentProducer: made.producer,
    ProduceID: made.call,
    ReservedCode1: made.sha256,
    ContentPropagator: made.producer,
    PropagateID: made.call,
    ReservedCode2: signature,
  }
}
