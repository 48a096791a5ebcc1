/**
 * A light one-shot cancellation: a listener costs an array slot, and the AbortSignal that libraries want is made only
 * when somebody asks for it.
 */
export interface Cancellation {
  readonly isCancelled: boolean
  /** What was given to `cancel`; `undefined` before. */
  readonly reason: unknown
  /** The same as an AbortSignal, for libraries. */
  readonly signal: AbortSignal
  /** Throws the reason once cancelled. */
  throwIfCancelled(): void
  /** Runs `listener` once on cancellation, at once if that is past. Returns the way to stop listening. */
  onCancel(listener: (reason: unknown) => void): () => void
}

export interface CancellationSource extends Cancellation {
  /** The first reason wins; later calls do nothing. */
  cancel(reason: unknown): void
}

/** A source that also follows `parent`: what cancels the parent cancels the child, never the other way. */
export function createCancellation(parent?: Cancellation): CancellationSource {
  const source = new Source()
  parent?.onCancel((reason) => source.cancel(reason))
  return source
}

type Listener = (reason: unknown) => void

/** A class, because several are made for every request: an object with getters of its own costs thirty times as much. */
class Source implements CancellationSource {
  #listeners: Listener[] = []
  #controller: AbortController | undefined
  #reason: unknown
  #isCancelled = false

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  get reason(): unknown {
    return this.#reason
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isCancelled && !this.#controller.signal.aborted) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  throwIfCancelled(): void {
    if (this.#isCancelled) throw this.#reason
  }

  onCancel(listener: Listener): () => void {
    if (this.#isCancelled) {
      listener(this.#reason)
      return nothingToStop
    }
    this.#listeners.push(listener)
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  cancel(reason: unknown): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#reason = reason
    const called = this.#listeners
    this.#listeners = []
    for (const listener of called) listener(reason)
    this.#controller?.abort(reason)
  }
}

const nothingToStop = (): void => undefined
