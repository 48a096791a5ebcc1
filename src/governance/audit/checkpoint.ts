import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'

/** What a log said at one time: how many records it held, and the root of their tree. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
}

const algorithmEd25519 = Buffer.from([1])

/** A new Ed25519 key as PEM. */
export function createAuditKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Throws CONFIG_INVALID for what is no Ed25519 key. */
export function readAuditKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below, without the key in it.
  }
  throw new PlatformError('CONFIG_INVALID', 'governance.audit.key is no Ed25519 private key in PEM', {
    param: 'governance.audit.key',
  })
}

/** The public key in the form of C2SP signed notes: `name+hash+base64`. Give it to who verifies, by another way than the log. */
export function toVerifierKey(origin: string, key: KeyObject): string {
  const raw = rawOf(key)
  const bytes = Buffer.concat([algorithmEd25519, raw])
  return `${origin}+${keyHash(origin, raw).toString('hex')}+${bytes.toString('base64')}`
}

export interface Verifier {
  readonly origin: string
  readonly key: KeyObject
  readonly hash: Buffer
}

/** `algorithm`: 1 is that of logs, 4 that of witnesses. Throws INVALID_REQUEST for what is no verifier key. */
export function readVerifierKey(text: string, algorithm = 1): Verifier {
  const match = /^([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text.trim())
  const bytes = Buffer.from(match?.[3] ?? '', 'base64')
  const origin = match?.[1] ?? ''
  const raw = bytes.subarray(1)
  const hash = keyHash(origin, raw, algorithm)
  if (bytes.length !== 33 || bytes[0] !== algorithm || hash.toString('hex') !== match?.[2]) {
    throw new PlatformError(
      'INVALID_REQUEST',
      'the key is no verifier key: strata audit key prints it as NAME+HASH+KEY',
    )
  }
  // As base64url, which the buffers of browsers do not know.
  const x = raw.toString('base64').replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return { origin, key, hash }
}

/** A checkpoint as a signed note (C2SP tlog-checkpoint). */
export function signCheckpoint(checkpoint: Checkpoint, key: KeyObject): string {
  const text = `${checkpoint.origin}\n${checkpoint.size}\n${checkpoint.root.toString('base64')}\n`
  const signature = Buffer.concat([keyHash(checkpoint.origin, rawOf(key)), sign(null, Buffer.from(text), key)])
  return `${text}\n— ${checkpoint.origin} ${signature.toString('base64')}\n`
}

/** The checkpoint of a note that the verifier's key has signed; `undefined` for any other. */
export function openCheckpoint(note: string, verifier: Verifier): Checkpoint | undefined {
  const end = note.indexOf('\n\n')
  if (end === -1) return undefined
  const text = note.slice(0, end + 1)
  const [origin, size, root, ...more] = text.slice(0, -1).split('\n')
  if (origin !== verifier.origin || more.length > 0 || !/^(0|[1-9]\d{0,15})$/.test(size ?? '')) return undefined
  const hash = Buffer.from(root ?? '', 'base64')
  if (hash.length !== 32 || hash.toString('base64') !== root) return undefined
  const isSigned = note
    .slice(end + 2)
    .split('\n')
    .some((line) => isSignature(line, text, verifier))
  return isSigned ? { origin, size: Number(size), root: hash } : undefined
}

function isSignature(line: string, text: string, { origin, key, hash }: Verifier): boolean {
  const start = `— ${origin} `
  if (!line.startsWith(start)) return false
  const bytes = Buffer.from(line.slice(start.length), 'base64')
  if (bytes.length !== 68 || !bytes.subarray(0, 4).equals(hash)) return false
  return verify(null, Buffer.from(text), key, bytes.subarray(4))
}

function rawOf(key: KeyObject): Buffer {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.from(x ?? '', 'base64url')
}

/** The first four bytes of SHA-256 of name, newline, algorithm and key (C2SP signed-note). */
function keyHash(origin: string, raw: Uint8Array, algorithm = 1): Buffer {
  const hash = createHash('sha256')
    .update(`${origin}\n`)
    .update(Buffer.from([algorithm]))
  return hash.update(raw).digest().subarray(0, 4)
}
