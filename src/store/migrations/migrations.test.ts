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
    const place = await open.createPlace()
    const stores = await Promise.all([open({ place }), open({ place }), open({ place })])
    const rows = await stores[0].sql.selectFrom('migration').select('id').execute()
    expect(rows).toHaveLength(migrations.length)
  })
})

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
  const { folder, url } = await open.createPlace()
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
