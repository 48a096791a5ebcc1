import { createHash, createHmac } from 'node:crypto'

export interface SigningKey {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
}

export interface RequestToSign {
  readonly method: string
  readonly host: string
  /** Percent-encoded, without query. */
  readonly path: string
  /** Unencoded names and values. */
  readonly query: Readonly<Record<string, string>>
  /** Signed besides host, date and hash of the content; lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds UTC. */
  readonly atMs: number
}

/**
 * The headers that prove who asks, for a request without a body: AWS Signature Version 4, service `s3`. The query has to be
 * sent as `toQuery` writes it.
 */
export function signRequest(request: RequestToSign, key: SigningKey): Readonly<Record<string, string>> {
  const stamp = new Date(request.atMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = stamp.slice(0, 8)
  const contentHash = hash('')
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-content-sha256': contentHash,
    'x-amz-date': stamp,
  }
  const names = Object.keys(headers).sort()
  const canonical = [
    request.method,
    request.path,
    toQuery(request.query),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim()}`),
    '',
    names.join(';'),
    contentHash,
  ].join('\n')
  const scope = `${day}/${key.region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', stamp, scope, hash(canonical)].join('\n')
  const signingKey = [key.region, 's3', 'aws4_request'].reduce(mac, mac(`AWS4${key.secretKey}`, day))
  const signature = mac(signingKey, text).toString('hex')
  return {
    'x-amz-content-sha256': contentHash,
    'x-amz-date': stamp,
    authorization: `AWS4-HMAC-SHA256 Credential=${key.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  }
}

/** Sorted, and encoded as the signature wants it. */
export function toQuery(query: Readonly<Record<string, string>>): string {
  return Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name] ?? '')}`)
    .join('&')
}

/** A key of an object as a path. */
export function encodePath(path: string): string {
  return path.split('/').map(encode).join('/')
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function mac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
