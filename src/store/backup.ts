import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { backup } from 'node:sqlite'
import { PlatformError } from '../core/errors.ts'
import type { Location } from './engine.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Copies the living database into a new file that only its owner may read; writers go on meanwhile. The file appears
 * under its name when it is complete. Rejects with `CONFLICT` when the name is taken, with `INVALID_REQUEST` on
 * PostgreSQL.
 */
export async function backupDatabase(location: Location, path: string): Promise<void> {
  if (location.engine === 'postgres') {
    throw new PlatformError(
      'INVALID_REQUEST',
      'the database is PostgreSQL, which has its own way: pg_dump --format=custom with the URL of store.url',
    )
  }
  if (existsSync(path)) throw new PlatformError('CONFLICT', 'the file to back up into exists already; name another')
  const partial = `${path}.part`
  // On a connection of its own and in one step: a step holds its connection, and a copy in several starts anew at each write.
  const source = openSqlite(location.path, { readOnly: true })
  try {
    rmSync(partial, { force: true })
    await backup(source, partial, { rate: 2_147_483_647 })
    chmodSync(partial, 0o600)
    renameSync(partial, path)
  } catch (thrown) {
    rmSync(partial, { force: true })
    throw new PlatformError(
      'STORE_UNAVAILABLE',
      'the backup cannot be written; check that its folder exists and has room',
      {
        cause: thrown,
      },
    )
  } finally {
    source.close()
  }
}
