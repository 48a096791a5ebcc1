import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { CallFacts } from '../core/call.ts'
import { createUsage } from '../core/usage.ts'
import { openDatabase, toPicodollars } from './index.ts'
import { describeEngines } from './testing.ts'
import { createDispatch, createIntent, createRequest, createTree } from './fixtures/trees.ts'

describeEngines('store', (open) => {
  test('gives back each fact of a call tree as it was recorded', async () => {
    const store = await open()
    const tree: readonly CallFacts[] = [
      createDispatch({ rootId: 'call_a', number: 1, status: 'error', errorCode: 'UPSTREAM_TIMEOUT', usage: undefined }),
      createDispatch({
        rootId: 'call_a',
        number: 2,
        vendorModel: '模型\tπ\\n\n',
        regions: ['eu', 'local'],
        usage: createUsage({ inputTotal: 0, outputTotal: 2 ** 50, raw: { 词: 'a\tb\u0000' }, source: 'estimated' }),
        cost: 9_007_199_254_740_993n,
      }),
      createRequest({ rootId: 'call_a', detail: { face: 'openai', nested: { empty: null } } }),
    ]
    store.recorder.settle(tree)
    const [root, ...rest] = await store.calls.find('default', 'call_a')
    expect(root).toEqual(tree[2])
    expect(rest).toEqual([tree[0], tree[1]])
  })

  test('absent is not zero: unknown usage, cost, regions stay unknown', async () => {
    const store = await open()
    store.recorder.settle([
      createDispatch({ rootId: 'call_a', number: 1, usage: createUsage({}), cost: undefined, regions: undefined }),
      createDispatch({ rootId: 'call_a', number: 2, usage: undefined, cost: 0n, regions: [] }),
      createRequest({ rootId: 'call_a' }),
    ])
    const [, one, two] = await store.calls.find('default', 'call_a')
    expect(one).toMatchObject({ usage: createUsage({}), cost: undefined, regions: undefined })
    expect(two).toMatchObject({ usage: undefined, cost: 0n, regions: [] })
  })

  test('finds a tree by any of its calls, in the order of making beyond nine children', async () => {
    const store = await open()
    const dispatches = Array.from({ length: 12 }, (_, index) => createDispatch({ rootId: 'call_a', number: index + 1 }))
    store.recorder.settle([...dispatches.toReversed(), createRequest({ rootId: 'call_a' })])
    const found = await store.calls.find('default', 'call_a.11')
    expect(found.map((fact) => fact.id)).toEqual(['call_a', ...dispatches.map((fact) => fact.id)])
    expect(await store.calls.find('default', 'call_a.99')).toEqual([])
    expect(await store.calls.find('default', 'call_b')).toEqual([])
  })

  test('a tenant never sees the calls of another, not even under the same id', async () => {
    const store = await open()
    store.recorder.settle(createTree('call_a', { tenant: 'one' }))
    store.recorder.settle(createTree('call_a', { tenant: 'two', name: 'other' }))
    store.recorder.settle(createTree('call_b', { tenant: 'two' }))
    expect(await store.calls.find('one', 'call_b')).toEqual([])
    expect((await store.calls.find('one', 'call_a')).every((fact) => fact.tenant === 'one')).toBe(true)
    expect((await store.calls.list('one', { limit: 10 })).map((fact) => fact.id)).toEqual(['call_a'])
    expect((await store.calls.list('two', { limit: 10 })).map((fact) => fact.id)).toEqual(['call_b', 'call_a'])
    expect(await store.calls.list('three', { limit: 10 })).toEqual([])
  })

  test('lists roots newest first, page by page', async () => {
    const store = await open()
    for (const letter of 'abcdefg') store.recorder.settle(createTree(`call_${letter}`))
    const first = await store.calls.list('default', { limit: 3 })
    expect(first.map((fact) => fact.id)).toEqual(['call_g', 'call_f', 'call_e'])
    const second = await store.calls.list('default', { limit: 3, before: 'call_e' })
    expect(second.map((fact) => fact.id)).toEqual(['call_d', 'call_c', 'call_b'])
  })

  test('refuses a page without bound', async () => {
    const store = await open()
    for (const limit of [0, 1_002, 1.5, Number.NaN]) {
      await expect(store.calls.list('default', { limit })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
  })

  test('refuses a settlement that mixes trees or tenants, and writes nothing of it', async () => {
    const store = await open()
    const mixed = [...createTree('call_a'), ...createTree('call_b')]
    expect(() => store.recorder.settle(mixed)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
    expect(await store.calls.list('default', { limit: 10 })).toEqual([])
  })

  test('a settled intent leaves nothing behind; an open one stands in the database until its tree ends', async () => {
    const store = await open()
    store.recorder.intend(createIntent('call_a', 1))
    store.recorder.intend(createIntent('call_b', 1))
    store.recorder.settle(createTree('call_a'))
    await store.flush()
    const open_ = await store.sql.selectFrom('intent').select('call_id').execute()
    expect(open_.map((row) => row.call_id)).toEqual(['call_b.1'])
    store.recorder.settle(createTree('call_b'))
    await store.flush()
    expect(await store.sql.selectFrom('intent').selectAll().execute()).toEqual([])
  })

  test('rolls a failed transaction back, and the next one works', async () => {
    const store = await open()
    const version = { version: 1, hash: 'h', text: 't', applied_at_ms: 1 }
    const failing = store.transaction(async (transaction) => {
      await transaction.insertInto('config_version').values(version).execute()
      throw new Error('stop')
    })
    await expect(failing).rejects.toThrow('stop')
    expect(await store.sql.selectFrom('config_version').selectAll().execute()).toEqual([])
    await store.transaction((transaction) => transaction.insertInto('config_version').values(version).execute())
    expect(await store.sql.selectFrom('config_version').selectAll().execute()).toEqual([version])
  })

  test('transactions that overlap see each other whole or not at all', async () => {
    const store = await open()
    await store.sql.insertInto('config_version').values({ version: 0, hash: '', text: '', applied_at_ms: 0 }).execute()
    const add = (): Promise<void> =>
      store.transaction(async (transaction) => {
        const lock = open.engine === 'postgres' ? sql`for update` : sql``
        const found = await sql<{ at: number }>`select applied_at_ms as at from config_version ${lock}`.execute(
          transaction,
        )
        await transaction
          .updateTable('config_version')
          .set({ applied_at_ms: (found.rows[0]?.at ?? 0) + 1 })
          .execute()
      })
    await Promise.all(Array.from({ length: 10 }, add))
    const rows = await store.sql.selectFrom('config_version').select('applied_at_ms').execute()
    expect(rows).toEqual([{ applied_at_ms: 10 }])
  })

  test('sums of money stay exact beyond 64 bits', async () => {
    const store = await open()
    const cost = 9_223_372_036_854_775_807n
    for (let index = 0; index < 12; index++) {
      store.recorder.settle([createDispatch({ rootId: `call_${index}`, number: 1, cost })])
    }
    await store.flush()
    const { rows } = await sql<{ high: number; low: number }>`
      select sum(cost / 1000000000) as high, sum(cost % 1000000000) as low from call`.execute(store.sql)
    const [sums = { high: 0, low: 0 }] = rows
    const total = (toPicodollars(sums.high) ?? 0n) * 1_000_000_000n + (toPicodollars(sums.low) ?? 0n)
    expect(total).toBe(12n * cost)
    const single = await store.sql.selectFrom('call').select('cost').limit(1).execute()
    expect(toPicodollars(single[0]?.cost ?? null)).toBe(cost)
  })

  test('a cost or a count that its column cannot hold is unknown, never wrong', async () => {
    const store = await open()
    const usage = createUsage({ inputTotal: 1.5, outputTotal: 2 })
    store.recorder.settle([createDispatch({ rootId: 'call_a', number: 1, cost: 2n ** 64n, usage })])
    const [fact] = await store.calls.find('default', 'call_a.1')
    expect(fact).toMatchObject({ cost: undefined, usage: { inputTotal: undefined, outputTotal: 2 } })
  })

  test('keeps what was recorded when it is closed, and nothing but the database stays in the folder', async () => {
    const place = await open.createPlace()
    const first = await open({ place })
    first.recorder.settle(createTree('call_a'))
    await first.close()
    expect(readdirSync(place.folder).filter((name) => name.startsWith('journal-'))).toEqual([])
    const second = await open({ place })
    expect(await second.calls.find('default', 'call_a')).toHaveLength(2)
    expect(await second.sql.selectFrom('journal').selectAll().execute()).toEqual([])
  })

  test('refuses to record after it was closed', async () => {
    const store = await open()
    await store.close()
    expect(() => store.recorder.intend(createIntent('call_a', 1))).toThrow(
      expect.objectContaining({ code: 'STORE_UNAVAILABLE' }),
    )
  })

  test('two stores on one database each fold their own journal', async () => {
    const place = await open.createPlace()
    const one = await open({ place })
    one.recorder.intend(createIntent('call_a', 1))
    await one.flush()
    const two = await open({ place })
    two.recorder.settle(createTree('call_b'))
    await two.flush()
    expect(await one.calls.find('default', 'call_a.1')).toEqual([]) // still under way, not taken for a dead one
    one.recorder.settle(createTree('call_a'))
    await one.flush()
    expect((await two.calls.list('default', { limit: 10 })).map((fact) => fact.id)).toEqual(['call_b', 'call_a'])
  })

  test('refuses a place that cannot be: a URL that names a file, a folder that is none, a server that is not there', async () => {
    const place = await open.createPlace()
    const file = join(place.folder, 'file')
    writeFileSync(file, 'no database')
    const cases = [
      [{ url: 'sqlite:/tmp/x.db' }, 'CONFIG_INVALID'],
      [{ folder: join(file, 'below') }, 'STORE_UNAVAILABLE'],
      [{ url: 'postgres://user:secret@127.0.0.1:1/none' }, 'STORE_UNAVAILABLE'],
    ] as const
    for (const [config, code] of cases) {
      const opening = open({ place, config })
      await expect(opening).rejects.toMatchObject({ code })
      await expect(opening).rejects.toMatchObject({ message: expect.not.stringContaining('secret') as string })
    }
  })

  test('loses nothing when its connections are cut, and goes on', async () => {
    const store = await open()
    store.recorder.settle(createTree('call_a'))
    await store.flush()
    if (open.engine === 'postgres') {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(store.sql)
    }
    store.recorder.settle(createTree('call_b'))
    expect(await store.calls.list('default', { limit: 10 })).toHaveLength(2)
  })

  test('only the owner may read the database and its log', async () => {
    const place = await open.createPlace()
    const store = await open({ place })
    store.recorder.settle(createTree('call_a'))
    await store.flush()
    for (const name of readdirSync(place.folder)) expect(statSync(join(place.folder, name)).mode & 0o077).toBe(0)
  })

  test('another connection keeps as many of the pages of the embedded database as it is told', async () => {
    const store = await open()
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
    const database = await openDatabase(store.location, log, { pageBytesMax: 3 * 2 ** 20 })
    if (open.engine === 'postgres') await sql`select 1`.execute(database)
    else expect((await sql`pragma cache_size`.execute(database)).rows).toEqual([{ cache_size: -3_072 }])
    await database.destroy()
  })

  test('backs the living database up where the engine is ours, and names the tool where it is not', async () => {
    const place = await open.createPlace()
    const store = await open({ place })
    store.recorder.settle(createTree('call_a'))
    const path = join(place.folder, 'copy.db')
    if (open.engine === 'postgres') {
      await expect(store.backup(path)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('pg_dump') as string,
      })
      expect(existsSync(path)).toBe(false)
      return
    }
    await store.backup(path)
    store.recorder.settle(createTree('call_b'))
    await store.flush()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const copy = new DatabaseSync(path, { readOnly: true })
    expect(copy.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    expect(copy.prepare('select id from call order by id').all()).toEqual([{ id: 'call_a' }, { id: 'call_a.1' }])
    copy.close()
    await expect(store.backup(path)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(store.backup(join(place.folder, 'no', 'copy.db'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
