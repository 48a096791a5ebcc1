import type { Call } from '../../core/call.ts'
import { toCancelled } from '../egress/index.ts'

/** Waits, unless the call is cancelled before: then rejects with the reason at once. */
export function wait(ms: number, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stopListening()
      resolve()
    }, ms)
    const stopListening = call.cancellation.onCancel((reason) => {
      clearTimeout(timer)
      reject(toCancelled(reason, false))
    })
  })
}
