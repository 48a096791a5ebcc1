/** Of `node:crypto` what verifying needs, for a browser: SHA-256 and Ed25519. Everything else throws where it is called. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { Buffer } from 'buffer'

type Data = string | Uint8Array

class Sha256 {
  readonly #state = sha256.create()

  update(data: Data): this {
    this.#state.update(toBytes(data))
    return this
  }

  digest(): Buffer
  digest(encoding: 'hex' | 'base64'): string
  digest(encoding?: 'hex' | 'base64'): Buffer | string {
    const bytes = Buffer.from(this.#state.digest())
    return encoding === undefined ? bytes : bytes.toString(encoding)
  }
}

export function createHash(algorithm: string): Sha256 {
  requireSha256(algorithm)
  return new Sha256()
}

export function hash(algorithm: string, data: Data, encoding: 'hex' | 'binary' = 'hex'): string {
  requireSha256(algorithm)
  return Buffer.from(sha256(toBytes(data))).toString(encoding)
}

interface PublicKey {
  readonly raw: Uint8Array
}

export function createPublicKey({ key }: { readonly key: { readonly x: string } }): PublicKey {
  return { raw: Buffer.from(key.x.replaceAll('-', '+').replaceAll('_', '/'), 'base64') }
}

/** As strict as `node:crypto`: by RFC 8032, not the looser ZIP 215. */
export function verify(...given: readonly [null, Uint8Array, PublicKey, Uint8Array]): boolean {
  const [, data, { raw }, signature] = given
  try {
    return ed25519.verify(signature, data, raw, { zip215: false })
  } catch {
    return false
  }
}

/** Certificates of authorities are for the command: a browser checks what was stamped, not who signed it. */
export const X509Certificate = refuse
export const sign = refuse
export const createPrivateKey = refuse
export const generateKeyPairSync = refuse

function refuse(): never {
  throw new Error('a page that verifies holds no private key')
}

function requireSha256(algorithm: string): void {
  if (algorithm !== 'sha256') throw new Error(`${algorithm} is not used by an export`)
}

function toBytes(data: Data): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : data
}
