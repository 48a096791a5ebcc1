import { expect, test } from 'vitest'
import { describeEngines } from '../../../store/testing.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { TextEmbedder } from '../../../core/ports.ts'
import {
  acme,
  createScripted,
  fill,
  isWhole,
  openOn,
  place,
  principal,
  put,
  search,
  tenant,
  words,
  write,
} from './testing.ts'

describeEngines('contexts', (open) => {
  test('are written of every passage, found by, and are no part of what is found', async () => {
    const writer = createScripted(words)
    const knowledge = await openOn(await open(), { writer })
    await fill(knowledge)
    expect(await search(knowledge, 'Zephyrine 2023')).toEqual([])
    const view = await write(knowledge)
    expect(view).toMatchObject({
      model: 'small',
      state: 'writing',
      waiting: 0,
      degraded: {},
      fault: undefined,
      unpriced: 0,
    })
    expect(view.written).toBe(view.passages)
    expect(view.asked).toBe(writer.asked.length)
    expect(view.cost).toBe(1_000_000n * BigInt(view.asked))

    const [found] = await search(knowledge, 'Zephyrine 2023')
    expect(found).toMatchObject({ source: 'one.md', why: { signals: { context: expect.any(Number) } } })
    expect(found?.text).toContain('Revenue grew')
    expect(JSON.stringify(found)).not.toContain('Zephyrine')
    const { text } = await knowledge.getVersion(tenant, found?.version ?? '')
    expect(text.slice(found?.start, found?.end)).toBe(found?.text)
    // A phrase stands in the text or it does not.
    expect(await search(knowledge, '"Zephyrine Holdings"', { syntax: 'operators' })).toEqual([])
    await isWhole(knowledge)
    await knowledge.close()
  })

  test('of passages that a former analyser has indexed bring with them what the present one makes of the text', async () => {
    const store = await open()
    const knowledge = await openOn(store, { writer: createScripted(words) })
    await fill(knowledge)
    // It counted no terms.
    await store.sql.updateTable('chunk').set({ term_count: 0 }).execute()
    await store.sql.updateTable('index_entry').set({ analyser: 'terms@1', term_count: 0 }).execute()
    await store.sql.updateTable('collection').set({ analyser: 'terms@1', term_count: 0 }).execute()
    await write(knowledge)
    await isWhole(knowledge)
    await knowledge.close()
  })

  test('of a document begin alike, and come in its own account, region and bounds', async () => {
    const writer = createScripted(words)
    const knowledge = await openOn(await open(), { writer })
    await knowledge.createCollection(tenant, 'reports')
    const document = { externalId: 'one', name: 'one.md', bytes: Buffer.from(acme), region: 'eu' }
    const { id, version } = await knowledge.putDocument(tenant, 'reports', document)
    await write(knowledge)
    expect(writer.asked.length).toBeGreaterThan(1)
    expect(new Set(writer.asked.map(({ shared }) => shared)).size).toBe(1)
    expect(writer.asked[0]).toMatchObject({
      model: 'small',
      outputTokensMax: 200,
      isShared: true,
      as: { principal: { tenant, keyId: 'key_a', role: 'admin' }, regions: ['eu'], durationMsMax: 60_000 },
      given: { document: id, version },
    })
    expect(writer.asked[0]?.shared).toContain('costs excepted')
    await knowledge.close()
  })

  test('of a long document are asked for with the part that a passage stands in', async () => {
    const writer = createScripted()
    const knowledge = await openOn(await open(), { writer }, { context: { documentCharactersMax: 1_000 } })
    await knowledge.createCollection(tenant, 'reports')
    const lines = Array.from(
      { length: 60 },
      (_, line) => `Paragraph ${line} says what paragraph ${line} says, at length.`,
    )
    await put(knowledge, 'long', lines.join('\n\n'))
    const { passages, written } = await write(knowledge)
    expect(written).toBe(passages)
    const parts = new Set(writer.asked.map(({ shared }) => shared))
    expect(parts.size).toBeGreaterThan(2)
    for (const { shared, own } of writer.asked) {
      expect(shared.length).toBeLessThan(1_600)
      const said = /Paragraph \d+ says/.exec(own)?.[0]
      expect(shared).toContain(said)
    }
    await knowledge.close()
  })

  test('that were written once are not written again: not by another run, nor for a version that says the same', async () => {
    const writer = createScripted(words)
    const store = await open()
    const knowledge = await openOn(store, { writer })
    await fill(knowledge)
    const first = await write(knowledge)
    expect((await write(knowledge)).asked).toBe(first.asked)
    // The same text under another reading: a new version, whose passages are the same.
    await put(knowledge, 'one', `${acme}\n`)
    await knowledge.embedding.settled()
    const again = await knowledge.getContexts(tenant, 'reports')
    expect(again.asked).toBe(first.asked)
    expect(again.written).toBe(again.passages)
    expect(await search(knowledge, 'Zephyrine 2023')).toHaveLength(1)
    // A change of the document is a change of what the model is shown.
    await put(knowledge, 'one', acme.replace('three', 'four'))
    await knowledge.embedding.settled()
    expect((await knowledge.getContexts(tenant, 'reports')).asked).toBeGreaterThan(first.asked)
    await isWhole(knowledge)
    await knowledge.close()
  })

  test('of another model replace those of the one before', async () => {
    const writer = createScripted(words)
    const knowledge = await openOn(await open(), { writer })
    await fill(knowledge)
    await write(knowledge)
    writer.words.set('Revenue grew', 'Of the turnover of Quillfeather in 2024.')
    const view = await write(knowledge, 'large')
    expect(view).toMatchObject({ model: 'large', written: view.passages })
    expect(await search(knowledge, 'Zephyrine 2023')).toEqual([])
    expect(await search(knowledge, 'Quillfeather 2024')).toHaveLength(1)
    await isWhole(knowledge)
    await knowledge.close()
  })

  test('that cannot be written leave their passages without, which says why; asked again they are tried again', async () => {
    const writer = createScripted(words)
    writer.act = ({ own }) => {
      if (own.includes('Revenue')) throw new PlatformError('UPSTREAM_REJECTED', 'not this one')
    }
    const knowledge = await openOn(await open(), { writer })
    await fill(knowledge)
    const view = await write(knowledge)
    expect(view).toMatchObject({ degraded: { UPSTREAM_REJECTED: 1 }, waiting: 0, fault: undefined })
    expect(view.written).toBe(view.passages - 1)
    expect((await search(knowledge, 'Revenue grew'))[0]?.text).toContain('Revenue') // by its words all the same
    const document = await knowledge.findDocument(tenant, 'reports', 'one')
    const [version] = await knowledge.listLineage(tenant, document?.id ?? '')
    const stage = version?.stages.find((each) => each.stage === 'context')
    expect(stage?.outcome).toMatch(/with headings, \d written by a model, 1 degraded \(UPSTREAM_REJECTED\)$/)
    writer.act = undefined
    const asked = writer.asked.length
    expect(await write(knowledge)).toMatchObject({ degraded: {}, written: view.passages })
    expect(writer.asked.length).toBe(asked + 1)
    await knowledge.close()
  })

  test('stop when the model cannot be asked, say so, and go on behind what was written', async () => {
    const writer = createScripted(words)
    const store = await open()
    let left = 2
    writer.act = () => {
      if (left-- <= 0) throw new PlatformError('BUDGET_EXCEEDED', 'nothing is left')
    }
    const knowledge = await openOn(store, { writer }, { context: { atOnce: 1 } })
    await fill(knowledge)
    const view = await write(knowledge)
    expect(view).toMatchObject({ fault: 'BUDGET_EXCEEDED', asked: 2 })
    expect(view.waiting).toBeGreaterThan(0)
    await knowledge.close()

    writer.act = undefined
    const other = await openOn(store, { writer, seed: 2 })
    other.embedding.start()
    await other.embedding.settled()
    const done = await other.getContexts(tenant, 'reports')
    expect(done).toMatchObject({ fault: undefined, waiting: 0, written: done.passages, asked: done.passages })
    await other.close()
  })

  test('cost no more for a document than is allowed', async () => {
    const writer = createScripted()
    const config = { context: { documentUsdMax: '0.000002', atOnce: 1 } } // two answers
    const knowledge = await openOn(await open(), { writer }, config)
    await knowledge.createCollection(tenant, 'reports')
    const lines = Array.from(
      { length: 12 },
      (_, line) => `Paragraph ${line} says what paragraph ${line} says, at length.`,
    )
    await put(knowledge, 'long', lines.join('\n\n'))
    const view = await write(knowledge)
    expect(view).toMatchObject({ written: 2, degraded: { 'cost-max': view.passages - 2 } })
    expect(await write(knowledge)).toMatchObject({ asked: 2, written: 2 }) // what was spent stays spent
    await knowledge.close()
  })

  test('are written by one of several processes at a time, each passage once', async () => {
    const store = await open()
    const [ours, theirs] = [createScripted(words), createScripted(words)]
    const first = await openOn(store, { writer: ours })
    const second = await openOn(store, { writer: theirs, seed: 2 })
    await fill(first)
    await first.planContexts({ ...place, model: 'small', principal })
    second.embedding.start()
    await Promise.all([first.embedding.settled(), second.embedding.settled()])
    const { passages, written, asked } = await first.getContexts(tenant, 'reports')
    expect([written, asked]).toEqual([passages, passages])
    expect(ours.asked.length + theirs.asked.length).toBe(passages)
    await Promise.all([first.close(), second.close()])
  })

  test('are embedded with their passages, unless a generation is to be without', async () => {
    const writer = createScripted(words)
    const inputs: string[] = []
    const embedder: TextEmbedder = {
      embed({ inputs: texts }) {
        inputs.push(...texts)
        return Promise.resolve({ vectors: texts.map(() => [1, 0]), usage: undefined })
      },
    }
    const knowledge = await openOn(await open(), { writer, embedder })
    await fill(knowledge)
    await write(knowledge)
    await knowledge.createGeneration({ ...place, model: 'embedder', principal })
    await knowledge.embedding.settled()
    expect(inputs.join('\n')).toContain('Zephyrine')
    inputs.length = 0
    await knowledge.createGeneration({ ...place, model: 'embedder', withContext: false, principal })
    await knowledge.embedding.settled()
    expect(inputs.join('\n')).toContain('Revenue grew')
    expect(inputs.join('\n')).not.toContain('Zephyrine')
    expect(await knowledge.listGenerations(tenant, 'reports')).toMatchObject([
      { withContext: true, missing: 0 },
      { withContext: false, missing: 0 },
    ])
    await knowledge.close()
  })

  test('are worth what questions with known answers say', async () => {
    const writer = createScripted(words)
    const knowledge = await openOn(await open(), { writer })
    await fill(knowledge)
    const questions = Array.from({ length: 12 }, (_, index) => ({
      query: index % 3 === 0 ? 'soup and bread' : `Zephyrine Holdings, question ${index}`,
      expected: [{ document: index % 3 === 0 ? 'other' : 'one' }],
    }))
    await expect(knowledge.compareContexts({ ...place, questions })).rejects.toMatchObject({ code: 'CONFLICT' })
    await knowledge.planContexts({ ...place, model: 'small', principal })
    await knowledge.embedding.settled()
    const compared = await knowledge.compareContexts({ ...place, questions })
    expect(compared).toMatchObject({ questions: 12, verdict: 'better', first: { ndcg10: 1 } })
    expect(compared.second.ndcg10).toBeCloseTo(1 / 3, 6)
    expect(compared.difference['ndcg10']?.low).toBeGreaterThan(0)
    await knowledge.close()
  })

  test('change nothing where there are none, and can be ranked without', async () => {
    const store = await open()
    const writer = createScripted(words)
    const knowledge = await openOn(store, { writer })
    await fill(knowledge)
    const query = 'the board had foreseen in spring'
    const before = await search(knowledge, query)
    await write(knowledge)
    const silent = await openOn(store, { writer, seed: 2 }, { context: { weight: 0 } })
    const after = await search(silent, query)
    expect(after).toEqual(before)
    await Promise.all([knowledge.close(), silent.close()])
  })
})
