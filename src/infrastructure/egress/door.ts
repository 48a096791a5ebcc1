import type { Config } from '../../config/index.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import { createAdmission, type AdmissionDeps } from './admission.ts'
import type { NameLookup } from './address.ts'
import type { ConnectOptions, Egress, EgressRequest, Permit } from './egress.ts'
import { Connection } from './connection.ts'
import { Exchange } from './exchange.ts'
import { createRoutes } from './routes.ts'
import { createWatch } from './watch.ts'

export interface EgressDeps extends AdmissionDeps {
  readonly config: Config['egress']
  /** Resolves names; the system's resolver when absent. */
  readonly lookup?: NameLookup | undefined
  /** Certificates that connections trust instead of those that Node trusts, PEM; a test's. */
  readonly authorities?: readonly string[] | undefined
}

/** The one door out, on a pool of HTTP/1.1 connections per origin. */
export function createEgress(deps: EgressDeps): Egress {
  const { clock } = deps
  const admission = createAdmission(deps)
  const watch = createWatch(clock)
  const routes = createRoutes({
    connectionsPerOriginMax: deps.config.connectionsPerOriginMax,
    lookup: deps.lookup,
    authorities: deps.authorities,
    clock,
  })
  const connections = new Set<Connection>()
  let isClosed = false

  function prepare(permit: Permit, request: EgressRequest): Exchange {
    admission.redeem(permit)
    if (isClosed) throw closing()
    const { target, call } = permit
    return new Exchange({ route: routes.find(target), request, target, call, clock, watch })
  }

  function open(permit: Permit, options: ConnectOptions): Promise<Connection> {
    admission.redeem(permit)
    if (isClosed) throw closing()
    const { target, call } = permit
    if (target.url === undefined || new URL(target.url).port === '') {
      throw new PlatformError('INTERNAL', `target ${target.id} has no port; nothing is opened`)
    }
    const { lookup, authorities } = deps
    const onClose = (closed: Connection): unknown => connections.delete(closed)
    const connection = new Connection({ ...options, target, call, clock, watch, lookup, authorities, onClose })
    connections.add(connection)
    return connection.open()
  }

  return {
    admit: (target, call) => admission.admit(target, call),
    admitSpending: (target, call, measure) => admission.admitSpending(target, call, measure),
    send(permit, request) {
      try {
        return prepare(permit, request).start()
      } catch (thrown) {
        return Promise.reject(toPlatformError(thrown))
      }
    },
    identify(permit, id, lookup) {
      if (permit.target.url !== undefined) {
        const { origin } = routes.find(permit.target)
        admission.identify(permit, id, { lookup, origin })
      }
    },
    async connect(permit, options) {
      try {
        return await open(permit, options)
      } catch (thrown) {
        throw toPlatformError(thrown)
      }
    },
    async close() {
      isClosed = true
      for (const connection of connections) connection.abandon(closing())
      routes.close(closing())
      watch.close()
    },
  }
}

function closing(): PlatformError {
  return new PlatformError('OVERLOADED', 'Strata is shutting down; nothing more is sent', { details: { sent: false } })
}
