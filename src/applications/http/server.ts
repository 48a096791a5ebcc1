import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Config } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import { operatorTenant } from '../../core/principals.ts'
import { requireRight } from '../../core/rights.ts'
import { describeCause, PlatformError, toPlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import { TurnEnd } from '../../core/turn.ts'
import type { Idempotency } from '../../investment/index.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { encodeStrataError } from './errors.ts'
import { isRepeatable, runRepeatable } from './idempotent.ts'
import { isOfHouse, type OperationRoute, type Route } from './route.ts'
import { createRouter, type Match } from './router.ts'

// An import of it would read every name it exports, and with the last one load a web client that nobody here uses: 40 ms.
const { createServer, maxHeaderSize, STATUS_CODES } = process.getBuiltinModule('node:http')

/** The server that clients talk to. */
export interface HttpServer {
  /** Resolves with the base URL once the port is open. Rejects when it is taken. */
  listen(): Promise<string>
  /** Refuses new connections, waits for the requests in work up to `drainMsMax`, then cuts what is left. */
  close(): Promise<void>
  /** Requests in work now. */
  readonly open: number
}

export interface HttpServerDeps {
  readonly config: Config['server']
  readonly clock: Clock
  readonly log: EventLog
  readonly routes: readonly Route[]
  /** Throws UNAUTHENTICATED, KEY_EXPIRED or KEY_REVOKED. */
  readonly authenticate: (credential: string | undefined) => Principal
  readonly idempotency: Idempotency
}

export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const { config } = deps
  const router = createRouter(deps.routes)
  const turn = new TurnEnd()
  let open = 0
  const serveOne = (message: IncomingMessage, response: ServerResponse): void => {
    void serve(message, response)
  }
  const server = createServer(
    {
      requireHostHeader: false, // it is refused here, in the shape of the face
      headersTimeout: config.headersMsMax,
      requestTimeout: Math.max(config.requestMsMax, config.headersMsMax),
      keepAliveTimeout: config.keepAliveMsMax,
      connectionsCheckingInterval: 5_000,
    },
    serveOne,
  )
  // A body that is announced is asked for when it is read, and no other expectation is one that Strata would meet.
  server.on('checkContinue', serveOne)
  server.on('checkExpectation', serveOne)
  server.on('clientError', refuseMalformed)
  const closeUnused = followConnections(server)

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(message)
    const startedMonotonicMs = deps.clock.monotonicMs()
    const options = { message, response, path, bodyBytesMax: config.bodyBytesMax, startedMonotonicMs, turn }
    const match = router.find(message.method ?? 'GET', path)
    const exchange = createExchange(options, match.type === 'route' ? match.parameters : {})
    open++
    response.on('close', () => {
      open--
      exchange.closed()
    })
    const encodeError = encoderOf(match)
    try {
      if (!namesOneHost(message)) throw nameless()
      if (open > config.requestsOpenMax) throw overloaded(config.requestsOpenMax)
      if (match.type === 'none') throw notFound(path, match.near)
      if (match.type === 'wrong-method') throw wrongMethod(message.method, match.allowed)
      await run(deps, match.route, exchange)
    } catch (thrown) {
      refuse(exchange, thrown, encodeError)
    }
  }

  function refuse(exchange: Exchange, thrown: unknown, encodeError: Route['encodeError']): void {
    const error = toPlatformError(thrown)
    if (error.code === 'INTERNAL') {
      deps.log.error({ path: exchange.path, cause: describeCause(error) }, 'a request met a defect')
    }
    if (exchange.isBegun) exchange.destroy()
    else exchange.sendJson(error.status, encodeError(error), errorHeaders(error))
  }

  return {
    listen: () => listen(server, config),
    close: () => close(server, config.drainMsMax, closeUnused),
    get open() {
      return open
    },
  }
}

/** The path of the target, also of one in absolute form (RFC 9112, 3.2.2) that names the host the request is for. */
function pathOf({ url = '/', headers }: IncomingMessage): string {
  const queryStart = url.indexOf('?')
  const path = queryStart === -1 ? url : url.slice(0, queryStart)
  if (path.startsWith('/')) return path
  const [origin = '', host] = /^https?:\/\/([^/]*)/i.exec(path) ?? []
  return host !== undefined && host === headers.host ? path.slice(origin.length) || '/' : path
}

/** Answers on the route, or, for a request that was answered before, again. */
function run(deps: HttpServerDeps, route: Route, exchange: Exchange): Promise<void> {
  const principal = route.access === 'flow' ? undefined : principalOf(deps, route, exchange)
  const answer = (on: Exchange): Promise<void> =>
    route.access === 'flow' ? route.run(on) : route.handle(on, principal)
  if (!isRepeatable(route, exchange)) return answer(exchange)
  return runRepeatable({
    idempotency: deps.idempotency,
    exchange,
    principal: principal ?? deps.authenticate(exchange.credential()),
    answerBytesMax: deps.config.idempotency.answerBytesMax,
    run: answer,
  })
}

function principalOf(deps: HttpServerDeps, route: OperationRoute, exchange: Exchange): Principal | undefined {
  if (route.access === 'public') return undefined
  const principal = deps.authenticate(exchange.credential())
  requireRight(principal, route.access, `${route.method} ${route.path}`)
  if (isOfHouse(route) && principal.tenant !== operatorTenant) throw notOfTheHouse(route)
  return principal
}

/** What concerns every tenant is for whoever runs the house. */
function notOfTheHouse({ method, path }: OperationRoute): PlatformError {
  const what = `${method} ${path} concerns all tenants, and is for keys of the tenant ${operatorTenant}`
  return new PlatformError('FORBIDDEN', what)
}

/** Headers that go with an error, whatever its face. */
export function errorHeaders(error: PlatformError): readonly string[] {
  const headers: string[] = ['x-strata-error', error.code]
  if (error.retryAfterMs !== undefined) {
    headers.push('retry-after', String(Math.ceil(error.retryAfterMs / 1_000)))
    headers.push('retry-after-ms', String(Math.ceil(error.retryAfterMs)))
  }
  const allowed = error.details?.['allowed']
  if (typeof allowed === 'string') headers.push('allow', allowed)
  return headers
}

function overloaded(requestsOpenMax: number): PlatformError {
  return new PlatformError('OVERLOADED', `${requestsOpenMax} requests are in work already`, { retryAfterMs: 1_000 })
}

/** Of two hosts a proxy in front might have read the other one. */
function namesOneHost({ headers, httpVersion, rawHeaders }: IncomingMessage): boolean {
  if (headers.host === undefined) return httpVersion !== '1.1'
  let hosts = 0
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const name = rawHeaders[place]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts === 1
}

function nameless(): PlatformError {
  return new PlatformError('INVALID_REQUEST', 'a request by HTTP/1.1 has one host header', { param: 'host' })
}

function notFound(path: string, near: string | undefined): PlatformError {
  const hint = near === undefined ? '' : `, but ${near.slice(0, 200)}: mind the base URL of the client`
  return new PlatformError('ROUTE_NOT_FOUND', `there is no route ${path.slice(0, 200)}${hint}`)
}

function wrongMethod(method: string | undefined, allowed: readonly string[]): PlatformError {
  return new PlatformError('METHOD_NOT_ALLOWED', `${method ?? 'this method'} is not allowed here`, {
    details: { allowed: allowed.join(', ') },
  })
}

/** What came is no request that a route could answer: the parser's verdict, in Strata's own shape. */
function refuseMalformed(thrown: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || thrown.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, error] = toMalformed(thrown.code)
  const body = JSON.stringify(encodeStrataError(error))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-strata-error: ${error.code}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** The status says more than the code: that the headers are too large (431), or were too long in coming (408). */
function toMalformed(code: string | undefined): readonly [number, PlatformError] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        431,
        new PlatformError('INVALID_REQUEST', `the headers are larger than ${maxHeaderSize} bytes; send fewer`),
      ]
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [
        408,
        new PlatformError(
          'INVALID_REQUEST',
          'the request was not complete in time; send it faster, or raise server.headersMsMax or server.requestMsMax',
        ),
      ]
    default:
      return [400, new PlatformError('INVALID_REQUEST', 'what was sent is not HTTP/1.1')]
  }
}

/** Errors are told in the shape of the face that the path belongs to. */
function encoderOf(match: Match): Route['encodeError'] {
  if (match.type === 'route') return match.route.encodeError
  return match.encodeError ?? encodeStrataError
}

function listen(server: Server, config: Config['server']): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) => {
      const place = `${config.host}:${config.port}`
      const what =
        thrown.code === 'EADDRINUSE'
          ? `${place} is in use by another process; stop that, or choose another with --port or server.port`
          : `${place} cannot be opened (${thrown.code ?? 'unknown reason'}); set server.host and server.port`
      reject(new PlatformError('CONFIG_INVALID', what, { param: 'server.port', cause: thrown }))
    })
    server.listen(config.port, config.host, () => {
      const address = server.address() as AddressInfo // a TCP server that listens has one
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
      resolve(`http://${host}:${address.port}`)
    })
  })
}

const idleSweepMs = 20

/** Gives what closes the connections on which nothing has come yet: Node calls only those idle that had a request. */
function followConnections(server: Server): () => void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }
}

function close(server: Server, drainMsMax: number, closeUnused: () => void): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMsMax)
    // A connection whose request has ended would be kept for the next one, which will not be taken.
    const closeIdle = (): void => {
      server.closeIdleConnections()
      closeUnused()
    }
    const sweep = setInterval(closeIdle, idleSweepMs)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(sweep)
      resolve()
    })
    closeIdle()
  })
}
