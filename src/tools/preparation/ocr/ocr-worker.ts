/** The thread that reads pictures. The engine cannot be stopped half way: who has waited long enough ends the thread. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { assert } from '../../../core/assert.ts'
import { openEngine, type Engine } from './engine.ts'
import type { FromOcr, ToOcr } from './messages.ts'
import type { OcrRuntime } from './runtime.ts'

assert(parentPort !== null, 'this file is the body of a thread')
serve(parentPort, workerData as OcrRuntime) // the recogniser starts this thread with it

function serve(port: MessagePort, runtime: OcrRuntime): void {
  let engine: Promise<Engine> | undefined
  port.on('message', (message: ToOcr) => {
    engine ??= openEngine(runtime)
    void answer(engine, message).then((reply) => port.postMessage(reply))
  })
}

async function answer(engine: Promise<Engine>, { id, picture, first, orientation }: ToOcr): Promise<FromOcr> {
  try {
    const recognition = (await engine).recognise(picture, { first, orientation })
    if (recognition === undefined) return { type: 'failed', id, reason: 'corrupt', isBroken: false }
    return { type: 'read', id, recognition }
  } catch (thrown) {
    // The engine has no exceptions of its own: its memory has run out, or is no longer what it was.
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    const reason = /memory|OOM|allocat/i.test(message) ? 'memory' : 'corrupt'
    return { type: 'failed', id, reason, isBroken: true }
  }
}
