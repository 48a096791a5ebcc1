import { expect, test } from 'vitest'
import { Readable } from 'node:stream'
import { createIds } from '../../core/ids.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createFacts } from '../../core/testing.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createAuditKey, createAuditLog, readAuditKey, verifyExport } from '../audit/index.ts'
import { createRetention } from './index.ts'

const startMs = Date.parse('2026-12-02T08:00:00Z')
const dayMs = 86_400_000
const key = readAuditKey(createAuditKey())
const who = { tenant: 'default', keyId: 'key_1' }

async function openOn(store: Store, config: { readonly days?: number; readonly useCases?: Record<string, number> }) {
  for (const id of ['default', 'acme']) {
    await store.sql
      .insertInto('tenant')
      .values({ id, name: id, created_at_ms: startMs })
      .onConflict((on) => on.doNothing())
      .execute()
  }
  const clock = createFakeClock(startMs)
  const ids = createIds({ clock, random: createSystemRandom() })
  const audit = createAuditLog({ store, clock, ids, log: silentLog, key, origin: 'test', sealMs: 3_600_000 })
  const read = () => ({ days: config.days, useCases: config.useCases ?? {}, texts: {} })
  const retention = createRetention({ store, clock, ids, log: silentLog, audit, texts: [], config: read })
  const call = (useCase?: string, tenant = 'default'): string => {
    clock.advance(1)
    const id = ids.create('call')
    const detail = useCase === undefined ? undefined : { use_case: useCase }
    store.recorder.settle([createFacts({ id, tenant, startedAtMs: clock.now(), detail })])
    return id
  }
  const has = async (id: string, tenant = 'default'): Promise<boolean> =>
    (await store.calls.find(tenant, id)).length > 0
  const verify = async () => {
    const lines: string[] = []
    for await (const line of audit.export({ tenant: undefined })) lines.push(line)
    return { lines, report: await verifyExport(Readable.from(lines), { verifierKey: audit.verifierKey, known: [] }) }
  }
  const close = async () => {
    retention.close()
    await audit.close()
  }
  return { clock, audit, retention, call, has, verify, close }
}

describeEngines('calls of a certain age', (open) => {
  test('are deleted by the clock, each use case by its own, and the audit log still proves everything else', async () => {
    const { clock, retention, call, has, verify, audit, close } = await openOn(await open(), {
      days: 200,
      useCases: { loans: 400 },
    })
    const [plain, loan, foreign] = [call('desk'), call('loans'), call(undefined, 'acme')]
    await audit.seal()
    clock.advance(200 * dayMs - 10)
    expect(await retention.sweep()).toEqual({ calls: 0, texts: {} })
    clock.advance(20)
    const young = call('desk')
    expect(await retention.sweep()).toEqual({ calls: 2, texts: {} })
    expect([await has(plain), await has(loan), await has(foreign, 'acme'), await has(young)]).toEqual([
      false,
      true,
      false,
      true,
    ])
    const { report, lines } = await verify()
    expect(report).toMatchObject({ isProven: true, findings: [], hashesOnly: 2 })
    expect(lines.join('')).not.toContain(plain)
    await expect(audit.prove('default', plain)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await audit.prove('default', loan)).record).toContain(loan)
    clock.advance(200 * dayMs + 1)
    expect(await retention.sweep()).toEqual({ calls: 2, texts: {} })
    expect(await has(loan)).toBe(false)
    expect((await verify()).report.isProven).toBe(true)
    await close()
  })

  test('are kept while a hold covers them, and go when it is released', async () => {
    const { clock, retention, call, has, audit, close, verify } = await openOn(await open(), { days: 200 })
    const [held, free, foreign] = [call('loans'), call('desk'), call('loans', 'acme')]
    await audit.seal()
    const hold = await retention.hold(who, {
      name: 'suit',
      reason: 'court',
      useCase: 'loans',
      fromMs: startMs,
      untilMs: undefined,
    })
    clock.advance(300 * dayMs)
    expect(await retention.sweep()).toEqual({ calls: 2, texts: {} })
    expect([await has(held), await has(free), await has(foreign, 'acme')]).toEqual([true, false, false])
    await expect(retention.release({ tenant: 'acme', keyId: 'k' }, hold.id, 'x')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await retention.release(who, hold.id, 'settled')
    await expect(retention.release(who, hold.id, 'again')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await retention.sweep()).toEqual({ calls: 1, texts: {} })
    expect(await has(held)).toBe(false)
    expect(await retention.list('default')).toMatchObject([{ id: hold.id, releasedAtMs: expect.any(Number) }])
    expect(await retention.list('acme')).toEqual([])
    expect((await verify()).report.isProven).toBe(true)
    await close()
  })

  test('that somebody deletes without retention are found out, also when they say it was retention', async () => {
    const store = await open()
    const { call, audit, close, verify } = await openOn(store, {})
    const [first, second] = [call(), call()]
    await audit.seal()
    await store.sql.deleteFrom('call').where('root_id', '=', first).execute()
    expect((await verify()).report.isProven).toBe(false)
    await store.sql.insertInto('audit_gone').values({ place: 0, at_ms: startMs }).execute()
    const { report } = await verify()
    expect(report).toMatchObject({
      isProven: false,
      findings: [{ type: 'gap', message: expect.stringContaining('no act of retention') }],
    })
    expect(await store.calls.find('default', second)).toHaveLength(1)
    await close()
  })

  test('are never deleted where nothing is configured, nor before they are in the audit log', async () => {
    const store = await open()
    const none = await openOn(store, {})
    const id = none.call()
    none.clock.advance(5_000 * dayMs)
    expect(await none.retention.sweep()).toEqual({ calls: 0, texts: {} })
    const unsealed = await openOn(store, { days: 183 })
    unsealed.clock.advance(5_000 * dayMs)
    await store.flush()
    expect(await unsealed.retention.sweep()).toEqual({ calls: 0, texts: {} })
    expect(await none.has(id)).toBe(true)
    for (const each of [none, unsealed]) await each.close()
  })
})
