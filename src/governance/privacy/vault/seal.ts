import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { PlatformError } from '../../../core/errors.ts'
import type { Random } from '../../../core/random.ts'

/** AES-256-GCM, a nonce for each value; the context is authenticated, so that a value cannot be moved to another place. */
export interface Sealer {
  /** Nonce, ciphertext and tag, base64. */
  seal(text: string, context: string): string
  /** Throws STORE_UNAVAILABLE when the key is not the one it was sealed with, or the text was changed. */
  open(sealed: string, context: string): string
}

const nonceBytes = 12
const tagBytes = 16

export function createSealer(key: Uint8Array, random: Random): Sealer {
  return {
    seal(text, context) {
      const nonce = random.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64')
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes)).setAAD(Buffer.from(context))
      try {
        decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
        const body = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes))
        return Buffer.concat([body, decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new PlatformError(
          'STORE_UNAVAILABLE',
          'a sealed value does not open: governance.privacy.key is another one',
          {
            cause,
          },
        )
      }
    },
  }
}

/** The operator's secret as a key. It is long and random, so that one pass is enough (RFC 5869). */
export function deriveKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'strata privacy vault', 32))
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const nameLength = 10

/** Fifty bits of a keyed hash, in the letters of Crockford's base 32: without the key nothing can be told from them. */
export function nameByKey(key: Uint8Array, text: string): string {
  const bytes = createHmac('sha256', key).update(text).digest()
  return Array.from(bytes.subarray(0, nameLength), (byte) => alphabet.charAt(byte & 31)).join('')
}
