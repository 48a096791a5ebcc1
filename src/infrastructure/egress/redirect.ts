import { PlatformError } from '../../core/errors.ts'

/** Redirects followed for one GET. */
const redirectsMax = 3

export interface Redirect {
  readonly endpoint: string
  readonly origin: string
  readonly method: string
  /** Path that was asked for, query included. */
  readonly path: string
  readonly location: string | undefined
  readonly followed: number
}

/** True for the statuses that send a client elsewhere; 304 and 300 do not. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** The path to ask for instead. Throws REDIRECT_REFUSED for all but a GET that stays at its origin. */
export function followRedirect(redirect: Redirect): string {
  if (redirect.method !== 'GET') throw refuse(redirect, 'a request that is not a GET')
  if (redirect.followed >= redirectsMax) throw refuse(redirect, `more than ${redirectsMax} times`)
  const base = new URL(redirect.path, redirect.origin)
  const next = redirect.location === undefined ? null : URL.parse(redirect.location, base.href)
  if (next === null) throw refuse(redirect, 'without a readable location')
  if (next.origin !== base.origin) throw refuse(redirect, 'to another origin')
  return `${next.pathname}${next.search}`
}

function refuse(redirect: Redirect, what: string): PlatformError {
  return new PlatformError(
    'REDIRECT_REFUSED',
    `endpoint ${redirect.endpoint} redirects ${what}; configure its final URL`,
    { details: { sent: true } },
  )
}
