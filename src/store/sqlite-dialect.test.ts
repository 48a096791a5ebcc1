import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { expect, test } from 'vitest'
import { createSqliteDialect } from './sqlite-dialect.ts'

interface Notes {
  readonly notes: { readonly text: string }
}

test('a full disk in the middle of a transaction is told as one, leaves nothing of it, and the next one works', async () => {
  const database = new DatabaseSync(':memory:')
  database.exec('create table notes (text text not null); pragma max_page_count = 8')
  const kysely = new Kysely<Notes>({ dialect: createSqliteDialect(database) })
  const write = (texts: readonly string[]): Promise<void> =>
    kysely.transaction().execute(async (within) => {
      for (const text of texts) await within.insertInto('notes').values({ text }).execute()
    })
  await expect(write(['small', 'x'.repeat(1_000_000)])).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('the disk is full'),
  })
  await write(['after'])
  expect(await kysely.selectFrom('notes').selectAll().execute()).toEqual([{ text: 'after' }])
  await kysely.destroy()
})
