import { Pool } from 'undici'
import type { Config } from '../../config/index.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import { createAdmission, type AdmissionDeps } from './admission.ts'
import { createCheckedLookup, isAddressLiteral, type NameLookup } from './address.ts'
import type { Egress, EgressRequest, EgressTarget, Permit } from './egress.ts'
import { Exchange } from './exchange.ts'
import { toWireHeaders } from './headers.ts'
import { createWatch } from './watch.ts'

export interface EgressDeps extends AdmissionDeps {
  readonly config: Config['egress']
  /** Resolves names; the system's resolver when absent. */
  readonly lookup?: NameLookup | undefined
}

/** What a target comes down to when something is sent there. */
interface Route {
  readonly pool: Pool
  readonly origin: string
  /** Of the base URL, without a trailing slash. */
  readonly basePath: string
  /** Sent with every request: credentials, and what never changes. */
  readonly headers: readonly string[]
}

/** The one door out, on a pool of HTTP/1.1 connections per origin. */
export function createEgress(deps: EgressDeps): Egress {
  const admission = createAdmission(deps)
  const watch = createWatch(deps.clock)
  const pools = new Map<string, Pool>()
  const routes = new WeakMap<EgressTarget, Route>()
  let isClosed = false

  function findRoute(target: EgressTarget): Route {
    const known = routes.get(target)
    if (known !== undefined) return known
    const route = createRoute(target)
    routes.set(target, route)
    return route
  }

  function createRoute(target: EgressTarget): Route {
    if (target.url === undefined) {
      throw new PlatformError(
        'INTERNAL',
        `target ${target.id} is not reached over the network; nothing can be sent to it`,
      )
    }
    const url = new URL(target.url)
    // Endpoints of one origin that give a connection different times need pools of their own: the pool holds the time.
    const key = `${url.origin} ${target.timeouts.connectMs}`
    const pool = pools.get(key) ?? createPool(url, target.timeouts.connectMs)
    pools.set(key, pool)
    const headers = ['accept-encoding', 'identity', 'user-agent', 'strata']
    for (const [name, value] of Object.entries(target.credentials)) headers.push(name.toLowerCase(), value)
    return { pool, origin: url.origin, basePath: url.pathname.replace(/\/+$/, ''), headers }
  }

  function createPool(url: URL, connectMs: number): Pool {
    return new Pool(url.origin, {
      connections: deps.config.connectionsPerOriginMax,
      pipelining: 1,
      allowH2: false,
      // The watch keeps all times but this one, which also ends attempts whose request has gone.
      connectTimeout: connectMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: isAddressLiteral(url.hostname)
        ? { timeout: connectMs }
        : { timeout: connectMs, lookup: createCheckedLookup(url.hostname, deps.lookup) },
    })
  }

  function prepare(permit: Permit, request: EgressRequest): Exchange {
    admission.redeem(permit)
    if (isClosed) throw closing()
    const { target, call } = permit
    const { pool, origin, basePath, headers } = findRoute(target)
    const options = {
      method: request.method,
      path: basePath + request.path,
      headers: toWireHeaders(headers, request.headers),
      body: request.body ?? null,
    }
    return new Exchange({ pool, origin, target, call, options, clock: deps.clock, watch })
  }

  return {
    admit: (target, call) => admission.admit(target, call),

    send(permit, request) {
      try {
        return prepare(permit, request).start()
      } catch (thrown) {
        return Promise.reject(toPlatformError(thrown))
      }
    },

    async close() {
      isClosed = true
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((pool) => pool.destroy(closing())))
      watch.close()
    },
  }
}

function closing(): PlatformError {
  return new PlatformError('OVERLOADED', 'Strata is shutting down; nothing more is sent', { details: { sent: false } })
}
