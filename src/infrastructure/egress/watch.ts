import type { Clock } from '../../core/time.ts'

/** Something under way that must not wait for ever. */
export interface Watched {
  /** Where the watch keeps it; the watch's alone to change. -1 while it is not watched. */
  watchPlace: number
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
const watchIntervalMs = 50

/** A look this much later than the one before was held up by other work of the process. */
const lateMs = 2 * watchIntervalMs

/** One timer for all, running only while there is something to watch; it does not keep the process alive. */
export function createWatch(clock: Clock): Watch {
  // Not a Set: one whose members come and go at every request leaves a trail of old tables behind, and each keeps alive,
  // until the next major collection, whatever was under way when it was replaced.
  const watched: Watched[] = []
  let timer: NodeJS.Timeout | undefined
  let lastLookMs = 0

  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  function onTick(): void {
    // Stopping here and not in `remove` spares traffic that comes one by one a new timer for each request.
    if (watched.length === 0) {
      stop()
      return
    }
    // When the process was busy, bytes may be waiting that the timers run ahead of: they are read first.
    if (clock.monotonicMs() - lastLookMs > lateMs) setImmediate(look)
    else look()
  }

  function look(): void {
    const nowMs = clock.monotonicMs()
    lastLookMs = nowMs
    // A checked item may leave, and others with it: those moved into its place have been looked at from behind.
    for (let place = watched.length - 1; place >= 0; place--) watched[place]?.check(nowMs)
  }

  return {
    add(item) {
      item.watchPlace = watched.push(item) - 1
      if (timer !== undefined) return
      lastLookMs = clock.monotonicMs()
      timer = setInterval(onTick, watchIntervalMs).unref()
    },
    remove(item) {
      const last = watched[watched.length - 1]
      if (item.watchPlace === -1 || last === undefined) return
      watched[item.watchPlace] = last
      last.watchPlace = item.watchPlace
      watched.length -= 1
      item.watchPlace = -1
    },
    close: stop,
  }
}
