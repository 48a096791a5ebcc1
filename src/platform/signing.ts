import { createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, sign, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Signer } from '../core/signer.ts'

/** The key of this installation, made at the first start; only its owner may read the file. */
export function createSigner(folder: string): Signer {
  const key = readKey(join(folder, 'signing.key'))
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  return { publicKey, sign: (statement) => sign(null, Buffer.from(statement, 'utf8'), key).toString('base64') }
}

/** A secret of this installation for one purpose, from which neither the key nor other secrets can be told. */
export function deriveSecret(folder: string, purpose: string): string {
  const key = readKey(join(folder, 'signing.key')).export({ type: 'pkcs8', format: 'der' })
  return Buffer.from(hkdfSync('sha256', key, '', `strata ${purpose}`, 32)).toString('hex')
}

function readKey(path: string): KeyObject {
  if (existsSync(path)) return createPrivateKey(readFileSync(path))
  const { privateKey } = generateKeyPairSync('ed25519')
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' })
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
    return privateKey
  } catch (thrown) {
    // Another process on the same folder was quicker.
    if (existsSync(path)) return createPrivateKey(readFileSync(path))
    throw thrown
  }
}
