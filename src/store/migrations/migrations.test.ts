import { join } from 'node:path'
import { sql, type Kysely } from 'kysely'
import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/time.ts'
import { openDatabase, type Location } from '../engine.ts'
import type { Tables } from '../tables.ts'
import { describeEngines, silentLog, type OpenStore } from '../testing.ts'
import { migrate, migrations, type Migration } from './index.ts'

describeEngines('migrations', (open) => {
  test('bring an empty database up in the order of their ids, each once', async () => {
    await withDatabase(open, async (database) => {
      const ids = migrations.map((migration) => migration.id)
      expect(ids).toEqual(ids.toSorted((one, other) => one - other))
      expect(await run(database, migrations)).toEqual(ids)
      expect(await run(database, migrations)).toEqual([])
    })
  })

  test('bring each earlier state up to the same schema as an empty database, and keep its rows', async () => {
    const expected = await withDatabase(open, async (database) => {
      await run(database, migrations)
      return describeSchema(database)
    })
    for (let known = 1; known < migrations.length; known++) {
      await withDatabase(open, async (database) => {
        await run(database, migrations.slice(0, known))
        await database.insertInto('config_version').values(version).execute()
        await run(database, migrations)
        expect(await describeSchema(database)).toEqual(expected)
        expect(await database.selectFrom('config_version').selectAll().execute()).toEqual([version])
      })
    }
    // As many whole runs as there are migrations.
  }, 300_000)

  test('bring leaves of the audit log, a row each before, into pages, in their order', async () => {
    await withDatabase(open, async (database) => {
      await run(
        database,
        migrations.filter(({ id }) => id < 64),
      )
      const leaves = Array.from({ length: 1_100 }, (_, place) => toLeaf(place))
      for (const { place, tenant, sequence, kind, subject, hash, goneAtMs } of leaves) {
        await sql`insert into audit_leaf (place, tenant, sequence, kind, subject, hash, gone_at_ms)
          values (${place}, ${tenant}, ${sequence}, ${kind}, ${subject}, ${hash}, ${goneAtMs})`.execute(database)
      }
      for (const [size, frontier] of [
        [500, ['no']],
        [1_100, ['a'.repeat(64), 'b'.repeat(64)]],
      ] as const) {
        await sql`insert into audit_checkpoint (size, at_ms, note, frontier) values (${size}, 1, ${`note ${size}`},
          ${JSON.stringify(frontier)})`.execute(database)
      }
      await run(database, migrations)
      const pages = await database.selectFrom('audit_page').selectAll().orderBy('place').execute()
      expect(pages.map(({ place, count }) => [place, count])).toEqual([
        [0, 1_024],
        [1_024, 76],
      ])
      expect([pages[0]?.first_call, pages[0]?.last_call]).toEqual(['call_0001', 'call_1023'])
      expect(pages.map(({ hashes }) => hashes).join('')).toBe(leaves.map(({ hash }) => hash).join(''))
      const lines = pages.flatMap(({ entries }) => entries.trim().split('\n'))
      const read = lines.flatMap((line) => {
        const [tenant, sequence, subjects] = JSON.parse(line) as [string, number, string[]]
        return subjects.map((subject, index) => ({ tenant, sequence: sequence + index, subject }))
      })
      expect(read).toEqual(leaves.map(({ tenant, sequence, subject }) => ({ tenant, sequence, subject })))
      expect(await database.selectFrom('audit_gone').selectAll().execute()).toEqual([{ place: 7, at_ms: 5 }])
      expect(await database.selectFrom('audit_sequence').selectAll().orderBy('tenant').execute()).toEqual([
        { tenant: 'a', last: 734 },
        { tenant: 'b', last: 366 },
      ])
      expect(await database.selectFrom('audit_head').select(['size', 'frontier']).execute()).toEqual([
        { size: 1_100, frontier: 'a'.repeat(64) + 'b'.repeat(64) },
      ])
    })
  })

  test('one that fails leaves nothing behind and is done again the next time', async () => {
    await withDatabase(open, async (database) => {
      await expect(run(database, [...migrations, createLater({ fails: true })])).rejects.toThrow('half way')
      expect(await describeSchema(database)).not.toContainEqual(expect.objectContaining({ name: 'later' }))
      expect(await run(database, [...migrations, createLater({ fails: false })])).toEqual([9_999])
    })
  })

  test('refuse a database that a newer version has written', async () => {
    await withDatabase(open, async (database) => {
      await run(database, [...migrations, createLater({ fails: false })])
      await expect(run(database, migrations)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('9999') as string,
      })
    })
  })

  test('are applied once when several stores open an empty database at once', async () => {
    const place = await open.createPlace({ isEmpty: true })
    const stores = await Promise.all([open({ place }), open({ place }), open({ place })])
    const rows = await stores[0].sql.selectFrom('migration').select('id').execute()
    expect(rows).toHaveLength(migrations.length)
  })
})

/** Every third leaf is of another tenant, every tenth of an act, and one is gone. */
function toLeaf(place: number): {
  readonly place: number
  readonly tenant: string
  readonly sequence: number
  readonly kind: string
  readonly subject: string
  readonly hash: string
  readonly goneAtMs: number | null
} {
  const isOther = place % 3 === 2
  const sequence = isOther ? (place - 2) / 3 + 1 : place - Math.floor((place + 1) / 3) + 1
  const kind = place % 10 === 0 ? 'act' : 'call'
  const subject = `${kind}_${String(place).padStart(4, '0')}`
  const hash = String(place).padStart(64, '0')
  return { place, tenant: isOther ? 'b' : 'a', sequence, kind, subject, hash, goneAtMs: place === 7 ? 5 : null }
}

const version = { version: 1, hash: 'h', text: 't', applied_at_ms: 1_795_000_000_000 }

function createLater(options: { readonly fails: boolean }): Migration {
  return {
    id: 9_999,
    name: 'later',
    async up(database) {
      await sql`create table later (id integer primary key)`.execute(database)
      if (options.fails) throw new Error('half way')
    },
  }
}

async function withDatabase<T>(open: OpenStore, work: (database: Kysely<Tables>) => Promise<T>): Promise<T> {
  const { folder, url } = await open.createPlace({ isEmpty: true })
  const location: Location =
    open.engine === 'sqlite'
      ? { engine: 'sqlite', path: join(folder, 'strata.db') }
      : { engine: 'postgres', url, connectionsMax: 2 }
  const database = await openDatabase(location, silentLog)
  databases.set(database, location.engine)
  try {
    return await work(database)
  } finally {
    await database.destroy()
  }
}

const databases = new WeakMap<Kysely<Tables>, Location['engine']>()

function run(database: Kysely<Tables>, list: readonly Migration[]): Promise<readonly number[]> {
  return migrate({ database, engine: databases.get(database) ?? 'sqlite', clock: createFakeClock(0), migrations: list })
}

async function describeSchema(database: Kysely<Tables>): Promise<readonly { name: string; definition: string }[]> {
  const query =
    databases.get(database) === 'postgres'
      ? sql<{ name: string; definition: string }>`
          select table_name as name, string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) as definition
          from information_schema.columns where table_schema = current_schema() group by table_name order by table_name`
      : sql<{ name: string; definition: string }>`
          select name, sql as definition from sqlite_schema where sql is not null order by name`
  return (await query.execute(database)).rows
}
