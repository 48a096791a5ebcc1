/** The thread that runs programs of answers: what a hostile one can break or fill is this thread and nothing else. */
import { parentPort, type MessagePort } from 'node:worker_threads'
import variant from '@jitl/quickjs-wasmfile-release-sync'
import { newQuickJSWASMModuleFromVariant, type QuickJSSyncVariant } from 'quickjs-emscripten-core'
import { assert } from '../../core/assert.ts'
import { createSystemClock } from '../../core/time.ts'
import { interpret } from './interpreter.ts'
import type { FromCodeWorker, ToCodeWorker } from './messages.ts'

assert(parentPort !== null, 'this file is the body of a thread')
await serve(parentPort)

async function serve(port: MessagePort): Promise<void> {
  const module = await newQuickJSWASMModuleFromVariant(
    variant as unknown as QuickJSSyncVariant, // its types are those of CommonJS, where the default is a member
  )
  const clock = createSystemClock()
  port.on('message', ({ id, job }: ToCodeWorker) => {
    // What falls over here takes the thread with it: whoever gave the job sees it end.
    port.postMessage({ id, ...interpret(module, job, clock) } satisfies FromCodeWorker)
  })
}
