import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { lentBytesOf } from '../../core/lent-bytes.ts'

/** Only this part of undici: see `routes.ts`. */
const build = createRequire(import.meta.url)('undici/lib/core/connect.js') as typeof buildConnector

/** Opens connections whose writes hold lent bytes until the system has taken them. */
export function createConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = build({ allowH2: false, ...options })
  return (where, done) => {
    connect(where, (...result) => {
      // Of a connection that failed there is only an error, whatever the types say.
      if (result[0] === null) holdWhileWritten(result[1])
      done(...result)
    })
  }
}

/**
 * The system reads from the memory of a buffer until its write is complete, however the request that it belonged to has
 * ended meanwhile: memory given back earlier would be somebody else's by then, and would be sent.
 */
export function holdWhileWritten(socket: Pick<Socket, 'write'>): void {
  const write = socket.write.bind(socket) as Write
  socket.write = ((chunk, second, third) => {
    const lent = typeof chunk === 'string' ? undefined : lentBytesOf(chunk)
    if (lent === undefined) return write(chunk, second, third)
    const written = typeof second === 'function' ? second : third
    lent.hold()
    return write(chunk, (error) => {
      lent.letGo()
      written?.(error)
    })
  }) as Write as Socket['write']
}

type Written = (error?: Error | null) => void
type Write = (chunk: string | Uint8Array, second?: string | Written, third?: Written) => boolean
