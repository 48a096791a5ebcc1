import { hash } from 'node:crypto'
import { mkdtempSync, openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool, type Dispatcher } from 'undici'
import { announce } from './announce.ts'

/**
 * The least that does the work promised of a request, in one closure: whole bodies, JSON read on both sides, the model's
 * name patched, the key hashed, one line appended before anything is sent and one before the answer leaves. No
 * configuration, refusals, timeouts, retries, prices, metrics or database: what stays between it and Strata is those.
 * Run as `node bench/kit/floor.ts UPSTREAM_ORIGIN`; prints its port.
 */
const pool = new Pool(process.argv[2] ?? '', { connections: 512, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
const journal = openSync(join(mkdtempSync(join(tmpdir(), 'strata-floor-')), 'journal'), 'ax', 0o600)
const line = Buffer.alloc(4_096)

const server = createServer((message, response) => {
  const chunks: Buffer[] = []
  message.on('data', (chunk: Buffer) => chunks.push(chunk))
  message.on('end', () => relay(message, Buffer.concat(chunks), response))
})
await announce(server)

function relay(message: IncomingMessage, bytes: Buffer, response: ServerResponse): void {
  const text = bytes.toString('utf8')
  const { model } = JSON.parse(text) as { model: string }
  const body = Buffer.from(text.replace(`"model":"${model}"`, '"model":"bench"'))
  const key = hash('sha256', message.headers.authorization ?? '')
  const call = `call_${performance.now()}`
  append(`I\t${call}\t${key}\tplain\t${model}\t${Date.now()}`)
  const headers = ['content-type', 'application/json', 'accept', 'application/json']
  pool.dispatch({ method: 'POST', path: message.url ?? '/', headers, body }, createHandler(response, call))
}

function createHandler(response: ServerResponse, call: string): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = []
  let status = 200
  return {
    onRequestStart: () => undefined,
    onResponseStart(_, given) {
      status = given
    },
    onResponseData(_, chunk) {
      chunks.push(chunk)
    },
    onResponseEnd() {
      const bytes = Buffer.concat(chunks)
      const { usage } = JSON.parse(bytes.toString('utf8')) as { usage?: object }
      append(`S\t${call}\t3\t${Date.now()}\t${performance.now()}\t{"attempt":1,"sent":true}\t${JSON.stringify(usage)}`)
      const length = String(bytes.length)
      const headers = ['content-type', 'application/json', 'content-length', length, 'x-strata-call', call]
      response.writeHead(status, headers)
      response.end(bytes.toString('latin1'), 'latin1')
    },
    onResponseError() {
      response.destroy()
    },
  }
}

/** Durable against the death of the process on return. */
function append(text: string): void {
  writeSync(journal, line, 0, line.write(`${text}\n`, 'latin1'))
}
