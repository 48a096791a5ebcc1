import type { Benchmark } from './kit/benchmark.ts'
import { postOnce } from './kit/post.ts'
import type { Measurement } from './kit/report.ts'
import { measureSides, type Prepare, type Side } from './kit/sides.ts'

/** Far above what is spent: the requests are to be let through. */
const wide = { period: 'month', limit: '1000000' }
const rate = { period: 'sliding', seconds: 60, limit: '1000000000' }

/** Without it the output of a request that bounds none is bounded by writing the request anew. */
const endpoint = { outputTokensMax: 4_096 }

/**
 * `plain` holds nothing; `one` holds money for the tenant, `several` also for its key and its model, and counts requests and tokens;
 * `unbounded` is `one` where nobody says how long an answer may be.
 */
const sides: Readonly<Record<string, Side>> = {
  plain: { endpoint },
  one: { endpoint, prepare: create({ name: 'all', ...wide }) },
  several: {
    endpoint,
    prepare: create(
      { name: 'all', ...wide },
      { name: 'each-key', each: ['key'], ...wide },
      { name: 'each-model', each: ['model'], ...wide },
      { name: 'requests', counts: 'requests', each: ['key'], ...rate },
      { name: 'tokens', counts: 'tokens', each: ['key'], ...rate },
    ),
  },
  unbounded: { prepare: create({ name: 'all', ...wide }) },
}

export const benchmark: Benchmark = {
  name: 'budgets',
  purpose: 'throughput of the gateway that holds and settles in budgets, beside the same gateway without budgets',
  async run(options): Promise<Measurement> {
    return {
      figures: await measureSides(sides, options),
      promised: { 'one.throughputLost': ['<=', 0.1], 'one.cpuAdded': ['<=', 0.1] },
      unmeasured: [],
    }
  },
}

function create(...budgets: readonly Readonly<Record<string, unknown>>[]): Prepare {
  return async ({ port, headers }) => {
    for (const budget of budgets) {
      const status = await postOnce({ port, path: '/v1/budgets', headers, body: JSON.stringify(budget) })
      if (status !== 201) throw new Error(`the budget ${String(budget['name'])} was not made: status ${status}`)
    }
  }
}
