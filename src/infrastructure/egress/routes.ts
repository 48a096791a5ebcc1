import { createRequire } from 'node:module'
import type { Pool } from 'undici'
import { PlatformError } from '../../core/errors.ts'
import { createCheckedLookup, isAddressLiteral, type NameLookup } from './address.ts'
import { createConnector } from './connecting.ts'
import type { EgressTarget } from './egress.ts'
import { toWireHeaders } from './headers.ts'

/** What a target comes down to when something is sent there. */
export interface Route {
  readonly pool: Pool
  readonly origin: string
  /** Of the base URL, without a trailing slash. */
  readonly basePath: string
  /** A request's headers with those of the target: credentials, and what never changes. Names and values in turn; frozen headers are prepared once. */
  toWireHeaders(headers: Readonly<Record<string, string>>): string[]
}

export interface Routes {
  /** Throws INTERNAL for a target that is not on the network. */
  find(target: EgressTarget): Route
  /** Destroys every connection; what is under way fails with `reason`. */
  close(reason: Error): Promise<void>
}

export interface RoutesDeps {
  readonly connectionsPerOriginMax: number
  /** Resolves names; the system's resolver when absent. */
  readonly lookup: NameLookup | undefined
}

/** The way to each target: a pool of HTTP/1.1 connections per origin. */
export function createRoutes(deps: RoutesDeps): Routes {
  const pools = new Map<string, Pool>()
  const routes = new WeakMap<EgressTarget, Route>()

  function create(target: EgressTarget): Route {
    if (target.url === undefined) {
      throw new PlatformError('INTERNAL', `target ${target.id} is not reached over the network; nothing is sent to it`)
    }
    const url = new URL(target.url)
    // Endpoints of one origin that give a connection different times need pools of their own: the pool holds the time.
    const key = `${url.origin} ${target.timeouts.connectMs}`
    const pool = pools.get(key) ?? createPool(url, target.timeouts.connectMs, deps)
    pools.set(key, pool)
    const headers = ['accept-encoding', 'identity', 'user-agent', 'strata']
    for (const [name, value] of Object.entries(target.credentials)) headers.push(name.toLowerCase(), value)
    const basePath = url.pathname.replace(/\/+$/, '')
    return { pool, origin: url.origin, basePath, toWireHeaders: createHeaderMemory(headers) }
  }

  return {
    find(target) {
      const known = routes.get(target)
      if (known !== undefined) return known
      const route = create(target)
      routes.set(target, route)
      return route
    },
    async close(reason) {
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((pool) => pool.destroy(reason)))
    },
  }
}

/**
 * Only the pool of undici: its fetch, caches and sockets for the web, which nothing here uses, would cost 12 MB and a tenth
 * of a start. The module exports the class itself.
 */
const UndiciPool = createRequire(import.meta.url)('undici/lib/dispatcher/pool.js') as typeof Pool

function createPool(url: URL, connectMs: number, deps: RoutesDeps): Pool {
  return new UndiciPool(url.origin, {
    connections: deps.connectionsPerOriginMax,
    pipelining: 1,
    allowH2: false,
    // The watch keeps all times but that of connecting, which also ends attempts whose request has gone.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: createConnector(
      isAddressLiteral(url.hostname)
        ? { timeout: connectMs }
        : { timeout: connectMs, lookup: createCheckedLookup(url.hostname, deps.lookup) },
    ),
  })
}

function createHeaderMemory(base: readonly string[]): Route['toWireHeaders'] {
  const prepared = new WeakMap<object, string[]>()
  return (headers) => {
    const known = prepared.get(headers)
    if (known !== undefined) return known
    const joined = toWireHeaders(base, headers)
    if (Object.isFrozen(headers)) prepared.set(headers, joined)
    return joined
  }
}
