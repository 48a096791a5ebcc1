import { PlatformError } from '../../../core/errors.ts'
import { sessionPrefix, type SignOn } from '../../../governance/index.ts'
import { encodeStrataError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toKeyJson } from '../../shapes/index.ts'

const cookieName = 'strata_login'
const cookieSecondsMax = 600

/** Single sign-on: to the provider, back from it with a key for the session, and out again. */
export function signOnRoutes(getParts: GetParts): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/login',
      access: 'public',
      summary: 'Sends a person to the OpenID provider to sign on.',
      encodeError: encodeStrataError,
      async handle(exchange) {
        const { url, browserToken } = await requireSignOn(getParts).begin()
        const isSecure = getParts().config.governance.signOn?.redirectUrl.startsWith('https:') === true
        const cookie = [
          `${cookieName}=${browserToken}`,
          'Path=/v1/login',
          'HttpOnly',
          'SameSite=Lax',
          `Max-Age=${cookieSecondsMax}`,
          ...(isSecure ? ['Secure'] : []),
        ].join('; ')
        exchange.begin(302, ['location', url, 'set-cookie', cookie, 'cache-control', 'no-store', 'content-length', '0'])
        exchange.end()
      },
    },
    {
      method: 'GET',
      path: '/v1/login/callback',
      access: 'public',
      summary: 'Where the provider sends a person back: answers with a key that ends with the session.',
      encodeError: encodeStrataError,
      async handle(exchange) {
        const query = `?${exchange.query().toString()}`
        const { key, record } = await requireSignOn(getParts).finish(query, readCookie(exchange))
        exchange.sendJson(200, { ...toKeyJson(record), object: 'session', key }, ['cache-control', 'no-store'])
      },
    },
    operation(getParts, {
      method: 'POST',
      path: '/v1/logout',
      access: 'session:end',
      summary: 'Ends the session that the key stands for.',
      answer: async ({ parts, principal }) => {
        const own = (await parts.keys.list(principal.tenant)).find(({ id }) => id === principal.keyId)
        if (own?.name.startsWith(sessionPrefix) !== true) {
          throw new PlatformError(
            'CONFLICT',
            'the key is not that of a session; an admin revokes it: DELETE /v1/keys/{id}',
          )
        }
        await parts.keys.revoke(principal.tenant, principal.keyId)
        return { status: 200, body: { revoked: true } }
      },
    }),
  ]
}

function requireSignOn(getParts: GetParts): SignOn {
  const { signOn } = getParts()
  if (signOn !== undefined) return signOn
  throw new PlatformError('NOT_FOUND', 'single sign-on is not configured; set governance.signOn')
}

function readCookie(exchange: Exchange): string | undefined {
  const cookies = (exchange.header('cookie') ?? '').split(';').map((each) => each.trim().split('='))
  return cookies.find(([name]) => name === cookieName)?.[1]
}
