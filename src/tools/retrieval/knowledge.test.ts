import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog, type OpenStore } from '../../store/testing.ts'
import { createKnowledge, type Knowledge, type NewDocument } from './index.ts'

const tenant = 'tenant_a'
const opened: Knowledge[] = []
afterEach(async () => {
  for (const knowledge of opened.splice(0)) await knowledge.close()
})

function knowledgeOn(store: Store, chunkUnitsMax = 1_600): Knowledge {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({ knowledge: { chunkUnitsMax } }).knowledge
  const knowledge = createKnowledge({ store, clock, ids, config, log: silentLog, searchOn: 'same-thread' })
  opened.push(knowledge)
  return knowledge
}

async function openKnowledge(open: OpenStore, chunkUnitsMax?: number): Promise<Knowledge> {
  const knowledge = knowledgeOn(await open(), chunkUnitsMax)
  await knowledge.createCollection(tenant, 'handbook')
  return knowledge
}

function toDocument(externalId: string, text: string, name = `${externalId}.md`): NewDocument {
  return { externalId, name, bytes: Buffer.from(text) }
}

const ask = (knowledge: Knowledge, query: string, passagesMax = 8) =>
  knowledge.search({ tenant, collections: ['handbook'], query, passagesMax })

describeEngines('knowledge', (open) => {
  test('finds passages in Chinese and English, each the exact span of its version', async () => {
    const knowledge = await openKnowledge(open)
    await knowledge.putDocument(
      tenant,
      'handbook',
      toDocument('leave', '# Leave\n\n## 年假\n\n员工每年有二十五天年假。\n'),
    )
    await knowledge.putDocument(
      tenant,
      'handbook',
      toDocument('travel', '# Travel\n\nHotels are limited to 140 euros.\n'),
    )
    const [english] = await ask(knowledge, 'What is the limit for a hotel?')
    const [chinese] = await ask(knowledge, '每年有多少天年假')
    expect(english).toMatchObject({ source: 'travel.md', headings: ['Travel'], collection: 'handbook' })
    expect(chinese).toMatchObject({ source: 'leave.md', headings: ['Leave', '年假'], text: '员工每年有二十五天年假。' })
    for (const passage of [english, chinese]) {
      const { text } = await knowledge.getVersion(tenant, passage?.version ?? '')
      expect(text.slice(passage?.start, passage?.end)).toBe(passage?.text)
    }
  })

  test('traditional and simplified Chinese find each other, and headings and names count', async () => {
    const knowledge = await openKnowledge(open)
    await knowledge.putDocument(tenant, 'handbook', toDocument('a', '# 資訊安全\n\n密碼至少十四個字元。\n'))
    await knowledge.putDocument(tenant, 'handbook', toDocument('b', '# Other\n\nNothing.\n', 'expense-policy.md'))
    expect((await ask(knowledge, '密码几个字'))[0]?.text).toBe('密碼至少十四個字元。')
    expect((await ask(knowledge, '信息安全 资讯'))[0]?.headings).toEqual(['資訊安全'])
    expect((await ask(knowledge, 'expenses'))[0]?.source).toBe('expense-policy.md')
  })

  test('questions find passages in scripts without blanks, and words in other forms', async () => {
    const knowledge = await openKnowledge(open)
    await knowledge.putDocuments(tenant, 'handbook', [
      toDocument('th', 'พนักงานทุกคนมีวันลาพักร้อนสิบห้าวันต่อปี'),
      toDocument('th2', 'การประชุมประจำสัปดาห์เริ่มเวลาเก้าโมงเช้า'),
      toDocument('ru', 'Сотрудникам предоставляется ежегодный отпуск.'),
      toDocument('ar', 'يبدأ الاجتماع الأسبوعي في التاسعة صباحا.'),
      toDocument('de', 'Die Verwaltung prüft jeden Antrag auf Urlaub innerhalb einer Woche.'),
    ])
    const first = async (query: string) => (await ask(knowledge, query))[0]?.source.slice(0, -3)
    expect(await first('วันลาพักร้อนมีกี่วัน')).toBe('th')
    expect(await first('ประชุมกี่โมง')).toBe('th2')
    expect(await first('отпуска сотрудников')).toBe('ru')
    expect(await first('متى اجتماعات الاسبوع')).toBe('ar')
    expect(await first('Wer hat die Verwaltungen informiert?')).toBe('de')
  })

  test('taking in the same again changes nothing; a change makes a version and takes the old one out of search', async () => {
    const knowledge = await openKnowledge(open)
    const first = await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'The old rule is alpha.'))
    const again = await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'The old rule is alpha.'))
    const next = await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'The new rule is beta.'))
    expect([first.outcome, again.outcome, next.outcome]).toEqual(['created', 'unchanged', 'updated'])
    expect(again.version).toBe(first.version)
    expect(next).toMatchObject({ id: first.id, version: `${first.id}.2` })
    expect(await ask(knowledge, 'alpha')).toEqual([])
    expect(await ask(knowledge, 'beta')).toHaveLength(1)
    expect(await knowledge.getVersion(tenant, first.version)).toMatchObject({
      text: 'The old rule is alpha.',
      isCurrent: false,
      document: first.id,
      collection: 'handbook',
    })
  })

  test('a renamed document is found by its new name', async () => {
    const knowledge = await openKnowledge(open)
    await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'text', 'mushrooms.md'))
    const renamed = await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'text', 'trees.md'))
    expect(renamed.outcome).toBe('updated')
    expect(await ask(knowledge, 'mushrooms')).toEqual([])
    expect((await ask(knowledge, 'trees'))[0]?.source).toBe('trees.md')
  })

  test('a deleted document is gone: from search, from the list, with all its versions', async () => {
    const knowledge = await openKnowledge(open)
    const kept = await knowledge.putDocument(tenant, 'handbook', toDocument('kept', 'alpha'))
    const first = await knowledge.putDocument(tenant, 'handbook', toDocument('gone', 'alpha one'))
    const second = await knowledge.putDocument(tenant, 'handbook', toDocument('gone', 'alpha two'))
    await knowledge.deleteDocument(tenant, 'handbook', second.id)
    expect((await ask(knowledge, 'alpha')).map((passage) => passage.document)).toEqual([kept.id])
    for (const version of [first.version, second.version]) {
      await expect(knowledge.getVersion(tenant, version)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    await expect(knowledge.getDocument(tenant, 'handbook', second.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(knowledge.deleteDocument(tenant, 'handbook', second.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await knowledge.listCollections(tenant))[0]).toMatchObject({ name: 'handbook', documents: 1 })
  })

  test('a deleted collection leaves nothing in any table', async () => {
    const store = await open()
    const knowledge = knowledgeOn(store)
    await knowledge.createCollection(tenant, 'handbook')
    await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'alpha'))
    await knowledge.deleteCollection(tenant, 'handbook')
    for (const table of ['collection', 'document', 'document_version', 'chunk'] as const) {
      expect(await store.sql.selectFrom(table).selectAll().execute()).toEqual([])
    }
    await expect(ask(knowledge, 'alpha')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await knowledge.createCollection(tenant, 'handbook')
    expect(await ask(knowledge, 'alpha')).toEqual([])
  })

  test('a tenant sees nothing of another: not names, not documents, not versions, not in the ranking', async () => {
    const knowledge = await openKnowledge(open)
    const mine = await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'alpha beta'))
    await knowledge.putDocument(tenant, 'handbook', toDocument('b', 'beta gamma'))
    const before = await ask(knowledge, 'alpha beta')
    await knowledge.createCollection('tenant_b', 'handbook')
    for (let count = 0; count < 5; count++) {
      await knowledge.putDocument('tenant_b', 'handbook', toDocument(`${count}`, 'alpha alpha delta'))
    }
    expect(await ask(knowledge, 'alpha beta')).toEqual(before)
    expect(await ask(knowledge, 'delta')).toEqual([])
    const other = { tenant: 'tenant_b', collections: ['handbook'], query: 'beta', passagesMax: 8 }
    expect(await knowledge.search(other)).toEqual([])
    await expect(knowledge.getVersion('tenant_b', mine.version)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(knowledge.getDocument('tenant_b', 'handbook', mine.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(knowledge.deleteDocument('tenant_b', 'handbook', mine.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await knowledge.listCollections('tenant_c')).toEqual([])
  })

  test('refuses what cannot be, and says which', async () => {
    const knowledge = await openKnowledge(open)
    await expect(knowledge.createCollection(tenant, 'handbook')).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(knowledge.createCollection(tenant, '../etc')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(ask(knowledge, 'x').then(() => knowledge.deleteCollection(tenant, 'none'))).rejects.toThrow(/"none"/)
    await expect(knowledge.putDocument(tenant, 'none', toDocument('a', 'b'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(knowledge.putDocument(tenant, 'handbook', toDocument(' ', 'b'))).rejects.toMatchObject({
      param: 'external_id',
    })
    const binary = { externalId: 'x', name: 'x.bin', bytes: Buffer.from([0, 1]) }
    await expect(knowledge.putDocument(tenant, 'handbook', binary)).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED' })
    expect(await knowledge.listDocuments(tenant, 'handbook')).toEqual([])
  })

  test('questions without words, and questions that look like the query language, are questions', async () => {
    const knowledge = await openKnowledge(open)
    await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'body NEAR the head'))
    expect(await ask(knowledge, '?!')).toEqual([])
    expect(await ask(knowledge, '" OR body:* NEAR(x y) --')).toHaveLength(1)
    expect(await knowledge.search({ tenant, collections: [], query: 'body', passagesMax: 8 })).toEqual([])
  })

  test('gives no more passages than asked for, over several collections, best first', async () => {
    const knowledge = await openKnowledge(open)
    await knowledge.createCollection(tenant, 'second')
    for (let count = 0; count < 6; count++) {
      const document = toDocument(`${count}`, `alpha ${'padding '.repeat(count)}`)
      await knowledge.putDocument(tenant, count % 2 === 0 ? 'handbook' : 'second', document)
    }
    const query = { tenant, collections: ['handbook', 'second'], query: 'alpha', passagesMax: 4 }
    const passages = await knowledge.search(query)
    expect(passages).toHaveLength(4)
    expect(passages.map((passage) => passage.score)).toEqual(
      passages.map((passage) => passage.score).toSorted((a, b) => b - a),
    )
    expect(new Set(passages.map((passage) => passage.collection))).toEqual(new Set(['handbook', 'second']))
  })

  test('lists documents by pages', async () => {
    const knowledge = await openKnowledge(open)
    for (const id of ['c', 'a', 'b']) await knowledge.putDocument(tenant, 'handbook', toDocument(id, 'text'))
    const first = await knowledge.listDocuments(tenant, 'handbook', { limit: 2 })
    const rest = await knowledge.listDocuments(tenant, 'handbook', { limit: 2, after: 'b' })
    expect([first, rest].map((page) => page.map((document) => document.externalId))).toEqual([['a', 'b'], ['c']])
  })

  test('the same document sent many times at once is one document, and the counts hold', async () => {
    const store = await open()
    const knowledge = knowledgeOn(store)
    await knowledge.createCollection(tenant, 'handbook')
    const puts = Array.from({ length: 6 }, (_, count) => toDocument('a', `alpha ${count % 3}`))
    await Promise.all(puts.map((document) => knowledge.putDocument(tenant, 'handbook', document)))
    expect(await knowledge.listDocuments(tenant, 'handbook')).toHaveLength(1)
    expect(await ask(knowledge, 'alpha')).toHaveLength(1)
    const counts = await store.sql.selectFrom('collection').select(['chunk_count', 'term_count']).executeTakeFirst()
    const chunks = await store.sql.selectFrom('chunk').select('term_count').execute()
    const terms = chunks.reduce((sum, chunk) => sum + chunk.term_count, 0)
    expect(counts).toEqual({ chunk_count: chunks.length, term_count: terms })
  })

  test('a put that fails in the middle leaves the document as it was', async () => {
    const store = await open()
    const knowledge = knowledgeOn(store)
    await knowledge.createCollection(tenant, 'handbook')
    const { id } = await knowledge.putDocument(tenant, 'handbook', toDocument('a', 'alpha'))
    const taken = { tenant, id: `${id}.2`, document_id: id, number: 2, name: 'x', title: null, parser: 'x', text: 'x' }
    await store.sql
      .insertInto('document_version')
      .values({ ...taken, created_at_ms: 0 })
      .execute()
    await expect(knowledge.putDocument(tenant, 'handbook', toDocument('a', 'beta'))).rejects.toThrow()
    expect(await ask(knowledge, 'alpha')).toHaveLength(1)
    expect(await ask(knowledge, 'beta')).toEqual([])
  })

  test('after any sequence of puts and deletes, search finds exactly what is there', async () => {
    const store = await open()
    const knowledge = knowledgeOn(store, 100)
    let round = 0
    const text = fc.array(fc.constantFrom('alpha', 'beta', '年假', '病假。', '\n\n# head\n\n', 'gamma'), {
      maxLength: 60,
    })
    const act = fc.record({ id: fc.constantFrom('a', 'b', 'c'), text: fc.option(text.map((parts) => parts.join(' '))) })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 8 }), async (acts) => {
        const name = `round-${round++}`
        await knowledge.createCollection(tenant, name)
        const there = new Map<string, { readonly id: string; readonly text: string }>()
        for (const { id, text: next } of acts) {
          const known = there.get(id)
          if (next !== null) {
            const document = await knowledge.putDocument(tenant, name, toDocument(id, next))
            there.set(id, { id: document.id, text: next })
          } else if (known !== undefined) {
            await knowledge.deleteDocument(tenant, name, known.id)
            there.delete(id)
          }
        }
        for (const word of ['alpha', 'gamma', '病']) {
          const found = await knowledge.search({ tenant, collections: [name], query: word, passagesMax: 100 })
          const texts = [...there.values()].filter((document) => document.text.includes(word))
          const shown = found.flatMap(({ document, why }) => [
            document,
            ...(why?.copies ?? []).map((copy) => copy.document),
          ])
          expect(new Set(shown)).toEqual(new Set(texts.map((document) => document.id)))
          for (const { version, start, end, text: quote } of found) {
            expect((await knowledge.getVersion(tenant, version)).text.slice(start, end)).toBe(quote)
          }
        }
        await knowledge.deleteCollection(tenant, name)
      }),
      { numRuns: 15 },
    )
  })
})
