import { expect, test } from 'vitest'
import { configSchema } from '../../../config/index.ts'
import type { Principal } from '../../../core/call.ts'
import type { EmbedRequest } from '../../../core/model.ts'
import { PlatformError } from '../../../core/errors.ts'
import { createIds } from '../../../core/ids.ts'
import type { EmbedAs, TextEmbedder } from '../../../core/ports.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFakeClock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import { describeEngines, silentLog } from '../../../store/testing.ts'
import { createKnowledge, type Knowledge } from '../index.ts'

const tenant = 'tenant_a'
const principal: Principal = { tenant, keyId: 'key_a', role: 'admin', models: undefined, regions: undefined }

/** Axes of meaning: words of one axis mean the same, in whichever language. */
const axes = [
  ['holiday', 'vacation', '年假', 'leave'],
  ['laptop', 'notebook', '电脑'],
  ['hotel', 'lodging', '酒店'],
  ['salary', 'wage', '工资'],
]

function embed(text: string, dimensions: number): readonly number[] {
  const vector = Array.from({ length: dimensions }, (_, axis) =>
    (axes[axis] ?? []).some((word) => text.toLowerCase().includes(word)) ? 1 : 0,
  )
  return [...vector.slice(0, -1), 0.01]
}

interface Scripted extends TextEmbedder {
  readonly asked: (Pick<EmbedRequest, 'model' | 'inputs' | 'kind'> & { readonly as: EmbedAs })[]
  /** How it tells questions from passages. */
  form: string
  fails: PlatformError | undefined
}

/** Serves the region `local` only. */
function createScripted(): Scripted {
  const scripted: Scripted = {
    asked: [],
    form: '',
    fails: undefined,
    async embed({ model, inputs, dimensions = 5, kind }, as) {
      scripted.asked.push({ model, inputs, kind, as })
      if (scripted.fails !== undefined) throw scripted.fails
      if (as.regions?.includes('local') === false) throw new PlatformError('REGION_REFUSED', 'no endpoint lies there')
      const vectors = inputs.map((text) => embed(text, dimensions))
      return { vectors, usage: undefined, form: kind === undefined ? undefined : scripted.form }
    },
  }
  return scripted
}

async function openOn(store: Store, embedder: TextEmbedder | undefined, config: object = {}): Promise<Knowledge> {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const { knowledge: section } = configSchema.parse({ knowledge: { dense: { batchMax: 2 }, ...config } })
  return createKnowledge({ store, clock, ids, config: section, log: silentLog, searchOn: 'same-thread', embedder })
}

const texts = {
  'leave.md': 'Everybody has twenty-five days of annual leave.',
  'device.md': 'Whoever loses a notebook tells the help desk.',
  'travel.md': 'Lodging is paid up to 140 euros a night.',
  'pay.md': 'The wage is paid on the last day of the month.',
}

async function fill(knowledge: Knowledge): Promise<void> {
  await knowledge.createCollection(tenant, 'handbook')
  for (const [name, text] of Object.entries(texts)) {
    await knowledge.putDocument(tenant, 'handbook', { externalId: name, name, bytes: Buffer.from(text) })
  }
}

async function build(knowledge: Knowledge, model = 'small', dimensions?: number): Promise<number> {
  const made = await knowledge.createGeneration({ tenant, collection: 'handbook', model, dimensions, principal })
  await knowledge.embedding.settled()
  return made.number
}

const ask = (knowledge: Knowledge, query: string, more: object = {}) =>
  knowledge.find({ tenant, collections: ['handbook'], query, passagesMax: 4, by: { principal }, ...more })

describeEngines('vectors', (open) => {
  test('find what has other words, once a generation is live, and follow what is put and deleted', async () => {
    const embedder = createScripted()
    const knowledge = await openOn(await open(), embedder)
    await fill(knowledge)
    expect((await ask(knowledge, '酒店')).passages).toEqual([])
    const generation = await build(knowledge)
    expect(await knowledge.listGenerations(tenant, 'handbook')).toMatchObject([
      { number: generation, state: 'building', dimensions: 5, vectors: 4, missing: 0, fault: undefined },
    ])
    expect(embedder.asked.every(({ inputs }) => inputs.length <= 2)).toBe(true)
    expect(embedder.asked[0]?.inputs[0]).toBe('leave\n\nEverybody has twenty-five days of annual leave.')
    expect((await ask(knowledge, '酒店')).passages).toEqual([]) // built, not searched

    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation })
    const found = await ask(knowledge, '酒店')
    expect(found).toMatchObject({ dense: { state: 'used' }, abstained: false })
    expect(found.passages[0]).toMatchObject({ source: 'travel.md', why: { signals: { dense: expect.any(Number) } } })
    expect(found.passages[0]?.why?.similarity).toBeGreaterThan(0.99)

    const { id } = await knowledge.putDocument(tenant, 'handbook', {
      externalId: 'inn.md',
      name: 'inn.md',
      bytes: Buffer.from('Each lodging is booked by the assistant, in writing.'),
    })
    await knowledge.embedding.settled()
    expect(
      (await ask(knowledge, '酒店')).passages
        .slice(0, 2)
        .map(({ source }) => source)
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['inn.md', 'travel.md'])
    await knowledge.deleteDocument(tenant, 'handbook', id)
    expect((await ask(knowledge, '酒店')).passages.map(({ source }) => source)).not.toContain('inn.md')
    await knowledge.close()
  })

  test('of a model that tells questions from passages are of one form; another form is another generation', async () => {
    const embedder = createScripted()
    embedder.form = 'query: '
    const knowledge = await openOn(await open(), embedder)
    await fill(knowledge)
    const generation = await build(knowledge)
    expect(embedder.asked.map(({ kind }) => kind)).toEqual(embedder.asked.map(() => 'passage'))
    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation })
    expect((await ask(knowledge, '酒店')).dense).toEqual({ state: 'used' })
    expect(embedder.asked.at(-1)?.kind).toBe('query')

    embedder.form = 'search_query: '
    expect(await ask(knowledge, '酒店')).toMatchObject({ passages: [], dense: { state: 'failed', code: 'CONFLICT' } })
    const inn = { externalId: 'inn.md', name: 'inn.md', bytes: Buffer.from('Each lodging is booked in writing.') }
    await knowledge.putDocument(tenant, 'handbook', inn)
    await knowledge.embedding.settled()
    const [old] = await knowledge.listGenerations(tenant, 'handbook')
    expect(old).toMatchObject({ form: 'query: ', missing: 1, fault: 'CONFLICT' })

    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation: await build(knowledge) })
    const found = (await ask(knowledge, '酒店')).passages.slice(0, 2).map(({ source }) => source)
    expect(new Set(found)).toEqual(new Set(['travel.md', 'inn.md']))
    await knowledge.close()
  })

  test('of texts that were embedded as they stand go on so, whatever the model has come to', async () => {
    const embedder = createScripted()
    const knowledge = await openOn(await open(), embedder)
    await fill(knowledge)
    const generation = await build(knowledge)
    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation })
    embedder.form = 'query: '
    const before = embedder.asked.length
    expect((await ask(knowledge, '酒店')).dense).toEqual({ state: 'used' })
    await knowledge.putDocument(tenant, 'handbook', { externalId: 'x', name: 'x.md', bytes: Buffer.from('One hotel.') })
    await knowledge.embedding.settled()
    expect(embedder.asked.slice(before).map(({ kind }) => kind)).toEqual([undefined, undefined])
    expect(await knowledge.listGenerations(tenant, 'handbook')).toMatchObject([{ form: '', missing: 0 }])
    await knowledge.close()
  })

  test('words and vectors rank together: what both find stands first', async () => {
    const knowledge = await openOn(await open(), createScripted())
    await fill(knowledge)
    await knowledge.putDocument(tenant, 'handbook', {
      externalId: 'x',
      name: 'x.md',
      bytes: Buffer.from('A hotel is no lodging to stay in for long.'),
    })
    const generation = await build(knowledge)
    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation })
    const { passages } = await ask(knowledge, 'hotel')
    expect(passages.slice(0, 2).map(({ source }) => source)).toEqual(['x.md', 'travel.md'])
    const signals = passages[0]?.why?.signals ?? {}
    expect(passages[0]?.score).toBeCloseTo((signals['lexical'] ?? 0) + (signals['dense'] ?? 0), 12)
    await knowledge.close()
  })

  test('lists, phrases and filters hold for vectors as well', async () => {
    const knowledge = await openOn(await open(), createScripted())
    await fill(knowledge)
    const generation = await build(knowledge)
    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation })
    const [travel] = (await ask(knowledge, '酒店')).passages
    const access = { allow: ['user:ada'], deny: [] }
    await knowledge.setAccess({ tenant, collection: 'handbook', document: travel?.document ?? '', access })
    const sources = async (query: string, more: object) =>
      (await ask(knowledge, query, more)).passages.map(({ source }) => source)
    expect(await sources('酒店', { principals: ['user:bob'] })).not.toContain('travel.md')
    expect(await sources('酒店', { principals: ['user:ada'] })).toContain('travel.md')
    expect(await sources('酒店 -lodging', { syntax: 'operators' })).not.toContain('travel.md')
    expect(await sources('酒店 title:nothing', { syntax: 'operators' })).toEqual([])
    expect(await sources('vacation "annual leave"', { syntax: 'operators' })).toEqual(['leave.md'])
    await knowledge.close()
  })

  test('a generation is built beside the other, switched to, and the former is retired and deleted', async () => {
    const store = await open()
    const knowledge = await openOn(store, createScripted())
    await fill(knowledge)
    const first = await build(knowledge, 'small')
    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation: first })
    const second = await build(knowledge, 'large', 7)
    const states = async () =>
      (await knowledge.listGenerations(tenant, 'handbook')).map(({ state, dimensions }) => [state, dimensions])
    expect(await states()).toEqual([
      ['live', 5],
      ['building', 7],
    ])
    await knowledge.switchGeneration({ tenant, collection: 'handbook', generation: second })
    expect(await states()).toEqual([
      ['retired', 5],
      ['live', 7],
    ])
    expect((await ask(knowledge, '工资')).passages[0]?.source).toBe('pay.md')
    await expect(
      knowledge.switchGeneration({ tenant, collection: 'handbook', generation: first }),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
    await knowledge.deleteGeneration({ tenant, collection: 'handbook', generation: first })
    expect(await states()).toEqual([['live', 7]])
    const left = await store.sql.selectFrom('chunk_vector').select('generation').distinct().execute()
    expect(left).toEqual([{ generation: second }])
    await expect(
      knowledge.deleteGeneration({ tenant: 'tenant_b', collection: 'handbook', generation: second }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await knowledge.close()
  })

  test('a deleted document leaves no vector in any generation, and the receipt says so', async () => {
    const store = await open()
    const knowledge = await openOn(store, createScripted())
    await fill(knowledge)
    await build(knowledge)
    await build(knowledge, 'large', 7)
    const document = await knowledge.findDocument(tenant, 'handbook', 'pay.md')
    const count = async () => (await store.sql.selectFrom('chunk_vector').selectAll().execute()).length
    expect(await count()).toBe(8)
    const { statement = '' } = await knowledge.deleteDocument(tenant, 'handbook', document?.id ?? '')
    expect(JSON.parse(statement)).toMatchObject({ left: { rows: 0, hits: 0 }, result: 'gone' })
    expect(await count()).toBe(6)
    await knowledge.deleteCollection(tenant, 'handbook')
    expect(await count()).toBe(0)
    await knowledge.close()
  })

  test('texts go to no endpoint outside the region of their document', async () => {
    const embedder = createScripted()
    const knowledge = await openOn(await open(), embedder)
    await knowledge.createCollection(tenant, 'handbook')
    for (const [name, region] of [
      ['a.md', 'cn'],
      ['b.md', 'local'],
      ['c.md', undefined],
    ] as const) {
      await knowledge.putDocument(tenant, 'handbook', {
        externalId: name,
        name,
        region,
        bytes: Buffer.from(`A hotel in ${name}.`),
      })
    }
    const generation = await build(knowledge)
    const asked = embedder.asked.map(({ as, inputs }) => [as.regions?.[0], inputs.map((text) => text.slice(0, 1))])
    expect(asked).toEqual([
      ['cn', ['a']],
      ['local', ['b']],
      [undefined, ['c']],
    ])
    expect(await knowledge.listGenerations(tenant, 'handbook')).toMatchObject([{ vectors: 2, missing: 1, refused: 1 }])
    expect(await knowledge.switchGeneration({ tenant, collection: 'handbook', generation })).toMatchObject({
      state: 'live',
    })
    await knowledge.close()
  })

  test('a model that fails stops the run and not the search, and the next start goes on', async () => {
    const store = await open()
    const embedder = createScripted()
    const knowledge = await openOn(store, embedder)
    await fill(knowledge)
    embedder.fails = new PlatformError('BUDGET_EXCEEDED', 'nothing is left')
    const generation = await build(knowledge)
    expect(await knowledge.listGenerations(tenant, 'handbook')).toMatchObject([
      { vectors: 0, missing: 4, fault: 'BUDGET_EXCEEDED' },
    ])
    await expect(knowledge.switchGeneration({ tenant, collection: 'handbook', generation })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await knowledge.close()
    embedder.fails = undefined
    const anew = await openOn(store, embedder)
    anew.embedding.start()
    await expect.poll(async () => (await anew.listGenerations(tenant, 'handbook'))[0]?.missing).toBe(0)
    await anew.switchGeneration({ tenant, collection: 'handbook', generation })
    embedder.fails = new PlatformError('UPSTREAM_TIMEOUT', 'too late')
    const found = await ask(anew, 'lodging')
    expect(found).toMatchObject({
      dense: { state: 'failed', code: 'UPSTREAM_TIMEOUT' },
      passages: [{ source: 'travel.md' }],
    })
    await anew.close()
  })

  test('without an embedder, and without anybody who pays, nothing changes', async () => {
    const store = await open()
    const knowledge = await openOn(store, undefined)
    await fill(knowledge)
    const before = await knowledge.find({ tenant, collections: ['handbook'], query: 'paid night', passagesMax: 4 })
    expect(await knowledge.listGenerations(tenant, 'handbook')).toEqual([])
    await expect(build(knowledge)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const embedder = createScripted()
    const other = await openOn(store, embedder)
    const generation = await build(other)
    await other.switchGeneration({ tenant, collection: 'handbook', generation })
    const asked = embedder.asked.length
    expect(await other.find({ tenant, collections: ['handbook'], query: 'paid night', passagesMax: 4 })).toEqual(before)
    expect(embedder.asked).toHaveLength(asked)
    await knowledge.close()
    await other.close()
  })

  test('are compared by questions before the switch: the one that understands ranks better, on the account of whoever asks', async () => {
    const embedder = createScripted()
    const knowledge = await openOn(await open(), embedder)
    await fill(knowledge)
    const place = { tenant, collection: 'handbook', principal }
    // The second has an axis for holidays alone, and takes everything else for the same.
    const [good, poor] = [await build(knowledge, 'good', 5), await build(knowledge, 'poor', 2)]
    const questions = [
      { query: '酒店', expected: [{ document: 'travel.md' }] },
      { query: '工资', expected: [{ document: 'pay.md', span: { start: 0, end: 10 } }] },
      { query: '酒店?', expected: [{ document: 'travel.md' }] },
    ]
    embedder.asked.length = 0
    const compared = await knowledge.compareGenerations({ ...place, generation: good, against: poor, questions })
    expect(compared).toMatchObject({
      questions: 3,
      first: { generation: good, ndcg10: 1, recall5: 1 },
      second: { generation: poor },
      verdict: 'better',
    })
    expect(compared.second.ndcg10).toBeGreaterThan(0) // by its own vectors
    expect(compared.second.ndcg10).toBeLessThan(1)
    const { mean, low, high } = compared.difference['ndcg10'] ?? { mean: 0, low: 0, high: 0 }
    expect(mean).toBeCloseTo(compared.first.ndcg10 - compared.second.ndcg10, 12)
    expect(low > 0 && low <= mean && mean <= high).toBe(true)
    expect(embedder.asked.map(({ model, as }) => [model, as.principal])).toEqual(
      ['good', 'good', 'poor', 'poor'].map((model) => [model, principal]),
    )
    const turned = await knowledge.compareGenerations({ ...place, generation: poor, against: good, questions })
    expect(turned.verdict).toBe('worse')
    // Against the one in use, and against words alone while none is.
    const alone = await knowledge.compareGenerations({ ...place, generation: good, questions })
    expect(alone).toMatchObject({ second: { generation: undefined, ndcg10: 0 }, verdict: 'better' })
    await knowledge.switchGeneration({ ...place, generation: good })
    expect((await knowledge.compareGenerations({ ...place, generation: poor, questions })).second.generation).toBe(good)
  })

  test('are not compared while passages are missing, nor by what is not there', async () => {
    const embedder = createScripted()
    const knowledge = await openOn(await open(), embedder)
    await fill(knowledge)
    const generation = await build(knowledge)
    const place = { tenant, collection: 'handbook', principal, generation }
    const questions = [{ query: '酒店', expected: [{ document: 'travel.md' }] }]
    const compare = (more: object) => knowledge.compareGenerations({ ...place, questions, ...more })
    await expect(compare({ against: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(compare({ questions: [] })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const unknown = [{ query: 'x', expected: [{ document: 'none.md' }] }]
    await expect(compare({ questions: unknown })).rejects.toMatchObject({ param: 'questions[0].expected[0]' })
    embedder.fails = new PlatformError('BUDGET_EXCEEDED', 'spent')
    await expect(compare({})).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    await knowledge.putDocument(tenant, 'handbook', { externalId: 'new', name: 'new', bytes: Buffer.from('New.') })
    await knowledge.embedding.settled()
    await expect(compare({})).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
