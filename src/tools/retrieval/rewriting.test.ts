import { expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import { createIds } from '../../core/ids.ts'
import type { TextAsker } from '../../core/ports.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createKnowledge, type Knowledge } from './index.ts'

const tenant = 'tenant_a'
const principal: Principal = { tenant, keyId: 'key_a', role: 'admin', models: undefined, regions: undefined }
type Asked = Parameters<TextAsker['ask']>

async function openOn(store: Store, answer: string | PlatformError): Promise<{ knowledge: Knowledge; asked: Asked[] }> {
  const asked: Asked[] = []
  const asker: TextAsker = {
    async ask(...given) {
      asked.push(given)
      if (answer instanceof PlatformError) throw answer
      return answer
    },
  }
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({}).knowledge
  const knowledge = createKnowledge({ store, clock, ids, config, log: silentLog, asker, searchOn: 'same-thread' })
  await knowledge.createCollection(tenant, 'handbook')
  for (const [name, text] of [
    ['leave.md', 'Annual leave is twenty-five days.'],
    ['hotel.md', 'Lodging is paid up to 140 euros a night.'],
    ['pay.md', 'The wage is paid on the last day of the month.'],
  ] as const) {
    await knowledge.putDocument(tenant, 'handbook', { externalId: name, name, bytes: Buffer.from(text) })
  }
  return { knowledge, asked }
}

const ask = (knowledge: Knowledge, query: string, more: object = {}) =>
  knowledge.find({
    tenant,
    collections: ['handbook'],
    query,
    passagesMax: 4,
    by: { principal },
    rewriteWith: 'small',
    ...more,
  })
const sourcesOf = ({ passages }: Awaited<ReturnType<Knowledge['find']>>) => passages.map(({ source }) => source)

describeEngines('a question put in other words', (open) => {
  test('is searched for with each of them, and the rankings are one', async () => {
    const answer = '1. annual leave\n- "lodging"\n\nannual leave\nwage\nmore than three'
    const { knowledge, asked } = await openOn(await open(), answer)
    const found = await ask(knowledge, 'How many vacation weeks, and which inn?')
    expect(found.rewritten).toEqual({ state: 'used', queries: ['annual leave', 'lodging', 'wage'] })
    expect(sourcesOf(found).toSorted()).toEqual(['hotel.md', 'leave.md', 'pay.md'])
    expect(found.passages.map(({ score }) => score)).toEqual([0.25, 0.25, 0.25])
    expect(asked).toMatchObject([[{ model: 'small' }, { principal, durationMsMax: 5_000 }]])
    expect(asked[0]?.[0].prompt).toContain('"How many vacation weeks, and which inn?"')
    expect(found).not.toHaveProperty('boundTo')
    // Nobody is asked where the request does not say so.
    expect((await ask(knowledge, 'wage', { rewriteWith: undefined })).rewritten).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  test('keeps its filters and what it excludes, whatever the model writes', async () => {
    const { knowledge } = await openOn(await open(), 'source:hotel.md lodging\nannual leave\nwage of the month')
    const found = await ask(knowledge, 'vacation -month source:leave.md', { syntax: 'operators' })
    expect(sourcesOf(found)).toEqual(['leave.md'])
    const { passages } = await ask(knowledge, 'vacation -month', { syntax: 'operators' })
    expect(passages.map(({ source }) => source).toSorted()).toEqual(['hotel.md', 'leave.md'])
  })

  test('shows nobody more than they may see', async () => {
    const { knowledge } = await openOn(await open(), 'secret bonus')
    const access = { allow: ['user:somebody'], deny: [] }
    const secret = { externalId: 's', name: 's', bytes: Buffer.from('The secret bonus is paid in May.'), access }
    await knowledge.putDocument(tenant, 'handbook', secret)
    const mine = await ask(knowledge, 'what else is there?', { principals: ['user:me'] })
    expect(sourcesOf(mine)).not.toContain('s')
    expect(sourcesOf(await ask(knowledge, 'what else is there?', { principals: ['user:somebody'] }))).toContain('s')
  })

  test.each([
    ['DEADLINE_EXCEEDED', new PlatformError('DEADLINE_EXCEEDED', 'too late')],
    ['UPSTREAM_INVALID', '\n  \n'],
    ['UPSTREAM_INVALID', 'x'.repeat(301)],
  ])('stands alone when the model ends with %s, and says so', async (code, answer) => {
    const { knowledge } = await openOn(await open(), answer)
    const found = await ask(knowledge, 'wage')
    expect(found).toMatchObject({ rewritten: { state: 'failed', code, queries: [] } })
    const alone = await ask(knowledge, 'wage', { rewriteWith: undefined })
    expect(found.passages).toEqual(alone.passages)
  })
})
