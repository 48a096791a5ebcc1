/** The search thread: ranks, and folds what was taken in, so that no request waits for either. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { assert, unreachable } from '../../../core/assert.ts'
import { toPlatformError } from '../../../core/errors.ts'
import { openDatabase } from '../../../store/index.ts'
import { createAnalyser } from '../analyse.ts'
import { foldFresh } from '../folding.ts'
import type { FromThread, ThreadData, ToThread } from './messages.ts'
import { createSearcher, type SearchResult } from './searching.ts'

const silentLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

async function serve(port: MessagePort, { location, bounds, pageBytesMax }: ThreadData): Promise<void> {
  const database = await openDatabase(location, silentLog, { pageBytesMax })
  const { engine } = location
  const searcher = createSearcher({ database, engine, analyser: createAnalyser(), ...bounds })
  const act = async (message: ToThread): Promise<SearchResult | undefined> => {
    switch (message.type) {
      case 'search':
        return searcher.search(message.query)
      case 'fold':
        await foldFresh(database, message.collection, message.chunksMax)
        return undefined
      case 'close':
        await database.destroy()
        return undefined
      default:
        return unreachable(message)
    }
  }
  port.on('message', (message: ToThread) => {
    act(message).then(
      (result) => port.postMessage({ type: 'done', ticket: message.ticket, result } satisfies FromThread),
      (thrown: unknown) => {
        const { code, message: text, param, details } = toPlatformError(thrown)
        port.postMessage({
          type: 'failed',
          ticket: message.ticket,
          code,
          message: text,
          param,
          details,
        } satisfies FromThread)
      },
    )
  })
}

assert(parentPort !== null, 'this file is run as a thread')
await serve(parentPort, workerData as ThreadData) // handed over by thread.ts
