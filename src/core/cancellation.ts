/**
 * A light one-shot cancellation: a follower costs an array slot, and the AbortSignal that libraries want is made only
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
  /** Tells the follower once on cancellation, at once if that is past. */
  follow(follower: Follower): void
  unfollow(follower: Follower): void
  /** The same for a function. Returns the way to stop listening. */
  onCancel(listener: (reason: unknown) => void): () => void
}

/**
 * Who is told of a cancellation. What is made for every request follows as itself: a function of its own for each would
 * cost more than all the rest.
 */
export interface Follower {
  cancelled(reason: unknown): void
}

export interface CancellationSource extends Cancellation {
  /** The first reason wins; later calls do nothing. */
  cancel(reason: unknown): void
}

/** A source that also follows `parent`: what cancels the parent cancels the child, never the other way. */
export function createCancellation(parent?: Cancellation): CancellationSource {
  const source = new Source()
  parent?.follow(source)
  return source
}

/** A class, because several are made for every request: an object with getters of its own costs thirty times as much. */
class Source implements CancellationSource, Follower {
  #followers: Follower[] | undefined
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

  follow(follower: Follower): void {
    if (this.#isCancelled) follower.cancelled(this.#reason)
    else if (this.#followers === undefined) this.#followers = [follower]
    else this.#followers.push(follower)
  }

  unfollow(follower: Follower): void {
    const at = this.#followers?.indexOf(follower) ?? -1
    if (at !== -1) this.#followers?.splice(at, 1)
  }

  onCancel(listener: (reason: unknown) => void): () => void {
    const follower: Follower = { cancelled: listener }
    this.follow(follower)
    return () => this.unfollow(follower)
  }

  cancelled(reason: unknown): void {
    this.cancel(reason)
  }

  cancel(reason: unknown): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#reason = reason
    const told = this.#followers ?? []
    this.#followers = undefined
    for (const follower of told) follower.cancelled(reason)
    this.#controller?.abort(reason)
  }
}
