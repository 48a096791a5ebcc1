import { setImmediate } from 'node:timers/promises'
import type { Clock } from './time.ts'

/** Work in pieces: each `yield` ends one, of a few milliseconds at most; what it gives at last is the result. */
export type Pieces<Result> = Generator<undefined, Result>

/** Long work that does not keep others waiting. */
export interface Turns {
  /**
   * Does the work, and gives way to the event loop whenever its pieces have taken ten milliseconds. However many are at work, one of
   * them goes on in a turn of the loop. Rejects with the reason of the signal, soon after it is aborted.
   */
  run<Result>(work: Pieces<Result>, signal?: AbortSignal): Promise<Result>
}

const turnMsMax = 10

export function createTurns(clock: Pick<Clock, 'monotonicMs'>): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    async run(work, signal) {
      for (let untilMs = clock.monotonicMs() + turnMsMax; ; ) {
        const piece = work.next()
        if (piece.done === true) return piece.value
        if (clock.monotonicMs() < untilMs) continue
        last = last.then(() => setImmediate())
        await last
        signal?.throwIfAborted()
        untilMs = clock.monotonicMs() + turnMsMax
      }
    },
  }
}

/** The same without giving way, for short work and for whoever has nobody else to wait. */
export function runAtOnce<Result>(work: Pieces<Result>): Result {
  for (;;) {
    const piece = work.next()
    if (piece.done === true) return piece.value
  }
}
