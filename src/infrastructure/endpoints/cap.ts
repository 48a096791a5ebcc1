import type { Chat, ChatRequest, WireRequest } from '../../core/chat.ts'

/** The request with a bound on its output: the client's own where that is lower. Its bytes are the adapter's to change. */
export function capRequest(request: ChatRequest, outputTokensCap: number | undefined): ChatRequest {
  return outputTokensCap === undefined ? request : new CappedRequest(request, outputTokensCap)
}

class CappedRequest implements ChatRequest {
  readonly #request: ChatRequest
  readonly #cap: number

  constructor(request: ChatRequest, cap: number) {
    this.#request = request
    this.#cap = cap
  }

  get model(): string {
    return this.#request.model
  }

  get stream(): boolean {
    return this.#request.stream
  }

  get wire(): WireRequest | undefined {
    return this.#request.wire
  }

  get outputTokensMax(): number {
    return Math.min(this.#cap, this.#request.outputTokensMax ?? this.#cap)
  }

  get chat(): Chat {
    return { ...this.#request.chat, outputTokensMax: this.outputTokensMax }
  }
}
