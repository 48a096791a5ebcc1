import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import type { Random } from '../../core/random.ts'

/** An answer as it went out. */
export interface KeptAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

const nonceBytes = 12
const tagBytes = 16
const lengthBytes = 4

/** SHA-256, in the letters of URLs. */
export function digest(...parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:${part}`)
  return hash.digest('base64url')
}

/**
 * Seals an answer with AES-256-GCM under a key that follows from what only the client sends (RFC 5869), so that what lies
 * in the database can be read by nobody who does not repeat the request.
 */
export function sealAnswer(answer: KeptAnswer, secret: string, random: Random): Buffer {
  const nonce = random.bytes(nonceBytes)
  const head = Buffer.from(JSON.stringify({ status: answer.status, headers: answer.headers }))
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32BE(head.length)
  const cipher = createCipheriv('aes-256-gcm', toKey(secret), nonce)
  const parts = [length, head, answer.body].map((part) => cipher.update(part))
  return Buffer.concat([nonce, ...parts, cipher.final(), cipher.getAuthTag()])
}

/** Throws when the secret is another one, or the bytes are not as they were sealed. */
export function openAnswer(sealed: Uint8Array, secret: string): KeptAnswer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
  const decipher = createDecipheriv('aes-256-gcm', toKey(secret), bytes.subarray(0, nonceBytes))
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
  const inner = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes))
  const open = Buffer.concat([inner, decipher.final()])
  const bodyStart = lengthBytes + open.readUInt32BE()
  // Authentic, so it is what `sealAnswer` wrote.
  const head = JSON.parse(open.toString('utf8', lengthBytes, bodyStart)) as Omit<KeptAnswer, 'body'>
  return { ...head, body: open.subarray(bodyStart) }
}

function toKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'strata idempotency', 32))
}
