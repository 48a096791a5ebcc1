import { PlatformError } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import { createCheckedLookup, isAddressLiteral, type NameLookup } from './address.ts'
import type { EgressRequest, EgressTarget } from './egress.ts'
import { toWireHeaders } from './headers.ts'
import { createConnector, createHttpPool, writeHead, type HttpPool } from './http1/index.ts'

/** What a target comes down to when something is sent there. */
export interface Route {
  readonly pool: HttpPool
  readonly origin: string
  /** Of the base URL, without a trailing slash. */
  readonly basePath: string
  /**
   * The head of a request with the headers of the target: credentials, and what never changes. `path` is that of the
   * origin. For frozen headers it is kept. Throws an error that `toUpstreamError` reads.
   */
  toHead(request: Pick<EgressRequest, 'method' | 'path' | 'headers'>): string
}

export interface Routes {
  /** Throws INTERNAL for a target that is not on the network. */
  find(target: EgressTarget): Route
  /** Destroys every connection; what is under way fails with `reason`. */
  close(reason: Error): void
}

export interface RoutesDeps {
  readonly connectionsPerOriginMax: number
  /** Resolves names; the system's resolver when absent. */
  readonly lookup: NameLookup | undefined
  readonly clock: Clock
  /** Certificates trusted instead of those that Node trusts, PEM. */
  readonly authorities: readonly string[] | undefined
}

/** The way to each target: a pool of HTTP/1.1 connections per origin. */
export function createRoutes(deps: RoutesDeps): Routes {
  const pools = new Map<string, HttpPool>()
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
    return { pool, origin: url.origin, basePath, toHead: createHeadMemory(url.host, headers) }
  }

  return {
    find(target) {
      const known = routes.get(target)
      if (known !== undefined) return known
      const route = create(target)
      routes.set(target, route)
      return route
    },
    close(reason) {
      for (const pool of pools.values()) pool.destroy(reason)
      pools.clear()
    },
  }
}

function createPool(origin: URL, connectMs: number, deps: RoutesDeps): HttpPool {
  const lookup = isAddressLiteral(origin.hostname) ? undefined : createCheckedLookup(origin.hostname, deps.lookup)
  return createHttpPool({
    connectionsMax: deps.connectionsPerOriginMax,
    open: createConnector({ origin, connectMs, lookup, authorities: deps.authorities }),
    clock: deps.clock,
  })
}

interface KeptHead {
  readonly method: string
  readonly path: string
  readonly text: string
}

function createHeadMemory(host: string, base: readonly string[]): Route['toHead'] {
  const kept = new WeakMap<object, KeptHead>()
  return ({ method, path, headers }) => {
    const known = kept.get(headers)
    if (known !== undefined && known.method === method && known.path === path) return known.text
    const text = writeHead({ method, path, host, headers: toWireHeaders(base, headers) })
    if (Object.isFrozen(headers)) kept.set(headers, { method, path, text })
    return text
  }
}
