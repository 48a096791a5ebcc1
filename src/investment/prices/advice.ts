import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import type { BookPrice, Charge } from './price.ts'

/**
 * The price of a model together with those of models that it asked for advice inside one answer (Anthropic's advisor): such
 * tokens are no part of its own usage and have the price of the model that gave the advice. Each charge is rounded up once.
 */
export class PriceWithAdvice implements BookPrice {
  readonly #own: BookPrice
  readonly #find: (model: string) => BookPrice | undefined

  constructor(own: BookPrice, find: (model: string) => BookPrice | undefined) {
    this.#own = own
    this.#find = find
  }

  get version(): string {
    return this.#own.version
  }

  get table(): BookPrice['table'] {
    return this.#own.table
  }

  cost(usage: Usage): ReturnType<BookPrice['cost']> {
    if (!hasSteps(usage.raw)) return this.#own.cost(usage)
    const charge = this.explain(usage)
    return charge.type === 'charged' ? charge.amount : undefined
  }

  costMax(tokens: Parameters<BookPrice['costMax']>[0]): ReturnType<BookPrice['costMax']> {
    return this.#own.costMax(tokens)
  }

  explain(usage: Usage): Charge {
    let charge = this.#own.explain(usage)
    for (const { model, usage: advice } of readAdvice(usage.raw)) {
      if (charge.type === 'unknown') return charge
      const given = this.#find(model)?.explain(advice)
      if (given === undefined)
        return { type: 'unknown', reason: `there is no price for ${model}, whose advice was asked` }
      if (given.type === 'unknown') return { type: 'unknown', reason: `advice of ${model}: ${given.reason}` }
      const parts = given.parts.map((part) => ({ ...part, name: `advice of ${model}: ${part.name}` }))
      charge = { type: 'charged', amount: charge.amount + given.amount, parts: [...charge.parts, ...parts] }
    }
    return charge
  }
}

function hasSteps(raw: JsonValue | undefined): boolean {
  return isJsonObject(raw) && raw['iterations'] !== undefined
}

function readAdvice(raw: JsonValue | undefined): readonly { readonly model: string; readonly usage: Usage }[] {
  const steps = isJsonObject(raw) && Array.isArray(raw['iterations']) ? raw['iterations'] : []
  return steps.flatMap((step) => {
    if (!isJsonObject(step) || step['type'] !== 'advisor_message') return []
    const { model } = step
    return [{ model: typeof model === 'string' ? model.slice(0, 200) : 'a model without a name', usage: toUsage(step) }]
  })
}

/** A step counts as a whole answer does: its input leaves out what was cached. */
function toUsage(step: JsonObject): Usage {
  const input = countAt(step, 'input_tokens')
  const cacheRead = countAt(step, 'cache_read_input_tokens') ?? 0
  const written = countAt(step, 'cache_creation_input_tokens') ?? 0
  const terms = step['cache_creation']
  const cacheWrite1h = isJsonObject(terms) ? (countAt(terms, 'ephemeral_1h_input_tokens') ?? 0) : 0
  return createUsage({
    inputTotal: input === undefined ? undefined : input + cacheRead + written,
    cacheRead,
    cacheWrite5m: Math.max(0, written - cacheWrite1h),
    cacheWrite1h,
    outputTotal: countAt(step, 'output_tokens'),
  })
}

function countAt(object: JsonObject, name: string): number | undefined {
  const value = object[name]
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
