import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import type { Random } from '../../../core/random.ts'

/** What has to be known again when the provider sends somebody back. */
export interface LoginState {
  readonly nonce: string
  readonly verifier: string
  /** Hash of what the browser was given, so that nobody ends a login that another one began. */
  readonly browser: string
  /** Milliseconds UTC. */
  readonly expiresAtMs: number
}

const stateSchema = z.strictObject({
  nonce: z.string(),
  verifier: z.string(),
  browser: z.string(),
  expiresAtMs: z.number(),
})

/**
 * Sealed instead of kept: any process that knows the client's secret can open it, and nothing piles up while people do not come
 * back (AES-256-GCM).
 */
export function sealState(state: LoginState, secret: string, random: Random): string {
  const iv = Buffer.from(random.bytes(12))
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), iv)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(state), 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** Throws UNAUTHENTICATED for anything that was not sealed here. */
export function openState(text: string, secret: string): LoginState {
  try {
    const bytes = Buffer.from(text, 'base64url')
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAuthTag(bytes.subarray(12, 28))
    const opened = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
    return stateSchema.parse(JSON.parse(opened.toString('utf8')))
  } catch (cause) {
    throw new PlatformError('UNAUTHENTICATED', 'the state was not given out here; begin again at /v1/login', { cause })
  }
}

export function hashBrowser(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

function keyOf(secret: string): Buffer {
  return createHash('sha256').update(`strata sign-on ${secret}`).digest()
}
