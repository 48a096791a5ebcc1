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

const nothingToStop = (): void => undefined

/** A source that also follows `parent`: what cancels the parent cancels the child, never the other way. */
export function createCancellation(parent?: Cancellation): CancellationSource {
  let listeners: ((reason: unknown) => void)[] = []
  let controller: AbortController | undefined
  let reason: unknown
  let isCancelled = false

  const source: CancellationSource = {
    get isCancelled() {
      return isCancelled
    },
    get reason() {
      return reason
    },
    get signal() {
      controller ??= new AbortController()
      if (isCancelled && !controller.signal.aborted) controller.abort(reason)
      return controller.signal
    },
    throwIfCancelled() {
      if (isCancelled) throw reason
    },
    onCancel(listener) {
      if (isCancelled) {
        listener(reason)
        return nothingToStop
      }
      listeners.push(listener)
      return () => {
        listeners = listeners.filter((other) => other !== listener)
      }
    },
    cancel(why) {
      if (isCancelled) return
      isCancelled = true
      reason = why
      const called = listeners
      listeners = []
      for (const listener of called) listener(why)
      controller?.abort(why)
    },
  }
  parent?.onCancel((why) => source.cancel(why))
  return source
}
