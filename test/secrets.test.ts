import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { listenOnLoopback } from '../src/core/testing.ts'
import { faces } from './kit/faces.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

/** Secrets that look like none: no prefix, short, plain words. */
const secrets: Record<string, string> = {}
const place = { processing: ['local'], storage: ['local'] }
const dialects = ['openai', 'anthropic', 'openai-responses', 'google', 'mistral', 'cohere', 'azure', 'bedrock'] as const
const ways = ['400', '401', '403', '422', '429', '500', '529', 'in-band', 'later', 'text', 'cut'] as const

let parrot: Server
let strata: RunningStrata

/** Answers with every header it was sent, in each way that a vendor may fail. */
function repeat(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  const path = request.url ?? ''
  const way = ways.find((each) => path.startsWith(`/${each}/`)) ?? '401'
  // Strata quotes some three hundred characters: in one way a secret begins just before their end.
  const own = [request.headers['x-own']].flat().join('')
  const said =
    way === 'cut'
      ? `${'word '.repeat(57)}${own}`
      : `not allowed: ${Object.values(request.headers).join(' ')} at ${path}`
  const error = { error: { message: said, type: 'x', code: 'y' }, message: said }
  if (way === 'in-band' || way === 'later') {
    const delta = { id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'Hi' } }] }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`${way === 'later' ? `data: ${JSON.stringify(delta)}\n\n` : ''}data: ${JSON.stringify(error)}\n\n`)
    return
  }
  response.writeHead(way === 'text' || way === 'cut' ? 400 : Number(way), {
    'content-type': way === 'text' ? 'text/plain' : 'application/json',
  })
  response.end(way === 'text' ? said : JSON.stringify(error))
}

function secret(name: string): string {
  const reference = name.toUpperCase().replaceAll('-', '_')
  secrets[reference] = `plain words of ${name}`.replaceAll(' ', '-')
  return `\${${reference}}`
}

beforeAll(async () => {
  parrot = createServer(repeat)
  const origin = `http://127.0.0.1:${await listenOnLoopback(parrot)}`
  const endpoints: Record<string, JsonObject> = {}
  for (const dialect of dialects) {
    for (const way of ways) {
      const name = `${dialect}-${way}`
      const headers = { 'x-own': secret(`header-${name}`) }
      endpoints[name] = { dialect, url: `${origin}/${way}/v1`, model: 'm', key: secret(name), headers, ...place }
    }
  }
  const signOn = {
    issuer: `${origin}/400/id`,
    clientId: 'c',
    clientSecret: secret('sign-on'),
    roles: [{ role: 'member' }],
  }
  const config: JsonObject = {
    egress: { attemptsMax: 1 },
    endpoints,
    sources: {
      bucket: {
        into: 'a',
        s3: { url: `${origin}/403/team`, accessKey: secret('s3-id'), secretKey: secret('s3'), ...place },
      },
      dav: { into: 'b', webdav: { url: `${origin}/401/dav/`, user: 'u', password: secret('dav'), ...place } },
      mail: { into: 'c', imap: { url: 'imap://127.0.0.1:1', user: 'u', password: secret('mail'), ...place } },
      code: { into: 'd', git: { url: `${origin}/401/x.git`, token: secret('git'), ...place } },
    },
    governance: { signOn: { ...signOn, redirectUrl: 'http://127.0.0.1/v1/login/callback', ...place } },
    investment: {
      webhook: {
        url: `${origin}/500/hook?token=${secret('hook-query')}`,
        headers: { authorization: secret('webhook') },
        ...place,
      },
      meterSinks: { meter: { kind: 'openmeter', url: `${origin}/500/meter?${secret('meter-query')}`, ...place } },
    },
    telemetry: {
      logLevel: 'debug',
      traces: {
        url: `${origin}/401/traces?token=${secret('traces-query')}`,
        headers: { token: secret('traces') },
        ...place,
      },
    },
  }
  strata = await startStrata({ config, environment: secrets })
  strata.platform.startWork()
})

afterAll(async () => {
  await strata.close()
  parrot.closeAllConnections()
  await new Promise((resolve) => parrot.close(resolve))
})

function expectNone(text: string, what: string): void {
  for (const [name, value] of Object.entries(secrets)) expect(text.includes(value), `${name} in ${what}`).toBe(false)
  expect(text.includes(strata.key), `the admin key in ${what}`).toBe(false)
}

async function ask(path: string, body?: JsonObject): Promise<string> {
  const response = await strata.request(path, body)
  const text = `${await response.text()} ${JSON.stringify([...response.headers])}`
  expectNone(text, path)
  return text
}

test.each(dialects)(
  'what an endpoint that speaks %s was told in confidence is not told on when it says it again',
  async (dialect) => {
    for (const way of ways) {
      for (const face of Object.values(faces)) {
        for (const stream of [false, true]) {
          const told = await ask(face.path, face.ask(`${dialect}-${way}`, { stream }))
          if (way === '400') expect(told).toContain('not allowed: ')
          if (way === 'cut') expect(told).toContain('word word')
          expect(told).not.toContain('plain-w')
        }
      }
    }
  },
)

test('neither sources, sign-on, records, metrics nor the log tell secrets', async () => {
  for (const source of ['bucket', 'dav', 'mail', 'code']) {
    await ask(`/v1/sources/${source}/sync`, {})
    await ask(`/v1/sources/${source}/events`)
    await ask(`/v1/sources/${source}`)
  }
  await ask('/v1/login')
  for (const path of [
    '/v1/calls?limit=1000',
    '/metrics',
    '/v1/health',
    '/v1/keys',
    '/v1/sources',
    '/v1/models',
    '/openapi.json',
  ]) {
    await ask(path)
  }
  await strata.platform.audit.seal()
  for await (const line of strata.platform.audit.export({ tenant: 'default' })) expectNone(line, 'the audit log')
  expect(strata.logLines.length).toBeGreaterThan(10)
  expectNone(strata.logLines.join('\n'), 'the log')
  const kept = await strata.platform.store.sql.selectFrom('config_version').selectAll().execute()
  expect(kept).not.toEqual([])
  expectNone(JSON.stringify(kept), 'the kept configuration')
})
