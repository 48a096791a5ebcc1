import type { ChatRequest } from '../../core/chat.ts'
import type { Generated } from '../../core/generated.ts'
import type { Usage } from '../../core/usage.ts'
import type { GeneratedTexts, Tokenizer, TokensOfTexts } from '../tokenizers/index.ts'
import { countInput } from './count-input.ts'
import { measureInput } from './input-measure.ts'
import { callTokens } from './openai-tokens.ts'
import type { EndpointEntry } from './registry.ts'
import type { TokenScale } from './scale.ts'

/** Counts one answer by the tokenizer of its endpoint, and what was asked. */
export interface AnswerCount {
  /** Where the texts of the answer go. */
  readonly texts: GeneratedTexts
  /** Tokens so far, and of them those when the endpoint last reported, with fractions; `undefined` where they cannot be counted, or were better not. */
  output(): { readonly all: number; readonly marked: number } | undefined
  /** Tokens of the request, with fractions; likewise. */
  input(): number | undefined
  /** The answer has come whole; what was seen of it. */
  learn(usage: Usage | undefined, seen: Generated): void
}

/** `undefined` where nothing says how the endpoint counts, or its tokenizer is not installed. */
export function beginCount({ tokenizer, scale }: EndpointEntry, request: ChatRequest): AnswerCount | undefined {
  const texts = tokenizer?.begin()
  return tokenizer === undefined || texts === undefined ? undefined : new Count({ tokenizer, scale, texts, request })
}

interface CountParts {
  readonly tokenizer: Tokenizer
  readonly scale: TokenScale
  readonly texts: GeneratedTexts
  readonly request: ChatRequest
}

/** A class, because one is made for every stream of such an endpoint. */
class Count implements AnswerCount {
  readonly texts: GeneratedTexts
  readonly #parts: CountParts

  constructor(parts: CountParts) {
    this.texts = parts.texts
    this.#parts = parts
  }

  output(): { readonly all: number; readonly marked: number } | undefined {
    const counted = this.texts.count()
    if (counted === undefined) return undefined
    const scale = this.#scale()
    const all = scale.output(this.#sum(counted.all))
    return all === undefined ? undefined : { all, marked: scale.output(this.#sum(counted.marked)) ?? 0 }
  }

  input(): number | undefined {
    const { tokenizer, request } = this.#parts
    const counted = countInput(request, tokenizer)
    return counted === undefined ? undefined : this.#scale().input(counted)
  }

  learn(usage: Usage | undefined, seen: Generated): void {
    if (usage?.source !== 'reported' || usage.outputTotal === undefined) return
    const { tokenizer, request } = this.#parts
    const scale = this.#scale()
    if (tokenizer.counter === undefined || !scale.isWanted()) return
    const output = this.texts.count()
    if (output === undefined || output.all.tokens === 0) return
    scale.learn({
      usage,
      output: this.#sum(output.all),
      outputOtherwise: this.#parts.scale.output(seen),
      input: countInput(request, tokenizer),
      inputOtherwise: this.#parts.scale.input(measureInput(request)),
    })
  }

  #sum({ tokens, calls }: TokensOfTexts): number {
    return tokens + (this.#parts.tokenizer.isOpenai ? callTokens(calls) : 0)
  }

  #scale(): ReturnType<TokenScale['counted']> {
    return this.#parts.scale.counted(this.#parts.tokenizer.name)
  }
}
