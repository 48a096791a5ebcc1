/** The requests in work on one configuration. */
export interface InWork {
  readonly enter: () => void
  leave(): void
  /** Resolves once nothing is in work. */
  none(): Promise<void>
}

export function createInWork(): InWork {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    enter() {
      count++
    },
    leave() {
      count--
      if (count > 0) return
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
    none: () => (count === 0 ? Promise.resolve() : new Promise((wake) => waiting.push(wake))),
  }
}
