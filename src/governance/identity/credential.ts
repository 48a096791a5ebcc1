import { hash } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'

/** A key as its owner gets it, once, and what is kept of it. */
export interface Credential {
  readonly key: string
  readonly hash: string
  /** The part that is shown in lists. */
  readonly prefix: string
}

/** Longer ones are not hashed: no key is that long. */
export const credentialLengthMax = 512
const environmentKeyLengthMin = 24
const alphabet = '0123456789abcdefghijklmnopqrstuv'

/** `sk-strata-<8 characters>-<43 characters>`: 40 bits that name the key, 256 bits that prove it. */
export function createCredential(random: Random): Credential {
  const name = Array.from(random.bytes(8), (byte) => alphabet[byte & 31]).join('')
  const prefix = `sk-strata-${name}`
  const key = `${prefix}-${Buffer.from(random.bytes(32)).toString('base64url')}`
  return { key, hash: hashCredential(key), prefix }
}

/** The operator's own key, from STRATA_ADMIN_KEY. Throws CONFIG_INVALID when it is too short or cannot stand in a header. */
export function parseEnvironmentKey(key: string): Credential {
  const fault = findFault(key)
  if (fault !== undefined) {
    throw new PlatformError(
      'CONFIG_INVALID',
      `STRATA_ADMIN_KEY ${fault}; set ${environmentKeyLengthMin} random characters or more`,
      {
        param: 'STRATA_ADMIN_KEY',
      },
    )
  }
  return { key, hash: hashCredential(key), prefix: 'STRATA_ADMIN_KEY' }
}

/**
 * SHA-256, hex. Keys are random and long, so a slow, salted hash would add nothing but time; and because what is compared
 * is the hash, the time a comparison takes tells nothing about a key.
 */
export function hashCredential(credential: string): string {
  return hash('sha256', credential, 'hex')
}

function findFault(key: string): string | undefined {
  if (key.length < environmentKeyLengthMin) return `has ${key.length} characters`
  if (key.length > credentialLengthMax) return `is longer than ${credentialLengthMax} characters`
  return /^[\x21-\x7e]+$/.test(key) ? undefined : 'holds a space or a character that is not ASCII'
}
