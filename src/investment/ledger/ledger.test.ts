import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { describeEngines, type OpenStore } from '../../store/testing.ts'
import { applyOperations, type Account, type Lapse, type Leg } from './book.ts'
import { createLedger, type AccountKey, type Ledger, type Operation } from './index.ts'
import { createHistory, Reference } from './testing.ts'

describe('the book', () => {
  test('does any history as a ledger does that takes every sum anew', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createSeededRandom(seed)
        const spans = [undefined, undefined, 500, 3_000]
        const reference = new Reference(spans.map((spanMs) => ({ limit: 3n * 10n ** 12n, spanMs })))
        const shelf = new Shelf(spans)
        const next = createHistory({ random, accounts: [0, 1, 2, 3], owner: 'one', prefix: 'h' })
        let nowMs = 1_000
        for (let step = 0; step < 120; step++) {
          nowMs += random.next() < 0.03 ? -Math.floor(random.next() * 300) : Math.floor(random.next() * 20)
          const operation = next(nowMs)
          expect(shelf.apply(operation, nowMs)).toBe(reference.apply(operation, nowMs))
          for (const account of [0, 1, 2, 3]) {
            const { spent, held, limit } = shelf.accounts[account] ?? { spent: -1n, held: -1n, limit: -1n }
            expect([spent, held, limit]).toEqual([
              reference.spent(account),
              reference.held(account),
              reference.accounts[account]?.limit,
            ])
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

describeEngines('the ledger', (open) => {
  test('holds on all accounts or on none, and says which has too little', async () => {
    const { ledger, numbers } = await start(open, [100n, 10n])
    const [rich = 0, poor = 0] = numbers
    const refused = await ledger.run(hold('a', [rich, poor], 11n))
    expect(refused).toMatchObject({ type: 'refused', short: [{ account: poor, balance: { limit: 10n, held: 0n } }] })
    expect(await balances(ledger, numbers)).toEqual([
      [0n, 0n],
      [0n, 0n],
    ])
    expect((await ledger.run(hold('b', [rich, poor], 10n))).type).toBe('done')
    expect(await ledger.run(hold('c', [rich, poor], 1n))).toMatchObject({ short: [{ heldByOthers: 10n }] })
  })

  test('is audited as it stood at one instant, while others book', async () => {
    const place = await open.createPlace()
    const { ledger, numbers } = await start(open, [10n ** 9n, 10n ** 9n], { place })
    const other = await start(open, [], { place })
    let isDone = false
    const booking = (async () => {
      for (let index = 0; index < 150; index++) {
        await ledger.run(hold(`h${index}`, numbers, 10n))
        const legs = numbers.map((account) => ({ account, amount: 7n }))
        if (index % 3 > 0) await ledger.run({ type: 'settle', hold: `h${index}`, legs })
      }
      isDone = true
    })()
    const nothing = { unequal: 0, unheld: 0, unsound: 0, overspent: 0 }
    while (!isDone) expect(await other.ledger.audit(0)).toMatchObject(nothing)
    await booking
  })

  test('ends each hold once, whoever asks how often', async () => {
    const { ledger, numbers } = await start(open, [100n])
    const [account = 0] = numbers
    await ledger.run(hold('a', numbers, 40n))
    const settle: Operation = { type: 'settle', hold: 'a', legs: [{ account, amount: 30n }] }
    expect((await ledger.run(settle)).type).toBe('done')
    expect((await ledger.run(settle)).type).toBe('done')
    expect((await ledger.run({ ...settle, legs: [{ account, amount: 31n }] })).type).toBe('conflict')
    expect(await ledger.run({ type: 'void', hold: 'a' })).toEqual({ type: 'ended', state: 'posted' })
    expect(await balances(ledger, numbers)).toEqual([[30n, 0n]])
    expect((await ledger.run({ type: 'void', hold: 'nobody' })).type).toBe('unknown')
  })

  test('a hold of the same id for something else is a conflict', async () => {
    const { ledger, numbers } = await start(open, [100n])
    await ledger.run(hold('a', numbers, 40n))
    expect((await ledger.run(hold('a', numbers, 40n))).type).toBe('done')
    expect((await ledger.run({ ...hold('a', numbers, 40n), purpose: 'another' })).type).toBe('conflict')
    expect(await balances(ledger, numbers)).toEqual([[0n, 40n]])
  })

  test('gives back what is past its deadline, and refuses to settle it', async () => {
    const { ledger, numbers, clock } = await start(open, [100n])
    await ledger.run(hold('a', numbers, 100n))
    clock.advance(2_000)
    expect((await ledger.run(hold('b', numbers, 100n))).type).toBe('done')
    const late = await ledger.run({ type: 'settle', hold: 'a', legs: [{ account: numbers[0] ?? 0, amount: 1n }] })
    expect(late).toEqual({ type: 'ended', state: 'expired' })
    expect(await ledger.audit(0)).toMatchObject({ phantoms: 0, overspent: 0, unequal: 0, unheld: 0 })
  })

  test('posts beyond a hold as an overrun of its own, which the next one pays for', async () => {
    const { ledger, numbers } = await start(open, [100n])
    await ledger.run(hold('a', numbers, 90n))
    await ledger.run({ type: 'settle', hold: 'a', legs: [{ account: numbers[0] ?? 0, amount: 95n }] })
    expect(await ledger.run(hold('b', numbers, 6n))).toMatchObject({ type: 'refused' })
    expect((await ledger.run(hold('c', numbers, 5n))).type).toBe('done')
  })

  test('a sliding limit gets back what was spent once its span is over, not before', async () => {
    const { ledger, numbers, clock } = await start(open, [10n], { spanMs: 60_000 })
    const [account = 0] = numbers
    await ledger.run(hold('a', numbers, 10n))
    await ledger.run({ type: 'settle', hold: 'a', legs: [{ account, amount: 10n }] })
    clock.advance(59_999)
    const refused = await ledger.run(hold('b', numbers, 1n))
    expect(refused).toMatchObject({ type: 'refused', short: [{ nextFreeMs: expect.any(Number) as number }] })
    clock.advance(1_000)
    expect((await ledger.run(hold('c', numbers, 10n))).type).toBe('done')
  })

  test('counts beyond 64 bits', async () => {
    const huge = 10n ** 30n
    const { ledger, numbers } = await start(open, [2n * huge])
    await ledger.run(hold('a', numbers, huge))
    await ledger.run({ type: 'settle', hold: 'a', legs: [{ account: numbers[0] ?? 0, amount: huge - 1n }] })
    expect(await balances(ledger, numbers)).toEqual([[huge - 1n, 0n]])
    expect(await ledger.audit(0)).toMatchObject({ unequal: 0, overspent: 0, unsound: 0 })
  })

  test('two processes on one store never spend more than there is', async () => {
    const place = await open.createPlace()
    const one = await start(open, [1_000n], { place })
    const other = createLedger({ store: await open({ place }), clock: one.clock, batchMax: 3 })
    const asked = Array.from({ length: 120 }, async (_, index) => {
      const ledger = index % 2 === 0 ? one.ledger : other
      const outcome = await ledger.run(hold(`h${index}`, one.numbers, 17n))
      if (outcome.type === 'done' && index % 3 === 0)
        await ledger.run({ type: 'settle', hold: `h${index}`, legs: [{ account: one.numbers[0] ?? 0, amount: 17n }] })
      return outcome.type
    })
    const outcomes = await Promise.all(asked)
    expect(outcomes.filter((type) => type === 'done')).toHaveLength(58)
    expect(await one.ledger.audit(0)).toMatchObject({ unequal: 0, unheld: 0, overspent: 0, unsound: 0 })
  })

  test('says what random histories come to exactly as the reference does', async () => {
    const { ledger, numbers, clock } = await start(open, [3n * 10n ** 12n, 3n * 10n ** 12n, 3n * 10n ** 12n])
    const reference = new Reference([0, ...numbers].map(() => ({ limit: 3n * 10n ** 12n, spanMs: undefined })))
    const random = createSeededRandom(7)
    const next = createHistory({ random, accounts: numbers, owner: 'one', prefix: 'h' })
    for (let step = 0; step < 150; step++) {
      clock.advance(Math.floor(random.next() * 20))
      const operation = next(clock.now())
      expect((await ledger.run(operation)).type).toBe(reference.apply(operation, clock.now()))
    }
    expect(await balances(ledger, numbers)).toEqual(
      numbers.map((account) => [reference.spent(account), reference.held(account)]),
    )
    expect(await ledger.audit(1_000)).toMatchObject({ unequal: 0, unheld: 0, unsound: 0, phantoms: 0 })
  })
})

async function start(
  open: OpenStore,
  limits: readonly bigint[],
  { spanMs, place }: { readonly spanMs?: number; readonly place?: Awaited<ReturnType<OpenStore['createPlace']>> } = {},
) {
  const clock = createFakeClock(1_795_000_000_000)
  const store = await open(place === undefined ? {} : { place })
  const ledger = createLedger({ store, clock })
  const key = { tenant: 't', subject: '', startsAtMs: 0, endsAtMs: undefined, spanMs }
  const keys: AccountKey[] = limits.map((limit, index) => ({ ...key, budget: `b${index}`, limit }))
  return { ledger, clock, numbers: await ledger.open(keys) }
}

function hold(id: string, accounts: readonly number[], amount: bigint): Extract<Operation, { type: 'hold' }> {
  const legs = accounts.map((account) => ({ account, least: amount, most: amount }))
  return { type: 'hold', hold: id, owner: 'one', purpose: 'call', deadlineMs: 1_795_000_001_000, legs }
}

async function balances(ledger: Ledger, numbers: readonly number[]): Promise<readonly (readonly bigint[])[]> {
  const accounts = await ledger.read({ numbers })
  return numbers.map((number) => {
    const account = accounts.find(({ id }) => id === number)
    return [account?.spent ?? -1n, account?.held ?? -1n]
  })
}

/** A whole ledger in memory, on which each operation sees the page that the database would give it. */
class Shelf {
  accounts: Account[]
  #legs: Leg[] = []
  #lapses: Lapse[] = []
  #references = new Set<string>()

  constructor(spans: readonly (number | undefined)[]) {
    this.accounts = spans.map((spanMs, id) => ({ id, spanMs, limit: 3n * 10n ** 12n, spent: 0n, held: 0n }))
  }

  apply(operation: Operation, nowMs: number): string {
    const own = 'hold' in operation ? this.#legs.filter((leg) => leg.hold === operation.hold) : []
    const named = 'legs' in operation ? operation.legs.map((leg) => leg.account) : []
    const touched = new Set([
      ...named,
      ...own.map((leg) => leg.account),
      ...('account' in operation ? [operation.account] : []),
    ])
    const isDue = (leg: Leg): boolean => leg.state === 'live' && leg.deadlineMs <= nowMs && touched.has(leg.account)
    const page = {
      accounts: new Map(this.accounts.filter(({ id }) => touched.has(id)).map((account) => [account.id, account])),
      legs: this.#legs.filter((leg) => own.includes(leg) || isDue(leg)),
      lapses: this.#lapses.filter((lapse) => touched.has(lapse.account) && lapse.atMs <= nowMs),
      nextLapses: new Map(),
      references: this.#references,
    }
    const changes = applyOperations(page, [operation], nowMs)
    for (const account of changes.accounts) this.accounts[account.id] = account
    const isChanged = (leg: Leg): boolean =>
      changes.legs.some((other) => other.hold === leg.hold && other.account === leg.account)
    this.#legs = [...this.#legs.filter((leg) => !isChanged(leg)), ...changes.legs]
    this.#lapses = [...this.#lapses.filter((lapse) => !page.lapses.includes(lapse)), ...changes.lapses]
    for (const { reference } of changes.transfers) if (reference !== undefined) this.#references.add(reference)
    return changes.outcomes[0]?.type ?? 'none'
  }
}
