/**
 * Two ends of a channel within one thread. What is sent is handed over as it is, where a channel of the platform copies it
 * twice: of a page that is every glyph, of a font its whole file. The engine goes on filling the lists of a stream after it
 * has sent them, so those, and nothing else, are copied.
 */
export function createChannel(): readonly [SharedPort, SharedPort] {
  const [near, far] = [new SharedPort(), new SharedPort()]
  near.join(far)
  far.join(near)
  return [near, far]
}

type Listener = (event: { readonly data: unknown }) => void

/** What the engine uses of a `MessagePort`. */
export class SharedPort {
  readonly #listeners = new Set<Listener>()
  #other: SharedPort | undefined

  join(other: SharedPort): void {
    this.#other = other
  }

  /** Arrives in a later turn of the loop of promises, in the order in which it was sent. */
  postMessage(message: unknown): void {
    const event = { data: copyLists(message) }
    queueMicrotask(() => this.#other?.receive(event))
  }

  receive(event: { readonly data: unknown }): void {
    for (const listener of this.#listeners) listener(event)
  }

  addEventListener(_name: string, listener: Listener, options: { readonly signal?: AbortSignal } = {}): void {
    this.#listeners.add(listener)
    options.signal?.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  removeEventListener(_name: string, listener: Listener): void {
    this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
    this.#other = undefined
  }
}

function copyLists(message: unknown): unknown {
  if (message === null || typeof message !== 'object' || !('chunk' in message)) return message
  const { chunk } = message
  if (chunk === null || typeof chunk !== 'object' || Object.getPrototypeOf(chunk) !== Object.prototype) return message
  const copies = Object.entries(chunk).map(([key, value]) => [key, Array.isArray(value) ? value.slice() : value])
  return { ...message, chunk: Object.fromEntries(copies) }
}
