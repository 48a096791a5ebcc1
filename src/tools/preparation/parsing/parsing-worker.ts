/** The thread that reads documents: what a hostile file can break or fill is this thread and nothing else. */
import { setImmediate } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { parentPort, type MessagePort } from 'node:worker_threads'
import { assert } from '../../../core/assert.ts'
import { createSystemClock } from '../../../core/time.ts'
import { createPageReader, createRecogniser, type PageReader, type Recogniser } from '../ocr/index.ts'
import { reasonOf } from '../reading/index.ts'
import type { FromWorker, Held, OcrSetup, ToWorker } from './messages.ts'
import { parseFile } from './parse-file.ts'
import { toParts } from './parts.ts'

const clock = createSystemClock()

assert(parentPort !== null, 'this file is the body of a thread')
serve(parentPort)

function serve(port: MessagePort): void {
  let recogniser: Recogniser | undefined
  port.on('message', (message: ToWorker) => {
    const { id, limits, ocr } = message
    const begin = (timeoutMs: number): void => {
      port.postMessage({ type: 'begun', id, timeoutMs } satisfies FromWorker)
    }
    begin(limits.timeoutMs)
    if (ocr !== undefined) {
      recogniser ??= createRecogniser({ runtime: ocr.runtime, timeoutMs: ocr.limits.pageTimeoutMs })
    }
    // While a picture is read the document may take as long again as it may for itself.
    const onPage = (): void => begin((ocr?.limits.pageTimeoutMs ?? 0) + limits.timeoutMs)
    const reader = recogniser === undefined ? undefined : toReader(recogniser, ocr, onPage)
    const send = (reply: FromWorker): void => port.postMessage(reply)
    void answer(message, reader).then((reply) => (reply.type === 'parsed' ? sendParts(reply, send) : send(reply)))
  })
}

/** Each part is let out before the next one is made. */
async function sendParts(
  reply: Extract<FromWorker, { type: 'parsed' }>,
  send: (reply: FromWorker) => void,
): Promise<void> {
  const { parts, rest } = toParts(reply.document)
  for (const part of parts) {
    send({ type: 'part', id: reply.id, part })
    await setImmediate()
  }
  send({ ...reply, document: rest })
}

function toReader(recogniser: Recogniser, ocr: OcrSetup | undefined, onPage: () => void): PageReader | undefined {
  if (ocr === undefined) return undefined
  const { pixelsMax, pagesMax } = ocr.limits
  return createPageReader({ recogniser, clock, pixelsMax, pagesMax, onPage })
}

async function answer(message: ToWorker, ocr: PageReader | undefined): Promise<FromWorker> {
  const { id, source, mediaType, bytes, limits } = message
  const endMs = clock.monotonicMs() + limits.timeoutMs
  const millisecondsLeft = (): number => endMs + (ocr?.spentMs ?? 0) - clock.monotonicMs()
  try {
    const document = await parseFile({ source, mediaType, bytes }, { limits, millisecondsLeft, depth: 0, ocr })
    return { type: 'parsed', id, document, ...held() }
  } catch (thrown) {
    const statement = thrown instanceof Error ? thrown.message : 'cannot be read'
    return { type: 'refused', id, message: statement, reason: reasonOf(thrown) ?? 'corrupt', ...held() }
  }
}

function held(): Held {
  const { used_heap_size: heapBytes, external_memory: bufferBytes } = getHeapStatistics()
  return { heapBytes, bufferBytes }
}
