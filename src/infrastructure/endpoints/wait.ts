import type { Call } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'

/** Waits, unless the call is cancelled before: then rejects with the reason at once. */
export function wait(ms: number, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stopListening()
      resolve()
    }, ms)
    const stopListening = call.cancellation.onCancel((reason) => {
      clearTimeout(timer)
      reject(
        reason instanceof PlatformError
          ? reason
          : new PlatformError('CANCELLED', 'the client left before the answer was complete', { cause: reason }),
      )
    })
  })
}
