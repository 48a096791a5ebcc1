import type * as OpenIdClient from 'openid-client'
import type { SignOnConfig } from '../../../config/index.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import { loadPackage } from '../../../core/packages.ts'
import type { Random } from '../../../core/random.ts'
import type { Clock } from '../../../core/time.ts'
import type { Identity } from '../identity.ts'
import type { KeyRecord } from '../records.ts'
import { hashBrowser, openState, sealState } from './login-state.ts'
import type { Directory, PersonStanding } from '../provisioning/index.ts'
import { findRole } from './roles.ts'

/** Single sign-on of people by OpenID Connect: who is let in gets a key that ends with the session. */
export interface SignOn {
  /** Where to send the person, and what their browser has to bring back. Rejects as the provider's discovery does. */
  begin(): Promise<{ readonly url: string; readonly browserToken: string }>
  /**
   * The person is back. Rejects with UNAUTHENTICATED when anything does not fit together, with FORBIDDEN when no role fits.
   * `query` is that of the request, with its question mark.
   */
  finish(query: string, browserToken: string | undefined): Promise<Session>
}

export interface Session {
  readonly key: string
  readonly record: KeyRecord
}

/** One request to the provider, through the door. */
export type AskProvider = (request: ProviderRequest) => Promise<{ readonly status: number; readonly body: Buffer }>

export interface ProviderRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export interface SignOnDeps {
  readonly config: SignOnConfig
  readonly clock: Clock
  readonly random: Random
  readonly keys: Pick<Identity['keys'], 'create'>
  readonly directory: Pick<Directory, 'standingOf'>
  readonly ask: AskProvider
}

const loginMsMax = 600_000
const minuteMs = 60_000
const userLengthMax = 100
/** What a key is called that somebody has by signing on. */
export const sessionPrefix = 'session of '

export function createSignOn(deps: SignOnDeps): SignOn {
  const { config, clock, random } = deps
  let discovered: Promise<OpenIdClient.Configuration> | undefined

  function discover(): Promise<OpenIdClient.Configuration> {
    // A provider that did not answer is asked again the next time.
    discovered ??= discoverProvider(deps).catch((thrown: unknown) => {
      discovered = undefined
      throw toRefusal(thrown)
    })
    return discovered
  }

  return {
    async begin() {
      const client = loadClient()
      const provider = await discover()
      const browserToken = Buffer.from(random.bytes(32)).toString('base64url')
      const verifier = Buffer.from(random.bytes(32)).toString('base64url')
      const nonce = Buffer.from(random.bytes(16)).toString('base64url')
      const expiresAtMs = clock.now() + loginMsMax
      const state = sealState(
        { nonce, verifier, browser: hashBrowser(browserToken), expiresAtMs },
        config.clientSecret,
        random,
      )
      const url = client.buildAuthorizationUrl(provider, {
        redirect_uri: config.redirectUrl,
        scope: config.scopes.join(' '),
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, browserToken }
    },
    async finish(query, browserToken) {
      const text = new URLSearchParams(query).get('state') ?? ''
      const state = openState(text, config.clientSecret)
      if (state.expiresAtMs <= clock.now()) throw refuse('the login took too long; begin again at /v1/login')
      if (browserToken === undefined || hashBrowser(browserToken) !== state.browser) {
        throw refuse('the login was begun in another browser')
      }
      const claims = await redeem(await discover(), { query, state, text, redirectUrl: config.redirectUrl })
      return createSession(deps, claims)
    },
  }
}

interface Return {
  readonly query: string
  readonly state: ReturnType<typeof openState>
  readonly text: string
  readonly redirectUrl: string
}

/** The claims of the id token, whose signature, issuer, audience, time and nonce have been checked. */
async function redeem(
  provider: OpenIdClient.Configuration,
  { query, state, text, redirectUrl }: Return,
): Promise<JsonObject> {
  try {
    const tokens = await loadClient().authorizationCodeGrant(provider, new URL(`${redirectUrl}${query}`), {
      pkceCodeVerifier: state.verifier,
      expectedState: text,
      expectedNonce: state.nonce,
      idTokenExpected: true,
    })
    return (tokens.claims() ?? {}) as unknown as JsonObject // claims are what a JWT holds, which is JSON
  } catch (thrown) {
    throw toRefusal(thrown)
  }
}

/** Claims by which providers name people. */
const nameClaims = ['sub', 'email', 'preferred_username', 'upn', 'oid']

async function createSession({ config, clock, keys, directory }: SignOnDeps, claims: JsonObject): Promise<Session> {
  const named = claims[config.userClaim] ?? claims['sub']
  if (typeof named !== 'string' || named === '') throw refuse('the provider does not say who this is')
  const names = [config.userClaim, ...nameClaims].flatMap((claim) => claims[claim] ?? []).filter(isText)
  const tenants = [...new Set(config.roles.map(({ tenant }) => tenant))]
  const people = new Map<string, PersonStanding | undefined>()
  for (const tenant of tenants) people.set(tenant, await directory.standingOf(tenant, names))
  const role = config.roles.find((each) => {
    const groups = people.get(each.tenant)?.groups ?? []
    return findRole([each], { ...claims, provisioned_groups: groups }) !== undefined
  })
  if (role === undefined) {
    throw new PlatformError('FORBIDDEN', 'no role of governance.signOn.roles fits who has signed on')
  }
  const person = people.get(role.tenant)
  if (person?.isActive === false) throw new PlatformError('FORBIDDEN', 'who has signed on has been deactivated')
  if (person === undefined && config.provisionedOnly) {
    throw new PlatformError('FORBIDDEN', 'who has signed on was not brought in over SCIM')
  }
  // As the directory names them, so that the session ends when they are deactivated.
  const user = person?.userName ?? named.slice(0, userLengthMax)
  const { when: _, ...scope } = role
  const expiresAtMs = Math.trunc(clock.now()) + config.sessionMinutes * minuteMs
  return keys.create({ ...scope, name: `${sessionPrefix}${user}`, user, expiresAtMs })
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

async function discoverProvider({ config, ask }: SignOnDeps): Promise<OpenIdClient.Configuration> {
  const client = loadClient()
  // The address is the operator's, who may have the provider on this machine; whether it may be reached is for the door to say.
  const execute = [
    client.enableNonRepudiationChecks,
    ...(config.issuer.startsWith('http:') ? [client.allowInsecureRequests] : []),
  ]
  const authentication = client.ClientSecretPost(config.clientSecret)
  return client.discovery(new URL(config.issuer), config.clientId, undefined, authentication, {
    execute,
    [client.customFetch]: async (url, { method, headers, body }) => {
      const text = body === undefined || body === null ? undefined : bodyText(body)
      const answer = await ask({
        url,
        method: method === 'POST' ? 'POST' : 'GET',
        headers: toHeaders(headers),
        body: text,
      })
      return new Response(new Uint8Array(answer.body), {
        status: answer.status,
        headers: { 'content-type': 'application/json' },
      })
    },
  })
}

/** Loaded when somebody signs on first. */
function loadClient(): typeof OpenIdClient {
  return loadPackage<typeof OpenIdClient>('openid-client')
}

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new PlatformError('INTERNAL', 'the client of the provider sends a body of another kind')
}

function toHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return Object.fromEntries(entries.filter(([name]) => name !== 'user-agent'))
}

/** What the provider or its client found wrong; said without tokens and codes. */
function toRefusal(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError) return thrown
  const cause = thrown instanceof Error && thrown.cause instanceof PlatformError ? thrown.cause : undefined
  if (cause !== undefined) return cause
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'unknown'
  return new PlatformError('UNAUTHENTICATED', `the provider's answer was refused: ${code.slice(0, 100)}`, {
    cause: thrown,
  })
}

function refuse(message: string): PlatformError {
  return new PlatformError('UNAUTHENTICATED', message)
}
