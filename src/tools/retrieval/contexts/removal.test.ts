import { expect, test } from 'vitest'
import { describeEngines } from '../../../store/testing.ts'
import { acme, createScripted, fill, isWhole, openOn, put, search, tenant, words, write } from './testing.ts'

describeEngines('contexts that go', (open) => {
  test('go with their document, and are looked for in what is left', async () => {
    const writer = createScripted(words)
    const store = await open()
    const knowledge = await openOn(store, { writer })
    await fill(knowledge)
    await write(knowledge)
    const document = await knowledge.findDocument(tenant, 'reports', 'one')
    const { statement } = await knowledge.deleteDocument(tenant, 'reports', document?.id ?? '')
    expect(JSON.parse(statement ?? '')).toMatchObject({ left: { rows: 0, hits: 0 }, result: 'gone' })
    const counts = await store.countBytes([Buffer.from('Zephyrine'), Buffer.from('zephyrine'), Buffer.from('zephyrin')])
    expect(counts ?? [0, 0, 0]).toEqual([0, 0, 0])
    expect(
      await store.sql
        .selectFrom('chunk_context')
        .selectAll()
        .where('document_id', '=', document?.id ?? '')
        .execute(),
    ).toEqual([])
    await isWhole(knowledge)
    await knowledge.close()
  })

  test('of a document that is deleted while they are written are not kept', async () => {
    const writer = createScripted(words)
    const store = await open()
    const knowledge = await openOn(store, { writer }, { context: { atOnce: 1 } })
    await fill(knowledge)
    const document = await knowledge.findDocument(tenant, 'reports', 'one')
    let isDeleted = false
    writer.act = async ({ own }) => {
      if (!own.includes('Revenue') || isDeleted) return
      isDeleted = true
      await knowledge.deleteDocument(tenant, 'reports', document?.id ?? '')
    }
    const view = await write(knowledge)
    expect(view).toMatchObject({ fault: undefined, waiting: 0, passages: view.written })
    expect(await search(knowledge, 'Zephyrine 2023')).toEqual([])
    const rows = store.sql
      .selectFrom('chunk_context')
      .selectAll()
      .where('document_id', '=', document?.id ?? '')
    expect(await rows.execute()).toEqual([])
    await isWhole(knowledge)
    await knowledge.close()
  })

  test('are taken out again, of earlier versions too', async () => {
    const writer = createScripted(words)
    const store = await open()
    const knowledge = await openOn(store, { writer })
    await fill(knowledge)
    await write(knowledge)
    await put(knowledge, 'one', acme.replace('three', 'four'))
    await knowledge.embedding.settled()
    await knowledge.removeContexts(tenant, 'reports')
    await knowledge.embedding.settled()
    expect(await search(knowledge, 'Zephyrine 2023')).toEqual([])
    await expect(knowledge.getContexts(tenant, 'reports')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await store.sql.selectFrom('chunk').select('number').where('context', 'is not', null).execute()).toEqual([])
    expect(await store.sql.selectFrom('chunk_context').selectAll().execute()).toEqual([])
    await isWhole(knowledge)
    // The version before is still the one that goes first.
    await put(knowledge, 'one', acme.replace('three', 'five'))
    await isWhole(knowledge)
    expect((await search(knowledge, 'Revenue grew five'))[0]?.text).toContain('five')
    await knowledge.close()
  })
})
