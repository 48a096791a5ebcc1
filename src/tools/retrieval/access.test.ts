import { expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { describeEngines, silentLog, type OpenStore } from '../../store/testing.ts'
import { createKnowledge, type Knowledge } from './index.ts'

const tenant = 'tenant_a'

async function open(
  openStore: OpenStore,
): Promise<{ readonly knowledge: Knowledge; readonly advance: (ms: number) => void }> {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({ knowledge: { versionsMax: 3 } }).knowledge
  const store = await openStore()
  const knowledge = createKnowledge({ store, clock, ids, config, log: silentLog, searchOn: 'same-thread' })
  await knowledge.createCollection(tenant, 'handbook')
  return { knowledge, advance: (ms) => clock.advance(ms) }
}

const put = async (
  knowledge: Knowledge,
  externalId: string,
  given: string | readonly [string, string],
): Promise<string> => {
  const [text, region] = typeof given === 'string' ? [given, undefined] : given
  const document = { externalId, name: `${externalId}.md`, bytes: Buffer.from(text), region }
  return (await knowledge.putDocument(tenant, 'handbook', document)).id
}

const found = async (knowledge: Knowledge, query: string, viewer: object = {}): Promise<readonly string[]> => {
  const ask = { tenant, collections: ['handbook'], query, passagesMax: 20, ...viewer }
  return (await knowledge.search(ask)).map((passage) => passage.source).toSorted()
}

describeEngines('access', (openStore) => {
  test('a document with a list is found by those it allows, through groups in groups; a denial wins', async () => {
    const { knowledge } = await open(openStore)
    await put(knowledge, 'open', 'alpha for all')
    const document = await put(knowledge, 'secret', 'alpha for some')
    const access = { allow: ['group:staff'], deny: ['user:mallory'] }
    await knowledge.setAccess({ tenant, collection: 'handbook', document, access })
    await knowledge.setMember({ tenant, group: 'group:staff', member: 'group:hr', isMember: true })
    await knowledge.setMember({ tenant, group: 'group:hr', member: 'user:ada', isMember: true })
    await knowledge.setMember({ tenant, group: 'group:hr', member: 'user:mallory', isMember: true })
    expect(await found(knowledge, 'alpha')).toEqual(['open.md', 'secret.md'])
    expect(await found(knowledge, 'alpha', { principals: ['user:ada'] })).toEqual(['open.md', 'secret.md'])
    expect(await found(knowledge, 'alpha', { principals: ['user:mallory'] })).toEqual(['open.md'])
    expect(await found(knowledge, 'alpha', { principals: [] })).toEqual(['open.md'])
    expect(await knowledge.canSee(tenant, document, { principals: ['user:ada'] })).toBe(true)
    expect(await knowledge.canSee(tenant, document, { principals: ['user:mallory'] })).toBe(false)
    const page = { viewer: { principals: ['user:mallory'] } }
    expect((await knowledge.listDocuments(tenant, 'handbook', page)).map((each) => each.externalId)).toEqual(['open'])
  })

  test('a collection is deleted by whoever may see each of its documents, and by nobody else', async () => {
    const { knowledge } = await open(openStore)
    await put(knowledge, 'open', 'alpha for all')
    const document = await put(knowledge, 'secret', 'alpha for some')
    await put(knowledge, 'bound', ['alpha for one region', 'eu'])
    const access = { allow: ['group:staff'], deny: ['user:mallory'] }
    await knowledge.setAccess({ tenant, collection: 'handbook', document, access })
    await knowledge.setMember({ tenant, group: 'group:staff', member: 'user:ada', isMember: true })
    const refused = { code: 'FORBIDDEN', param: 'collection' }
    for (const viewer of [
      { principals: [] },
      { principals: ['user:mallory'], regions: ['eu'] },
      { principals: ['user:ada'], regions: ['local'] },
      { principals: undefined, regions: ['local'] },
    ]) {
      await expect(knowledge.deleteCollection(tenant, 'handbook', viewer)).rejects.toMatchObject(refused)
    }
    expect(await found(knowledge, 'alpha')).toEqual(['bound.md', 'open.md', 'secret.md'])
    await knowledge.deleteCollection(tenant, 'handbook', { principals: ['user:ada'], regions: ['eu'] })
    expect(await knowledge.listCollections(tenant)).toEqual([])
  })

  test('a page of documents is full of what may be seen, however much stands before it that may not', async () => {
    const { knowledge } = await open(openStore)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const document = await put(knowledge, name, 'alpha')
      if (name < 'd')
        await knowledge.setAccess({ tenant, collection: 'handbook', document, access: { allow: [], deny: [] } })
    }
    const list = async (page: object) =>
      (await knowledge.listDocuments(tenant, 'handbook', { viewer: { principals: [] }, ...page })).map(
        ({ externalId }) => externalId,
      )
    expect(await list({ limit: 2 })).toEqual(['d', 'e'])
    expect(await list({ limit: 2, after: 'e' })).toEqual(['f'])
    expect(await list({})).toEqual(['d', 'e', 'f'])
  })

  test('a change holds for the next search: lists, members, and lists taken away', async () => {
    const { knowledge } = await open(openStore)
    const document = await put(knowledge, 'secret', 'alpha')
    const set = (allow: readonly string[]) =>
      knowledge.setAccess({ tenant, collection: 'handbook', document, access: { allow, deny: [] } })
    const asBo = { principals: ['user:bo'] }
    await set([])
    expect(await found(knowledge, 'alpha', asBo)).toEqual([])
    await set(['user:bo'])
    expect(await found(knowledge, 'alpha', asBo)).toEqual(['secret.md'])
    await set(['group:x'])
    expect(await found(knowledge, 'alpha', asBo)).toEqual([])
    await knowledge.setMember({ tenant, group: 'group:x', member: 'user:bo', isMember: true })
    expect(await found(knowledge, 'alpha', asBo)).toEqual(['secret.md'])
    await knowledge.setMember({ tenant, group: 'group:x', member: 'user:bo', isMember: false })
    expect(await found(knowledge, 'alpha', asBo)).toEqual([])
    await knowledge.setAccess({ tenant, collection: 'handbook', document, access: undefined })
    expect(await found(knowledge, 'alpha', asBo)).toEqual(['secret.md'])
  })

  test('a new version keeps the list of its document', async () => {
    const { knowledge } = await open(openStore)
    const document = await put(knowledge, 'secret', 'alpha one')
    const access = { allow: ['user:ada'], deny: [] }
    await knowledge.setAccess({ tenant, collection: 'handbook', document, access })
    await put(knowledge, 'secret', 'alpha two')
    expect(await found(knowledge, 'alpha', { principals: ['user:bo'] })).toEqual([])
    expect(await found(knowledge, 'alpha', { principals: ['user:ada'] })).toEqual(['secret.md'])
  })

  test('a document bound to a region is found only where that region is allowed', async () => {
    const { knowledge } = await open(openStore)
    await put(knowledge, 'free', 'alpha')
    await put(knowledge, 'german', ['alpha here', 'de'])
    expect(await found(knowledge, 'alpha', { regions: ['de', 'fr'] })).toEqual(['free.md', 'german.md'])
    expect(await found(knowledge, 'alpha', { regions: ['us'] })).toEqual(['free.md'])
    await put(knowledge, 'german', ['alpha here', 'us'])
    expect(await found(knowledge, 'alpha', { regions: ['us'] })).toEqual(['free.md', 'german.md'])
  })

  test('a question about the past finds what was in force, as far back as versions are kept', async () => {
    const { knowledge, advance } = await open(openStore)
    const start = 1_700_000_000_000
    for (const word of ['alpha', 'beta', 'gamma', 'delta']) {
      await put(knowledge, 'rule', `The rule is ${word}.`)
      advance(1_000)
    }
    expect(await found(knowledge, 'gamma')).toEqual([])
    expect(await found(knowledge, 'delta')).toEqual(['rule.md'])
    expect(await found(knowledge, 'gamma', { asOfMs: start + 2_500 })).toEqual(['rule.md'])
    expect(await found(knowledge, 'delta', { asOfMs: start + 2_500 })).toEqual([])
    expect(await found(knowledge, 'alpha', { asOfMs: start + 500 })).toEqual([]) // three versions are kept
    expect(await found(knowledge, 'beta', { asOfMs: start - 1 })).toEqual([])
    expect(await knowledge.verify(tenant, 'handbook')).toMatchObject({ passages: 3, strayPostings: 0, wrongCounts: 0 })
  })

  test('refuses principals that are none', async () => {
    const { knowledge } = await open(openStore)
    const document = await put(knowledge, 'a', 'alpha')
    const access = { allow: ['ada'], deny: [] }
    const change = { tenant, collection: 'handbook', document, access }
    await expect(knowledge.setAccess(change)).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'allow' })
    await expect(knowledge.setAccess({ ...change, access: undefined, tenant: 'tenant_b' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})
