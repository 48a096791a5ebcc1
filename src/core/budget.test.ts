import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unlimitedBudget, type Budget, type Hold } from './budget.ts'

const limit = fc.option(fc.nat(60), { nil: undefined })
const limits = fc.record({
  usd: fc.option(fc.bigInt(0n, 60n), { nil: undefined }),
  tokens: limit,
  calls: fc.option(fc.nat(6), { nil: undefined }),
})
const step = fc.oneof(
  fc.record({ type: fc.constant('hold' as const), at: fc.nat(5), tokens: fc.nat(20), cost: fc.bigInt(0n, 20n) }),
  fc.record({ type: fc.constant('settle' as const), which: fc.nat(9), tokens: fc.nat(20), cost: fc.bigInt(0n, 20n) }),
  fc.record({ type: fc.constant('release' as const), which: fc.nat(9) }),
)

describe('a budget', () => {
  test('is never exceeded, in it or above it, by any order of holds that are settled at no more than they held', () => {
    fc.assert(
      fc.property(
        fc.array(limits, { minLength: 1, maxLength: 4 }),
        fc.array(step, { maxLength: 40 }),
        (chain, steps) => {
          // budgets[i + 1] stands below budgets[i]; the model keeps, for each, what is spent and held at it and below.
          const budgets = chain.reduce<readonly Budget[]>(
            (above, own) => [...above, (above.at(-1) ?? unlimitedBudget).narrow(own)],
            [],
          )
          const used = chain.map(() => ({ usd: 0n, tokens: 0, calls: 0 }))
          const open: { hold: Hold; at: number; tokens: number; cost: bigint }[] = []
          const add = (at: number, [tokens, cost, calls]: readonly [number, bigint, number]): void => {
            for (const each of used.slice(0, at + 1)) {
              each.tokens += tokens
              each.usd += cost
              each.calls += calls
            }
          }
          for (const one of steps) {
            if (one.type === 'hold') {
              const at = one.at % budgets.length
              const hold = budgets[at]?.hold(one)
              const fits = chain
                .slice(0, at + 1)
                .every(
                  (own, index) =>
                    (own.calls === undefined || (used[index]?.calls ?? 0) + 1 <= own.calls) &&
                    (own.tokens === undefined || (used[index]?.tokens ?? 0) + one.tokens <= own.tokens) &&
                    (own.usd === undefined || (used[index]?.usd ?? 0n) + one.cost <= own.usd),
                )
              expect(hold !== undefined).toBe(fits)
              if (hold === undefined) continue
              open.push({ hold, at, tokens: one.tokens, cost: one.cost })
              add(at, [one.tokens, one.cost, 1])
              continue
            }
            const held = open.splice(one.which, 1)[0]
            if (held === undefined) continue
            if (one.type === 'release') {
              held.hold.release()
              add(held.at, [-held.tokens, -held.cost, -1])
            } else {
              const spent = {
                tokens: Math.min(held.tokens, one.tokens),
                cost: one.cost < held.cost ? one.cost : held.cost,
              }
              held.hold.settle(spent)
              held.hold.settle({ tokens: 99, cost: 99n }) // the first statement stands
              add(held.at, [spent.tokens - held.tokens, spent.cost - held.cost, 0])
            }
          }
          for (const [index, own] of chain.entries()) {
            expect(own.usd === undefined || (used[index]?.usd ?? 0n) <= own.usd).toBe(true)
            const left = budgets[index]?.left()
            if (own.tokens !== undefined)
              expect(left?.tokens).toBeLessThanOrEqual(own.tokens - (used[index]?.tokens ?? 0))
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('of nobody is not limited, and costs nothing to narrow by nothing', () => {
    expect(unlimitedBudget.narrow({})).toBe(unlimitedBudget)
    expect(unlimitedBudget.left()).toEqual({})
    expect(unlimitedBudget.hold({ tokens: 1e9, cost: undefined })).toBeDefined()
  })

  test('of money does not take a call whose price is not known', () => {
    expect(unlimitedBudget.narrow({ usd: 10n }).hold({ tokens: 1, cost: undefined })).toBeUndefined()
  })

  test('keeps what was held where what was spent is not known, and counts what was spent above it', () => {
    const budget = unlimitedBudget.narrow({ usd: 10n, tokens: 10 })
    budget.hold({ tokens: 4, cost: 4n })?.settle({ tokens: undefined, cost: undefined })
    expect(budget.left()).toMatchObject({ usd: 6n, tokens: 6 })
    budget.hold({ tokens: 5, cost: 5n })?.settle({ tokens: 9, cost: 9n })
    expect(budget.left()).toMatchObject({ usd: 0n, tokens: 0 })
  })
})
