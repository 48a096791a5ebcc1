import { PlatformError } from '../../core/errors.ts'
import type { Try } from './attempt.ts'

/**
 * The first of two tries to succeed; the second is started only when the first has neither answered nor failed after
 * `delayMs`. The loser is cancelled. When both fail, the first one's error is thrown.
 */
export function hedge<T>(first: Try<T>, delayMs: number, startSecond: () => Try<T> | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let second: Try<T> | undefined
    let open = 1
    let failure: unknown

    const timer = setTimeout(() => {
      second = startSecond()
      if (second === undefined) return
      open += 1
      follow(second, first)
    }, delayMs)

    function follow(runner: Try<T>, other: Try<T> | undefined): void {
      runner.result.then(
        (result) => {
          clearTimeout(timer)
          resolve(result)
          const loser = other ?? second
          loser?.cancel(new PlatformError('CANCELLED', 'another endpoint was faster'))
        },
        (thrown: unknown) => {
          clearTimeout(timer)
          open -= 1
          if (runner === first) failure = thrown
          if (open === 0) reject(failure ?? thrown)
        },
      )
    }

    follow(first, undefined)
  })
}
