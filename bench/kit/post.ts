import { request } from 'node:http'
import type { LoadTarget } from './wrk.ts'

/** One request on a connection of its own: the status of its answer, `undefined` when nobody answers. */
export function postOnce(target: LoadTarget): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request({
      port: target.port,
      host: '127.0.0.1',
      path: target.path,
      method: 'POST',
      headers: { ...target.headers, 'content-length': Buffer.byteLength(target.body) },
      agent: false,
      timeout: 5_000,
    })
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
      response.on('error', () => resolve(undefined))
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => resolve(undefined))
    sent.end(target.body)
  })
}
