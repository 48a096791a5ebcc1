import { sealMark } from './signatures.ts'

/**
 * Some vendors sign their tool calls and refuse the next turn without the signature. No client's dialect has a place for
 * it, but every client returns the id of a call as it got it, so the proof travels in the id. Such an id is made of
 * letters, digits, `_` and `-` only, as Anthropic wants the ids of calls.
 */
export interface SealedCallId {
  /** The vendor's own id. */
  readonly id: string
  /** Who signed; `undefined` when there is no proof. */
  readonly origin: string | undefined
  readonly proof: string | undefined
}

const head = `${sealMark}_`
const sealedLengthMax = 131_072

/** The id a client is given: the vendor's own where there is nothing to carry. */
export function sealCallId({ id, origin, proof }: SealedCallId): string {
  const hasProof = origin !== undefined && proof !== undefined
  // An id that looks sealed and is not is wrapped too, so that opening gives back exactly what was sealed.
  if (!hasProof && !id.startsWith(head)) return id
  return head + encode(hasProof ? [id, origin, proof] : [id])
}

/** What an id that a client hands back carries. One that is not of ours is a vendor's own. */
export function openCallId(given: string): SealedCallId {
  const parts = given.startsWith(head) && given.length <= sealedLengthMax ? decode(given.slice(head.length)) : undefined
  const [id, origin, proof] = Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : []
  return { id: id ?? given, origin, proof }
}

function encode(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined // a client may name its calls as it likes
  }
}
