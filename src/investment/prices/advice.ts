import { readAdvice } from '../../core/usage-steps.ts'
import type { Usage } from '../../core/usage.ts'
import type { BookPrice, Charge } from './price.ts'

/** The price of a model at an instant, together with those of models that it asked for advice then. Each charge is rounded up once. */
export class PriceWithAdvice implements BookPrice {
  readonly #own: BookPrice
  readonly #find: FindAdvisor
  readonly #atMs: number

  constructor(own: BookPrice, find: FindAdvisor, atMs: number) {
    this.#own = own
    this.#find = find
    this.#atMs = atMs
  }

  /** The same at another instant, at which the price of the model itself is still this one. */
  at(atMs: number): PriceWithAdvice {
    return atMs === this.#atMs ? this : new PriceWithAdvice(this.#own, this.#find, atMs)
  }

  get version(): string {
    return this.#own.version
  }

  get table(): BookPrice['table'] {
    return this.#own.table
  }

  cost(usage: Usage): ReturnType<BookPrice['cost']> {
    if (readAdvice(usage.raw).length === 0) return this.#own.cost(usage)
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
      const name = model?.slice(0, 200) ?? 'a model without a name'
      const given = model === undefined ? undefined : this.#find(model, this.#atMs)?.explain(advice)
      if (given === undefined)
        return { type: 'unknown', reason: `there is no price for ${name}, whose advice was asked` }
      if (given.type === 'unknown') return { type: 'unknown', reason: `advice of ${name}: ${given.reason}` }
      const parts = given.parts.map((part) => ({ ...part, name: `advice of ${name}: ${part.name}` }))
      charge = { type: 'charged', amount: charge.amount + given.amount, parts: [...charge.parts, ...parts] }
    }
    return charge
  }
}

/** The price of a model that gives advice. */
type FindAdvisor = (model: string, atMs: number) => BookPrice | undefined
