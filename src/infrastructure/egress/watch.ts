import type { Clock } from '../../core/time.ts'

/** Something under way that must not wait for ever. */
export interface Watched {
  /** Called about every 50 ms with the monotonic time. */
  check(nowMs: number): void
}

/** Looks at everything under way, so that a request costs no timer of its own. */
export interface Watch {
  add(watched: Watched): void
  remove(watched: Watched): void
  close(): void
}

/** How late a timeout can be noticed, milliseconds. */
export const watchIntervalMs = 50

/** One timer for all, running only while there is something to watch; it does not keep the process alive. */
export function createWatch(clock: Clock): Watch {
  const watched = new Set<Watched>()
  let timer: NodeJS.Timeout | undefined

  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  function look(): void {
    // Stopping here and not in `remove` spares traffic that comes one by one a new timer for each request.
    if (watched.size === 0) {
      stop()
      return
    }
    const nowMs = clock.monotonicMs()
    for (const item of watched) item.check(nowMs)
  }

  return {
    add(item) {
      watched.add(item)
      timer ??= setInterval(look, watchIntervalMs).unref()
    },
    remove(item) {
      watched.delete(item)
    },
    close: stop,
  }
}
