import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configSchema } from '../../../config/index.ts'
import { createIds } from '../../../core/ids.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFakeClock } from '../../../core/time.ts'
import { describeEngines, silentLog, type OpenStore } from '../../../store/testing.ts'
import { createKnowledge, type Knowledge } from '../index.ts'
import { estimateJaccard, hasSameText, LikenessTable, toLikeness } from '../likeness.ts'

const tenant = 'tenant_a'

async function openKnowledge(open: OpenStore): Promise<Knowledge> {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({}).knowledge
  const knowledge = createKnowledge({
    store: await open(),
    clock,
    ids,
    config,
    log: silentLog,
    searchOn: 'same-thread',
  })
  await knowledge.createCollection(tenant, 'handbook')
  return knowledge
}

const rule =
  'Whoever loses a laptop reports it to the help desk by telephone within two hours, names the last place where it was ' +
  'seen, and changes the password of the account from another machine before the end of the same working day.'

describeEngines('passages that say the same', (open) => {
  const put = (knowledge: Knowledge, name: string, text: string) =>
    knowledge.putDocument(tenant, 'handbook', { externalId: name, name, bytes: Buffer.from(text) })
  const ask = (knowledge: Knowledge, passagesMax: number) =>
    knowledge.search({ tenant, collections: ['handbook'], query: 'lost laptop report telephone', passagesMax })

  test('are one, which says where the others are and how much is shared', async () => {
    const knowledge = await openKnowledge(open)
    for (const name of ['a.txt', 'b.txt']) await put(knowledge, name, rule)
    await put(knowledge, 'near.txt', rule.replace('working day', 'business day'))
    await put(knowledge, 'other.txt', 'A telephone may be lost like a laptop; report it.')
    const found = await ask(knowledge, 2)
    expect(found).toHaveLength(2)
    const same = found.find((passage) => passage.text.startsWith('Whoever'))
    const places = [same?.source, ...(same?.why?.copies ?? []).map(({ source }) => source)]
    expect(new Set(places)).toEqual(new Set(['a.txt', 'b.txt', 'near.txt']))
    const shared = same?.why?.copies.map((copy) => copy.shared).toSorted((a, b) => b - a)
    expect(shared?.[0]).toBe(1)
    expect(shared?.[1]).toBeLessThan(1)
    expect(shared?.[1]).toBeGreaterThan(0.8)
  })

  test('are two when a number differs, however much they share', async () => {
    const knowledge = await openKnowledge(open)
    await put(knowledge, 'old.txt', rule.replace('two hours', '2 hours'))
    await put(knowledge, 'new.txt', rule.replace('two hours', '24 hours'))
    expect((await ask(knowledge, 5)).map(({ source }) => source).toSorted()).toEqual(['new.txt', 'old.txt'])
  })

  test('do not keep those out that come after them', async () => {
    const knowledge = await openKnowledge(open)
    for (let count = 0; count < 6; count++) await put(knowledge, `copy-${count}.txt`, rule)
    await put(knowledge, 'other.txt', 'How to report what was lost: by letter.')
    expect((await ask(knowledge, 3)).map(({ source }) => source)).toContain('other.txt')
  })
})

test('the sketch of a text estimates how many terms two share', () => {
  const table = new LikenessTable()
  const place = (number: number) => ({ table, number })
  expect(hasSameText(place(5), place(6))).toBe(false)
  const errors: number[] = []
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 400 }), fc.integer({ min: 0, max: 400 }), (common, own) => {
      const terms = (from: string) => [
        ...Array.from({ length: common }, (_, index) => `both${index}`),
        ...Array.from({ length: own }, (_, index) => `${from}${index}`),
      ]
      table.set(1, toLikeness('one', terms('left')))
      table.set(2, toLikeness('two', terms('right')))
      expect([hasSameText(place(1), place(2)), hasSameText(place(1), place(1))]).toEqual([false, true])
      errors.push(estimateJaccard(place(1), place(2)) - common / (common + 2 * own))
      expect(estimateJaccard(place(1), place(1))).toBe(1)
    }),
    { numRuns: 200, seed: 5 },
  )
  expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).toBeLessThan(0.03)
  expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.3)
})
