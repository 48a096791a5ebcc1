import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'
import { announce } from './announce.ts'

/**
 * The bare pass-through that Strata is measured against: node:http in front, undici's dispatcher behind, bytes through
 * both ways, nothing read and nothing recorded. Run as `node bench/kit/bare.ts UPSTREAM_ORIGIN`; prints its port.
 */
const pool = new Pool(process.argv[2] ?? '', { connections: 512, pipelining: 1 })

/** Hop-by-hop, or written anew by the other side. */
const droppedHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'expect', 'upgrade'])

const server = createServer(relay)
await announce(server)

function relay(request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url = '/' } = request
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const options = { method, path: url, headers: forwarded(request.headers), body: hasBody ? request : null }
  pool.dispatch(options, createHandler(response))
}

function createHandler(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client left'))
      })
      response.on('drain', () => controller.resume())
    },
    onResponseStart(_, status, headers) {
      response.writeHead(status, forwarded(headers))
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause()
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    },
  }
}

function forwarded(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && !droppedHeaders.has(name)) kept[name] = value
  }
  return kept
}
