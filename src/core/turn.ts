/** Something that has bytes to give to the system when the turn ends. */
export interface TurnAct {
  turnEnded(): void
}

/** So many are not made to wait for more: who is written to can work while the rest of the turn goes on. */
const actsMax = 16

/**
 * What is written in one turn of the event loop goes to the system together, at the end of the turn. Each write to a peer
 * that sleeps wakes it, which costs the writer more than the write itself; of several in a row only the first one does.
 * In the order in which they were added. Acts must not throw.
 */
export class TurnEnd {
  #acts: TurnAct[] = []
  #isAwaited = false

  /** Calls `act.turnEnded` before the event loop waits again. */
  add(act: TurnAct): void {
    this.#acts.push(act)
    if (this.#acts.length >= actsMax) this.#run()
    else if (!this.#isAwaited) {
      this.#isAwaited = true
      setImmediate(this.#ended)
    }
  }

  readonly #ended = (): void => {
    this.#isAwaited = false
    this.#run()
  }

  #run(): void {
    const acts = this.#acts
    this.#acts = []
    for (const act of acts) act.turnEnded()
  }
}
