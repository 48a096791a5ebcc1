import type { SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { isJsonObject } from '../../core/json.ts'

/**
 * Some vendors sign their tool calls and refuse the next turn without the signature (Gemini's thought signatures). No
 * client's dialect has a place for it, but every client returns the id of a tool call as it got it, so the signature
 * travels in the id, behind a mark.
 */
const mark = '.sig.'
const signatureLengthMax = 65_536

export function joinToolCallId(id: string, metadata: SharedV4ProviderMetadata | undefined): string {
  if (metadata === undefined || !hasSignature(metadata)) return id
  return `${id}${mark}${Buffer.from(JSON.stringify(metadata)).toString('base64url')}`
}

/** The vendor's own id and what it signed; an id that carries nothing, or nothing readable, is its own. */
export function splitToolCallId(joined: string): {
  readonly id: string
  readonly providerMetadata: SharedV4ProviderMetadata | undefined
} {
  const at = joined.indexOf(mark)
  if (at === -1 || joined.length - at > signatureLengthMax) return { id: joined, providerMetadata: undefined }
  try {
    const parsed: unknown = JSON.parse(Buffer.from(joined.slice(at + mark.length), 'base64url').toString('utf8'))
    // Each value is an object of the vendor's; the vendor judges what is in it.
    if (isJsonObject(parsed) && Object.values(parsed).every(isJsonObject)) {
      return { id: joined.slice(0, at), providerMetadata: parsed as SharedV4ProviderMetadata }
    }
  } catch {
    // Not ours: a client may name its calls as it likes.
  }
  return { id: joined, providerMetadata: undefined }
}

function hasSignature(metadata: SharedV4ProviderMetadata): boolean {
  return Object.values(metadata).some((values) => Object.keys(values ?? {}).some((name) => /signature/i.test(name)))
}
