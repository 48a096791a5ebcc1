import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configSchema } from '../../../config/index.ts'
import { createIds } from '../../../core/ids.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFakeClock } from '../../../core/time.ts'
import { createStore, type Store } from '../../../store/index.ts'
import { describeEngines, silentLog } from '../../../store/testing.ts'
import { createKnowledge, type Knowledge } from '../index.ts'

const tenant = 'tenant_a'
const startMs = Date.UTC(2024, 4, 1, 12)

async function openKnowledge(store: Store) {
  const clock = createFakeClock(startMs)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({ knowledge: { foldChunksMax: 2 } }).knowledge
  const knowledge = createKnowledge({
    store,
    clock,
    ids,
    config,
    log: silentLog,
    searchOn: 'same-thread',
  })
  await knowledge.createCollection(tenant, 'handbook')
  const put = (name: string, text: string) =>
    knowledge.putDocument(tenant, 'handbook', { externalId: name, name, bytes: Buffer.from(text) })
  return { knowledge, clock, put }
}

function find(knowledge: Knowledge, query: string, syntax: 'operators' | 'plain' = 'operators') {
  return knowledge.find({ tenant, collections: ['handbook'], query, syntax, passagesMax: 50, confidenceMin: 0 })
}

async function sources(knowledge: Knowledge, query: string): Promise<readonly string[]> {
  return (await find(knowledge, query)).passages.map(({ source }) => source).toSorted()
}

describeEngines('operators of a query', (open) => {
  test('a phrase stands in every hit, in its text or its headings, and an excluded one in none', async () => {
    const { knowledge, put } = await openKnowledge(await open())
    await put('a.md', 'The annual leave of staff is 25 days.')
    await put('b.md', 'Leave the annual report on the desk of staff.')
    await put('c.md', '# Annual Leave\n\nStaff ask their manager.')
    await put('d.md', '员工每年有二十五天年假,年底清零。')
    await put('e.md', '年底的假期安排另行通知,每年一次。')
    expect(await sources(knowledge, '"annual leave" staff')).toEqual(['a.md', 'c.md'])
    expect(await sources(knowledge, 'staff -"annual leave"')).toEqual(['b.md'])
    expect(await sources(knowledge, 'annual leave -staff')).toEqual([])
    expect(await sources(knowledge, '"年假" 每年')).toEqual(['d.md'])
    expect(await sources(knowledge, '每年 -年假')).toEqual(['e.md'])
    expect((await find(knowledge, '"annual leave" -report')).understood).toEqual({
      words: 'annual leave',
      phrases: ['annual leave'],
      excluded: ['report'],
      filters: [],
    })
    expect((await find(knowledge, 'staff -"annual leave"', 'plain')).passages.length).toBeGreaterThan(1)
  })

  test('phrases stand in texts with other accents, also in their plurals', async () => {
    const { knowledge, put } = await openKnowledge(await open())
    await put('fr.md', 'Les universités publiques de Łódź ont signé un accord.')
    expect(await sources(knowledge, '"universites publiques"')).toEqual(['fr.md'])
    expect(await sources(knowledge, '"publiques de lodz"')).toEqual(['fr.md'])
    expect(await sources(knowledge, 'accord -"universités"')).toEqual([])
  })

  test('filters choose documents by title, source, format, language and day', async () => {
    const { knowledge, clock, put } = await openKnowledge(await open())
    await put('leave.md', '# Staff Handbook\n\nThe rule for everybody who works here is this one and no other.')
    clock.advance(40 * 86_400_000)
    await put('notes/rule.txt', 'The rule for everybody who comes here is that one and not another.')
    await put('规定.md', '# 員工手冊\n\n这是适用于所有员工的规定,任何人都不能例外,请大家遵守。rule')
    expect(await sources(knowledge, 'rule title:"staff handbook"')).toEqual(['leave.md'])
    expect(await sources(knowledge, 'rule 标题:员工手册')).toEqual(['规定.md'])
    expect(await sources(knowledge, 'rule source:notes/')).toEqual(['notes/rule.txt'])
    expect(await sources(knowledge, 'rule type:markdown')).toEqual(['leave.md', '规定.md'])
    expect(await sources(knowledge, 'rule -type:markdown')).toEqual(['notes/rule.txt'])
    expect(await sources(knowledge, 'rule language:zh')).toEqual(['规定.md'])
    expect(await sources(knowledge, 'rule language:EN type:text')).toEqual(['notes/rule.txt'])
    expect(await sources(knowledge, 'rule before:2024-05-02')).toEqual(['leave.md'])
    expect(await sources(knowledge, 'rule after:2024-06')).toEqual(['notes/rule.txt', '规定.md'])
    expect(await sources(knowledge, 'rule type:pdf')).toEqual([])
    expect(await sources(knowledge, 'type:markdown')).toEqual([])
    await expect(find(knowledge, 'rule before:tomorrow')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'query',
    })
  })

  test('a code is found as it is written, whatever joins its parts', async () => {
    const { knowledge, put } = await openKnowledge(await open())
    await put('parts.md', 'Part AB-1234 of the pump.')
    await put('other.md', 'AB is a blood group; order 1234 came late, and 1234 more came with AB.')
    await put('near.md', 'Part AB-1235 of the pump, AB-1236 of the valve.')
    for (const query of ['AB-1234', 'ab1234', 'where is AB/1234?']) {
      expect((await find(knowledge, query)).passages[0]?.source, query).toBe('parts.md')
    }
  })
})

const words = ['alpha', 'beta', 'gamma', '年假', '病假', 'Alpha', 'beta-2']
const pair = fc.tuple(fc.constantFrom(...words), fc.constantFrom(...words)).map((list) => list.join(' '))
const question = fc.record({
  word: fc.constantFrom(...words),
  phrase: fc.option(pair, { nil: undefined }),
  excluded: fc.option(fc.constantFrom(...words), { nil: undefined }),
})

/** Texts here are words with one blank between; a hyphen parts words. */
function holds(text: string, part: string): boolean {
  const plain = (of: string): string => ` ${of.toLowerCase().replaceAll('-', ' ')} `
  return plain(text).includes(plain(part))
}

test('with any operators the hits are those that hold the words and keep to the rest', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'strata-asking-'))
  const config = configSchema.parse({ store: { folder } })
  const store = await createStore({ config: config.store, clock: createFakeClock(startMs), log: silentLog })
  const { knowledge, put } = await openKnowledge(store)
  const random = createSeededRandom(3)
  const pick = (): string => words[Math.floor(random.next() * words.length)] ?? ''
  const texts = Array.from({ length: 30 }, () =>
    Array.from({ length: 3 + Math.floor(random.next() * 8) }, pick).join(' '),
  )
  for (const [number, text] of texts.entries()) await put(`${number}.txt`, text)
  await fc.assert(
    fc.asyncProperty(question, async ({ word, phrase, excluded }) => {
      const operators = [phrase === undefined ? '' : `"${phrase}"`, excluded === undefined ? '' : `-${excluded}`]
      const { passages } = await find(knowledge, [word, ...operators].join(' '))
      const found = new Set(
        passages.flatMap(({ source, why }) => [source, ...(why?.copies ?? []).map((copy) => copy.source)]),
      )
      for (const [number, text] of texts.entries()) {
        const keeps =
          !(phrase !== undefined && !holds(text, phrase)) && !(excluded !== undefined && holds(text, excluded))
        const isFound = found.has(`${number}.txt`)
        if (isFound) expect({ text, keeps }).toEqual({ text, keeps: true })
        if (keeps && holds(text, phrase ?? word)) expect({ text, isFound }).toEqual({ text, isFound: true })
      }
    }),
    { numRuns: 60, seed: 4 },
  )
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})
