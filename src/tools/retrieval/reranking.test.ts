import { expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import { createIds } from '../../core/ids.ts'
import type { RerankRequest } from '../../core/model.ts'
import type { EmbedAs, TextReranker } from '../../core/ports.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createKnowledge, type Knowledge } from './index.ts'

const tenant = 'tenant_a'
const principal: Principal = { tenant, keyId: 'key_a', role: 'admin', models: undefined, regions: undefined }

interface Scripted extends TextReranker {
  readonly asked: { readonly request: RerankRequest; readonly as: EmbedAs }[]
}

/** Likes what says `liked`; serves the region `local` only. */
function createScripted(fails?: PlatformError): Scripted {
  const asked: Scripted['asked'] = []
  return {
    asked,
    async rerank(request, as) {
      asked.push({ request, as })
      if (fails !== undefined) throw fails
      if (as.regions?.includes('local') === false) throw new PlatformError('REGION_REFUSED', 'no endpoint lies there')
      return { scores: request.documents.map((text) => (text.includes('liked') ? 3.5 : -1)), usage: undefined }
    },
  }
}

const documents = [
  { name: 'first', text: 'Leave: annual leave and leave of absence are granted.' },
  { name: 'second', text: 'Annual leave is granted by the head of the unit, in writing.' },
  { name: 'third', text: 'What is liked: leave that was asked for in time.' },
]

async function openOn(store: Store, reranker: TextReranker, rerank: object): Promise<Knowledge> {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const { knowledge: section } = configSchema.parse({ knowledge: { rerank: { with: 'judge', ...rerank } } })
  const parts = { store, clock, ids, config: section, log: silentLog, reranker }
  const knowledge = createKnowledge({ ...parts, searchOn: 'same-thread' })
  await knowledge.createCollection(tenant, 'handbook')
  for (const { name, text } of documents) {
    await knowledge.putDocument(tenant, 'handbook', { externalId: name, name, bytes: Buffer.from(text) })
  }
  return knowledge
}

const ask = (knowledge: Knowledge, more: object = {}) =>
  knowledge.find({
    tenant,
    collections: ['handbook'],
    query: 'annual leave',
    passagesMax: 2,
    by: { principal },
    ...more,
  })
const sourcesOf = ({ passages }: Awaited<ReturnType<Knowledge['find']>>) => passages.map(({ source }) => source)

describeEngines('a model that judges passages', (open) => {
  test('has the last word on their order, reads more than are asked for, and is named in why', async () => {
    const reranker = createScripted()
    const knowledge = await openOn(await open(), reranker, {})
    const found = await ask(knowledge)
    expect(sourcesOf(found)).toEqual(['third', 'first'])
    expect(found.rerank).toEqual({ state: 'used' })
    expect(found.passages[0]).toMatchObject({ score: 3.5, why: { rerank: { score: 3.5 } } })
    expect(found).not.toHaveProperty('boundTo')
    expect(reranker.asked).toMatchObject([
      { request: { model: 'judge', query: 'annual leave' }, as: { principal, durationMsMax: 1_000 } },
    ])
    expect(reranker.asked[0]?.request.documents).toHaveLength(3)
    expect(reranker.asked[0]?.request.documents[2]).toBe(`third\n\n${documents[2]?.text}`)
  })

  test('reads no more passages than it is allowed, and those of other collections never', async () => {
    const reranker = createScripted()
    const knowledge = await openOn(await open(), reranker, { passagesMax: 2, in: ['handbook'] })
    expect(sourcesOf(await ask(knowledge))).toEqual(['first', 'second'])
    expect(reranker.asked[0]?.request.documents).toHaveLength(2)
    await knowledge.createCollection(tenant, 'other')
    const both = await ask(knowledge, { collections: ['handbook', 'other'] })
    expect(both.rerank).toBeUndefined()
    expect((await ask(knowledge, { by: undefined })).rerank).toBeUndefined() // nobody pays
    expect(reranker.asked).toHaveLength(1)
  })

  test.each(['UPSTREAM_TIMEOUT', 'BUDGET_EXCEEDED'] as const)(
    'leaves the order as it was when it ends with %s, and every passage says so',
    async (code) => {
      const store = await open()
      const knowledge = await openOn(store, createScripted(new PlatformError(code, 'no judgement')), {})
      const [judged, plain] = [await ask(knowledge), await ask(knowledge, { by: undefined })]
      expect(judged.rerank).toEqual({ state: 'failed', code })
      expect(judged.passages.map(({ score }) => score)).toEqual(plain.passages.map(({ score }) => score))
      expect(sourcesOf(judged)).toEqual(sourcesOf(plain))
      expect(judged.passages.every(({ why }) => JSON.stringify(why?.rerank) === `{"failed":"${code}"}`)).toBe(true)
    },
  )

  test('is not shown what the asker may not see, nor what is bound to a region it does not lie in', async () => {
    const reranker = createScripted()
    const knowledge = await openOn(await open(), reranker, {})
    const hidden = { allow: ['user:somebody'], deny: [] }
    const secret = { externalId: 'secret', name: 'secret', bytes: Buffer.from('The liked secret of annual leave.') }
    await knowledge.putDocument(tenant, 'handbook', { ...secret, access: hidden })
    expect(sourcesOf(await ask(knowledge, { principals: ['user:me'] }))).toEqual(['third', 'first'])
    expect(JSON.stringify(reranker.asked)).not.toContain('secret')

    const abroad = { externalId: 'abroad', name: 'abroad', bytes: Buffer.from('Annual leave abroad.'), region: 'cn' }
    await knowledge.putDocument(tenant, 'handbook', abroad)
    const found = await ask(knowledge, { principals: ['user:me'] })
    expect(found.rerank).toEqual({ state: 'failed', code: 'REGION_REFUSED' })
    const shown = reranker.asked.filter(({ request }) => JSON.stringify(request.documents).includes('abroad'))
    expect(shown.map(({ as }) => as.regions)).toEqual([['cn']])
  })
})
