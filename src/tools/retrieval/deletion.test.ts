import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { createTree, describeEngines, silentLog } from '../../store/testing.ts'
import { createAnalyser, type Analyser } from './analyse.ts'
import { createKnowledge, type Knowledge } from './index.ts'
import { removeEntries } from './removing.ts'
import { createKnowledgeRows } from './store.ts'

const tenant = 'tenant_a'
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = {
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  sign: (statement: string) => sign(null, Buffer.from(statement), privateKey).toString('base64'),
}

async function knowledgeOn(store: Store, foldChunksMax = 1_000): Promise<Knowledge> {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({ knowledge: { foldChunksMax } }).knowledge
  const knowledge = createKnowledge({ store, clock, ids, config, log: silentLog, signer, searchOn: 'same-thread' })
  await knowledge.createCollection(tenant, 'handbook')
  return knowledge
}

const put = (knowledge: Knowledge, externalId: string, text: string) =>
  knowledge.putDocument(tenant, 'handbook', { externalId, name: `${externalId}.md`, bytes: Buffer.from(text) })

const secret = 'The password of the Zanzibar vault is rhododendron, and nobody else may know of it.'

describeEngines('deletion', (open) => {
  test('gives a receipt that a stranger can check: no rows, no hits, no bytes', async () => {
    const knowledge = await knowledgeOn(await open())
    await put(knowledge, 'kept', 'Something that stays.')
    await put(knowledge, 'gone', `${secret} 第一版的秘密内容写在这里,不可以留下任何痕迹。`)
    const { id } = await put(knowledge, 'gone', `${secret} Second version.`)
    const receipt = await knowledge.deleteDocument(tenant, 'handbook', id)
    const { statement = '', signature = '', publicKey: key = '' } = receipt
    expect(JSON.parse(statement)).toMatchObject({
      document: id,
      collection: 'handbook',
      removed: { versions: 2, passages: 2 },
      left: { rows: 0, hits: 0, bytes: open.engine === 'sqlite' ? 0 : null },
      result: 'gone',
    })
    expect(verify(null, Buffer.from(statement), createPublicKey(key), Buffer.from(signature, 'base64'))).toBe(true)
    const other = statement.replace('"rows":0', '"rows":1')
    expect(verify(null, Buffer.from(other), createPublicKey(key), Buffer.from(signature, 'base64'))).toBe(false)
    expect(await knowledge.getReceipt(tenant, id)).toEqual(receipt)
    expect(await knowledge.listReceipts(tenant)).toEqual([receipt])
    await expect(knowledge.getReceipt('tenant_b', id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('flags calls that were given passages of it, by its versions, and counts them in the receipt', async () => {
    const store = await open()
    const knowledge = await knowledgeOn(store)
    const first = await put(knowledge, 'gone', secret)
    const second = await put(knowledge, 'gone', `${secret} Second version.`)
    const kept = await put(knowledge, 'kept', 'Something that stays.')
    const give = (root: string, of: string, versions: readonly string[]): void => {
      const passages = versions.map((version) => ({ version, start: 0, end: 10 }))
      const [request, ...rest] = createTree(root, { tenant: of })
      if (request === undefined) throw new Error('a tree has a root')
      const node = {
        ...request,
        id: `${root}.9`,
        parentId: root,
        kind: 'model' as const,
        detail: { node: 'ground', passages },
      }
      store.recorder.settle([request, ...rest, node])
    }
    give('call_a', tenant, [first.version])
    give('call_b', tenant, [second.version, kept.version])
    give('call_c', tenant, [kept.version])
    give('call_d', 'tenant_b', [first.version])
    const { statement = '' } = await knowledge.deleteDocument(tenant, 'handbook', first.id)
    expect(JSON.parse(statement)).toMatchObject({ answers: { flagged: 2 }, left: { rows: 0 }, result: 'gone' })
    const versions = [first.version, second.version, kept.version]
    const withdrawn = await knowledge.listWithdrawn(tenant, versions)
    expect(withdrawn.map(({ version }) => version).toSorted()).toEqual([first.version, second.version].toSorted())
    expect(withdrawn[0]).toMatchObject({ document: first.id, atMs: 1_700_000_000_000 })
    expect(await knowledge.listWithdrawn('tenant_b', versions)).toEqual([])
  })

  test('tells words that other documents hold as well from what is left', async () => {
    const store = await open()
    const knowledge = await knowledgeOn(store)
    await put(knowledge, 'copy', secret)
    const { id } = await put(knowledge, 'gone', secret)
    const { statement = '' } = await knowledge.deleteDocument(tenant, 'handbook', id)
    expect(JSON.parse(statement)).toMatchObject({ left: { rows: 0, hits: 0 }, result: 'gone' })
    if (open.engine === 'sqlite') {
      expect((JSON.parse(statement) as { searched: { elsewhere: number } }).searched.elsewhere).toBeGreaterThan(0)
    }
  })

  test('leaves no posting of a passage that a former analyser has put into the index', async () => {
    const store = await open()
    const knowledge = await knowledgeOn(store, 1)
    const gone = await put(knowledge, 'gone', secret)
    for (const name of ['a', 'b', 'c']) await put(knowledge, name, `Something that stays in ${name}.`)
    await store.sql.transaction().execute(async (sql) => {
      const rows = createKnowledgeRows(sql)
      const collection = await rows.lockCollection(tenant, 'handbook')
      if (collection === undefined) throw new Error('the collection was just made')
      const present = createAnalyser()
      // What was written by `terms@4` is now that of a former one, whose terms the present one does not find.
      const analyser: Analyser = { ...present, id: 'terms@next', analyse: () => ['another'] }
      const entries = await rows.listEntries(tenant, gone.id)
      const { chunk_count, term_count, context_count } = await removeEntries({ sql, analyser, collection }, entries)
      await rows.updateCollection(collection.number, { chunk_count, term_count, context_count })
    })
    expect(await knowledge.verify(tenant, 'handbook')).toMatchObject({ strayPostings: 0, missingPostings: 0 })
  })

  test('takes chunks out of folded segments, and what is left agrees with itself', async () => {
    const knowledge = await knowledgeOn(await open(), 1)
    const ids: string[] = []
    for (let count = 0; count < 12; count++) {
      ids.push((await put(knowledge, `${count}`, `Common words and unique${count} ones. 年假第${count}条。`)).id)
    }
    for (const id of ids.slice(0, 9)) await knowledge.deleteDocument(tenant, 'handbook', id)
    expect(await knowledge.verify(tenant, 'handbook')).toEqual({
      documents: 3,
      formerDocuments: 0,
      passages: 3,
      wrongSpans: 0,
      missingPostings: 0,
      strayPostings: 0,
      wrongCounts: 0,
      historyBreak: undefined,
    })
    const query = { tenant, collections: ['handbook'], query: 'common 年假', passagesMax: 20 }
    expect((await knowledge.search(query)).map((passage) => passage.document).toSorted()).toEqual(
      ids.slice(9).toSorted(),
    )
  })

  test('what was left unchecked by a dying process is checked later', async () => {
    const store = await open()
    const knowledge = await knowledgeOn(store)
    const { id } = await put(knowledge, 'gone', secret)
    await knowledge.deleteDocument(tenant, 'handbook', id)
    await store.sql.updateTable('deletion_receipt').set({ statement: null, signature: null }).execute()
    expect(await knowledge.checkDeletions()).toBe(1)
    const { statement = '' } = await knowledge.getReceipt(tenant, id)
    expect(JSON.parse(statement)).toMatchObject({ document: id, removed: null, left: { rows: 0 }, result: 'gone' })
    expect(await knowledge.checkDeletions()).toBe(0)
  })

  test('verify tells a changed text, a missing posting and a changed history', async () => {
    const store = await open()
    const knowledge = await knowledgeOn(store)
    const { id } = await put(knowledge, 'a', 'The rule is alpha.')
    expect(await knowledge.listEvents(tenant, id)).toMatchObject([{ number: 1, event: 'taken-in' }])
    await store.sql.updateTable('chunk').set({ text: 'The rule is omega.' }).execute()
    await store.sql.updateTable('knowledge_event').set({ detail: '{}' }).execute()
    expect(await knowledge.verify(tenant, 'handbook')).toMatchObject({
      wrongSpans: 1,
      missingPostings: 1,
      strayPostings: 1,
      historyBreak: 1,
    })
  })
})
