import { createHash, verify, X509Certificate } from 'node:crypto'
import { derTags, findDer, readDer, toDer, toOid, type DerValue } from './der.ts'

/*
 * Time-stamps of RFC 3161: a signed statement of an authority that it has seen a hash at a time. Read here is what a verifier needs
 * of a token (a SignedData of RFC 5652 around a TSTInfo), and nothing else of CMS.
 */

/** What a token says. */
export interface Timestamp {
  /** Milliseconds UTC. */
  readonly atMs: number
  /** SHA-256 of what was stamped, hexadecimal. */
  readonly imprint: string
  /** Hexadecimal; `undefined` where the token has none. */
  readonly nonce: string | undefined
}

const oids = {
  sha256: toOid('2.16.840.1.101.3.4.2.1'),
  signedData: toOid('1.2.840.113549.1.7.2'),
  timestampInfo: toOid('1.2.840.113549.1.9.16.1.4'),
  contentType: toOid('1.2.840.113549.1.9.3'),
  messageDigest: toOid('1.2.840.113549.1.9.4'),
}
/** Digests by the object identifier of the digest, and of signatures that name their digest. */
const digests: ReadonlyMap<string, string> = new Map(
  [
    ['2.16.840.1.101.3.4.2.1', 'sha256'],
    ['2.16.840.1.101.3.4.2.2', 'sha384'],
    ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ].map(([oid = '', name = '']) => [toOid(oid).toString('hex'), name]),
)
/** RSA with PKCS #1 v1.5, with and without a digest in its name; ECDSA with each digest. */
const signatures: ReadonlySet<string> = new Set(
  ['1.1.1', '1.1.11', '1.1.12', '1.1.13']
    .map((tail) => `1.2.840.113549.${tail}`)
    .concat(['2', '3', '4'].map((tail) => `1.2.840.10045.4.3.${tail}`))
    .map((oid) => toOid(oid).toString('hex')),
)

/** A request to stamp a SHA-256. The nonce has at most 16 bytes, the first of them below 0x80 and not 0. */
export function toTimestampRequest(digest: Uint8Array, nonce: Uint8Array): Buffer {
  const algorithm = toDer(derTags.sequence, oids.sha256, Buffer.from([0x05, 0x00]))
  return toDer(
    derTags.sequence,
    toDer(derTags.integer, Buffer.from([1])),
    toDer(derTags.sequence, algorithm, toDer(derTags.octets, digest)),
    toDer(derTags.integer, nonce),
    Buffer.from([0x01, 0x01, 0xff]), // the certificate is to be in the token
  )
}

/** The token of an answer. Throws RangeError when the authority did not grant it, or for what is no answer. */
export function readTimestampAnswer(bytes: Buffer): Buffer {
  const [answer] = readDer(bytes)
  if (answer === undefined) throw new RangeError('is empty')
  const status = findDer(answer, [0, 0]).body
  // 0 is granted, 1 granted with changes.
  if (status.length !== 1 || (status[0] ?? 9) > 1) throw new RangeError('says that it was not granted')
  return Buffer.from(findDer(answer, [1]).whole)
}

/** What a token says, whoever signed it. Throws RangeError for what is no token. */
export function readTimestamp(token: Buffer): Timestamp {
  const info = readDer(contentOf(signedDataOf(token)))[0]
  if (info === undefined) throw new RangeError('says nothing')
  const fields = readDer(info.body)
  const imprint = fields[2]
  const time = fields[4]
  if (imprint === undefined || time === undefined || time.tag !== 0x18)
    throw new RangeError('has no imprint or no time')
  if (!findDer(imprint, [0, 0]).whole.equals(oids.sha256)) throw new RangeError('has not stamped a SHA-256')
  const nonce = fields.slice(5).find(({ tag }) => tag === derTags.integer)
  return {
    atMs: readTime(time.body.toString('latin1')),
    imprint: findDer(imprint, [1]).body.toString('hex'),
    nonce: nonce?.body.toString('hex'),
  }
}

/** Whether the key of a certificate (PEM) signed a token, while the certificate was valid. Throws RangeError as `readTimestamp` does. */
export function isTimestampOf(token: Buffer, certificate: string): boolean {
  const { atMs } = readTimestamp(token)
  const signedData = signedDataOf(token)
  const signer = findDer(readDer(signedData.body).at(-1) ?? signedData, [0])
  const fields = readDer(signer.body)
  const attributes = fields.find(({ tag }) => tag === 0xa0)
  const digest = digests.get(findDer(fields[2] ?? signer, [0]).whole.toString('hex'))
  const [algorithm, signature] = fields.slice(attributes === undefined ? 3 : 4)
  if (attributes === undefined || digest === undefined || algorithm === undefined || signature === undefined)
    return false
  if (!signatures.has(findDer(algorithm, [0]).whole.toString('hex'))) return false
  if (!isDigestOf(attributes, createHash(digest).update(contentOf(signedData)).digest())) return false
  const { publicKey, validFrom, validTo } = new X509Certificate(certificate)
  if (atMs < Date.parse(validFrom) || atMs > Date.parse(validTo)) return false
  // Signed are the attributes as a set, not as the field they stand in (RFC 5652, 5.4).
  const signed = Buffer.concat([Buffer.from([derTags.set]), attributes.whole.subarray(1)])
  return verify(digest, signed, publicKey, signature.body)
}

/** The attributes say what was signed: a time-stamp, of this digest. */
function isDigestOf(attributes: DerValue, digest: Buffer): boolean {
  const valueOf = (oid: Buffer): DerValue | undefined => {
    const found = readDer(attributes.body).find((attribute) => findDer(attribute, [0]).whole.equals(oid))
    return found === undefined ? undefined : findDer(found, [1, 0])
  }
  const isTimestamp = valueOf(oids.contentType)?.whole.equals(oids.timestampInfo) === true
  return isTimestamp && valueOf(oids.messageDigest)?.body.equals(digest) === true
}

function signedDataOf(token: Buffer): DerValue {
  const [content] = readDer(token)
  if (content === undefined || !findDer(content, [0]).whole.equals(oids.signedData)) {
    throw new RangeError('is no signed data')
  }
  return findDer(content, [1, 0])
}

function contentOf(signedData: DerValue): Buffer {
  const content = findDer(signedData, [2])
  if (!findDer(content, [0]).whole.equals(oids.timestampInfo)) throw new RangeError('is no time-stamp')
  return findDer(content, [1, 0]).body
}

/** `20261126073000Z`, perhaps with fractions of a second. */
function readTime(text: string): number {
  const [, year, month, day, hour, minute, second, fraction = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(text) ?? []
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`)
  if (Number.isNaN(atMs)) throw new RangeError('has no time')
  return atMs
}
