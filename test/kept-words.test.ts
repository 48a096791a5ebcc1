import { expect, test } from 'vitest'
import { createIds } from '../src/core/ids.ts'
import { createSystemRandom } from '../src/core/random.ts'
import { createFacts } from '../src/core/testing.ts'
import { createFakeClock } from '../src/core/time.ts'
import { createAuditKey, createAuditLog, readAuditKey } from '../src/governance/audit/index.ts'
import { createRetention } from '../src/governance/retention/index.ts'
import { createFeedbackWords } from '../src/models/index.ts'
import type { Store, Tables } from '../src/store/index.ts'
import { describeEngines, silentLog } from '../src/store/testing.ts'
import { createEvaluations, createEvaluationWords, toTrainingPairs } from '../src/tools/index.ts'

const startMs = Date.parse('2026-12-02T08:00:00Z')
const dayMs = 86_400_000
const who = { tenant: 'default', keyId: 'key_1' }

async function openOn(
  store: Store,
  texts: Partial<Record<'feedback' | 'shadows' | 'evaluations', number>>,
  days?: number,
) {
  for (const id of ['default', 'acme']) {
    await store.sql.insertInto('tenant').values({ id, name: id, created_at_ms: startMs }).execute()
  }
  const clock = createFakeClock(startMs)
  const ids = createIds({ clock, random: createSystemRandom() })
  const key = readAuditKey(createAuditKey())
  const audit = createAuditLog({ store, clock, ids, log: silentLog, key, origin: 'test', sealMs: 3_600_000 })
  const sets = [createFeedbackWords('client'), createFeedbackWords('shadow'), createEvaluationWords()]
  const config = () => ({ days, useCases: {}, texts })
  const retention = createRetention({ store, clock, ids, log: silentLog, audit, texts: sets, config })
  const call = (useCase: string | undefined): string => {
    const id = ids.create('call')
    const detail = useCase === undefined ? undefined : { use_case: useCase }
    store.recorder.settle([createFacts({ id, startedAtMs: clock.now(), detail })])
    return id
  }
  const say = async (id: string, known: Partial<Tables['feedback']> = {}): Promise<void> => {
    await store.sql
      .insertInto('feedback')
      .values({
        tenant: 'default',
        id,
        source: 'client',
        call_id: null,
        decision_id: null,
        model: 'm',
        score: 0.5,
        cost: null,
        prompt: 'asked',
        answer: 'said',
        comment: 'thought',
        made_in: null,
        key_id: 'key_1',
        at_ms: clock.now(),
        ...known,
      })
      .execute()
  }
  const spoken = async (): Promise<readonly string[]> => {
    const rows = await store.sql.selectFrom('feedback').selectAll().orderBy('id').execute()
    expect(rows.every(({ score }) => score === 0.5)).toBe(true)
    for (const { prompt, answer, comment } of rows)
      expect([answer, comment]).toEqual(prompt === null ? [null, null] : ['said', 'thought'])
    return rows.filter(({ prompt }) => prompt !== null).map(({ id }) => id)
  }
  const close = async () => {
    retention.close()
    await audit.close()
  }
  return { clock, ids, audit, retention, call, say, spoken, close }
}

describeEngines('words kept beside calls', (open) => {
  test('are erased after the days of their set, in every tenant; scores stay, and the audit log names what went', async () => {
    const store = await open()
    const { clock, retention, say, spoken, audit, close } = await openOn(store, { feedback: 30, shadows: 10 })
    await say('1')
    await say('2', { source: 'shadow', made_in: '["call_x"]' })
    await say('3', { tenant: 'acme' })
    clock.advance(10 * dayMs)
    expect(await retention.sweep()).toEqual({ calls: 0, texts: { feedback: 0, shadows: 0 } })
    clock.advance(1)
    await say('4')
    expect(await retention.sweep()).toEqual({ calls: 0, texts: { feedback: 0, shadows: 1 } })
    expect(await spoken()).toEqual(['1', '3', '4'])
    clock.advance(20 * dayMs)
    expect(await retention.sweep()).toEqual({ calls: 0, texts: { feedback: 2, shadows: 0 } })
    expect(await spoken()).toEqual(['4'])
    expect(await retention.sweep()).toEqual({ calls: 0, texts: { feedback: 0, shadows: 0 } })
    await audit.seal()
    const lines: string[] = []
    for await (const line of audit.export({ tenant: 'acme' })) lines.push(line)
    expect(lines.join('')).toContain('"act":"retention.erase"')
    expect(lines.join('')).toContain('"ids":["3"]')
    await close()
  })

  test('are never erased where no days are configured', async () => {
    const { clock, retention, say, spoken, close } = await openOn(await open(), {}, 183)
    await say('1')
    clock.advance(9_000 * dayMs)
    expect(await retention.sweep()).toEqual({ calls: 0, texts: {} })
    expect(await spoken()).toEqual(['1'])
    await close()
  })

  test('are kept while a hold covers the calls they were said in, and go when it is released', async () => {
    const store = await open()
    const { clock, retention, call, say, spoken, close } = await openOn(store, { feedback: 30, shadows: 30 })
    const [loan, desk] = [call('loans'), call('desk')]
    await store.flush()
    clock.advance(dayMs)
    await say('1', { call_id: loan })
    await say('2', { call_id: desk })
    await say('3', { source: 'shadow', made_in: JSON.stringify([desk, loan]) })
    await say('4', { call_id: 'call_nobody_knows' })
    await say('5', { call_id: loan, tenant: 'acme' })
    const hold = await retention.hold(who, {
      name: 'suit',
      reason: 'court',
      useCase: 'loans',
      fromMs: startMs,
      untilMs: startMs + 2 * dayMs,
    })
    clock.advance(300 * dayMs)
    expect(await retention.sweep()).toMatchObject({ texts: { feedback: 2, shadows: 0 } })
    // What cannot be told apart is kept.
    expect(await spoken()).toEqual(['1', '3', '4'])
    await retention.release(who, hold.id, 'settled')
    expect(await retention.sweep()).toMatchObject({ texts: { feedback: 2, shadows: 1 } })
    expect(await spoken()).toEqual([])
    await close()
  })

  test('of evaluations leave the scores behind, and teach no router any more', async () => {
    const store = await open()
    const { clock, ids, retention, close } = await openOn(store, { evaluations: 90 })
    const evaluations = createEvaluations({ store, clock, ids })
    const { id } = await evaluations.run('default', {
      name: 'capitals',
      cases: [{ id: 'answer', prompt: 'Capital of France?', expect: { equals: 'Paris' } }],
      models: ['answer', 'b'],
      ask: async (model) =>
        await Promise.resolve({ text: model === 'b' ? 'Lyon' : 'Paris', usd: 0.1, latencyMs: 1, call: 'call_1' }),
      atOnce: 1,
    })
    const before = await evaluations.get('default', id)
    expect(before.results[0]?.outcomes['answer']).toMatchObject({ answer: 'Paris', score: 1 })
    clock.advance(91 * dayMs)
    expect(await retention.sweep()).toEqual({ calls: 0, texts: { evaluations: 1 } })
    const after = await evaluations.get('default', id)
    expect(after.models).toEqual(before.models)
    expect(after.results[0]?.id).toBe('answer')
    expect(after.results[0]?.prompt).toBeUndefined()
    expect(after.results[0]?.outcomes['answer']?.answer).toBeUndefined()
    expect(after.results[0]?.outcomes['answer']).toMatchObject({ score: 1, call: 'call_1' })
    expect(toTrainingPairs(after.results)).toEqual([])
    expect(JSON.stringify(await store.sql.selectFrom('evaluation').selectAll().execute())).not.toMatch(
      /Paris|Lyon|France/,
    )
    expect(await retention.sweep()).toEqual({ calls: 0, texts: { evaluations: 0 } })
    await close()
  })

  test('are gone through in batches, however many there are', async () => {
    const store = await open()
    const { clock, retention, say, spoken, close } = await openOn(store, { feedback: 1 })
    for (let index = 0; index < 450; index++) await say(`f${String(index).padStart(3, '0')}`)
    clock.advance(2 * dayMs)
    expect(await retention.sweep()).toMatchObject({ texts: { feedback: 450 } })
    expect(await spoken()).toEqual([])
    await close()
  })
})
