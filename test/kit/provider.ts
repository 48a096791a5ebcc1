import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { JsonObject } from '../../src/core/json.ts'
import { listenOnLoopback } from '../../src/core/testing.ts'

/** An OpenID provider that lets everybody in at once, as whoever it is told they are. */
export interface Provider {
  readonly issuer: string
  /** What the next id tokens say; what is left out is proper. */
  claims: JsonObject
  /** Signs with another key than the one it publishes. */
  usesForeignKey: boolean
  /** Requests so far: `GET /jwks`. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

export const client = { id: 'strata', secret: 'a-secret-of-the-client' }

interface Grant {
  readonly nonce: string
  readonly challenge: string
  readonly redirect: string
}

export async function startProvider(): Promise<Provider> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const grants = new Map<string, Grant>()
  const requests: string[] = []
  const server = createServer((message, response) => void serve(message, response))
  const issuer = `http://127.0.0.1:${await listenOnLoopback(server)}`
  const provider = { issuer, claims: {} as JsonObject, usesForeignKey: false, requests, close }
  return provider

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', issuer)
    requests.push(`${message.method} ${url.pathname}`)
    if (url.pathname === '/.well-known/openid-configuration') return json(response, describe(issuer))
    if (url.pathname === '/jwks') {
      return json(response, {
        keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }],
      })
    }
    if (url.pathname === '/authorize') return authorize(url, response)
    if (url.pathname === '/token') return json(response, redeem(new URLSearchParams(await text(message))))
    json(response, {}, 404)
  }

  function authorize(url: URL, response: ServerResponse): void {
    const asked = (name: string): string => url.searchParams.get(name) ?? ''
    const code = randomUUID()
    grants.set(code, { nonce: asked('nonce'), challenge: asked('code_challenge'), redirect: asked('redirect_uri') })
    const back = new URL(asked('redirect_uri'))
    back.search = new URLSearchParams({ code, state: asked('state') }).toString()
    response.writeHead(302, { location: back.href }).end()
  }

  /** A code is good once, for who began with the challenge that the verifier fits. */
  function redeem(form: URLSearchParams): object {
    const grant = grants.get(form.get('code') ?? '')
    grants.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight = form.get('client_secret') === client.secret && form.get('redirect_uri') === grant?.redirect
    if (grant === undefined || !isRight || challenge !== grant.challenge) return { error: 'invalid_grant' }
    const now = Math.floor(Date.now() / 1_000)
    const proper = { iss: issuer, aud: client.id, sub: 'u1', nonce: grant.nonce, iat: now, exp: now + 300 }
    const key = provider.usesForeignKey ? foreign.privateKey : keys.privateKey
    return {
      access_token: 'a',
      token_type: 'Bearer',
      expires_in: 300,
      id_token: toJwt({ ...proper, ...provider.claims }, key),
    }
  }

  function close(): Promise<void> {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
}

function describe(issuer: string): object {
  const at = (path: string): string => `${issuer}${path}`
  return {
    issuer,
    authorization_endpoint: at('/authorize'),
    token_endpoint: at('/token'),
    jwks_uri: at('/jwks'),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
  }
}

function toJwt(claims: object, key: KeyObject): string {
  const head = [{ alg: 'RS256', kid: 'k' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${head}.${sign('RSA-SHA256', Buffer.from(head), key).toString('base64url')}`
}

function json(response: ServerResponse, body: object, status = 'error' in body ? 400 : 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
