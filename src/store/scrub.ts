import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { sql, type Kysely } from 'kysely'
import type { Engine, Location } from './engine.ts'
import { busyMsMax } from './sqlite.ts'
import type { Tables } from './tables.ts'

const waitMs = 20
const pieceBytes = 1_048_576

/**
 * What has been deleted leaves the disk: the write-ahead log of SQLite is taken into the database, where deleted rows
 * are written over with zeros, and cut to nothing; PostgreSQL vacuums the tables. False when a reader held the log.
 */
export async function scrubDatabase(
  { engine, database }: { readonly engine: Engine; readonly database: Kysely<Tables> },
  tables: readonly (keyof Tables)[],
): Promise<boolean> {
  if (engine === 'postgres') {
    await sql`vacuum ${sql.join(tables.map((table) => sql.table(table)))}`.execute(database)
    return true
  }
  for (let waitedMs = 0; waitedMs <= busyMsMax; waitedMs += waitMs) {
    const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(database)
    if (rows[0]?.busy === 0) return true
    await setTimeout(waitMs)
  }
  return false
}

/** Writes the whole database anew, without anything that had been left between its rows. SQLite only. */
export async function rewriteDatabase(database: Kysely<Tables>): Promise<void> {
  await sql`vacuum`.execute(database)
}

/** How often each of the byte strings stands in the files of the database; `undefined` where they cannot be read. */
export async function countBytes(
  location: Location,
  needles: readonly Uint8Array[],
): Promise<readonly number[] | undefined> {
  if (location.engine === 'postgres') return undefined
  const counts = needles.map(() => 0)
  for (const path of [location.path, `${location.path}-wal`]) {
    if (existsSync(path)) await countInFile(path, needles, counts)
  }
  return counts
}

async function countInFile(path: string, needles: readonly Uint8Array[], counts: number[]): Promise<void> {
  const overlap = needles.reduce((most, needle) => Math.max(most, needle.length), 1) - 1
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(pieceBytes + overlap)
    let kept = 0
    for (let position = 0; ; ) {
      const { bytesRead } = await file.read(buffer, kept, pieceBytes, position)
      if (bytesRead === 0) return
      position += bytesRead
      const piece = buffer.subarray(0, kept + bytesRead)
      for (const [index, needle] of needles.entries()) {
        // What ended in the part that is kept was counted with the piece before.
        const from = Math.max(0, kept - needle.length + 1)
        for (let at = piece.indexOf(needle, from); at >= 0; at = piece.indexOf(needle, at + 1)) {
          counts[index] = (counts[index] ?? 0) + 1
        }
      }
      kept = Math.min(overlap, piece.length)
      piece.copy(buffer, 0, piece.length - kept)
    }
  } finally {
    await file.close()
  }
}
