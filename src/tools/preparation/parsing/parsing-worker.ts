/** The thread that reads documents: what a hostile file can break or fill is this thread and nothing else. */
import { getHeapStatistics } from 'node:v8'
import { parentPort, type MessagePort } from 'node:worker_threads'
import { assert } from '../../../core/assert.ts'
import { createSystemClock } from '../../../core/time.ts'
import { reasonOf } from '../reading/index.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { parseFile } from './parse-file.ts'

const clock = createSystemClock()

assert(parentPort !== null, 'this file is the body of a thread')
serve(parentPort)

function serve(port: MessagePort): void {
  port.on('message', (message: ToWorker) => {
    port.postMessage({ type: 'begun', id: message.id } satisfies FromWorker)
    void answer(message).then((reply) => port.postMessage(reply))
  })
}

async function answer({ id, source, mediaType, bytes, limits }: ToWorker): Promise<FromWorker> {
  const endMs = clock.monotonicMs() + limits.timeoutMs
  const millisecondsLeft = (): number => endMs - clock.monotonicMs()
  try {
    const document = await parseFile({ source, mediaType, bytes }, { limits, millisecondsLeft, depth: 0 })
    return { type: 'parsed', id, document, heapBytes: heapBytes() }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : 'cannot be read'
    return { type: 'refused', id, message, reason: reasonOf(thrown) ?? 'corrupt', heapBytes: heapBytes() }
  }
}

function heapBytes(): number {
  return getHeapStatistics().used_heap_size
}
