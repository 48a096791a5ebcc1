import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** A journal is a row of segments, `journal-<id>-<number>.log`, beside a lock, `journal-<id>.lock`. */
const segmentName = /^journal-([0-9a-z]+)-(\d+)\.log$/
const lockName = /^journal-([0-9a-z]+)\.lock$/

export function toSegmentPath(folder: string, journalId: string, segment: number): string {
  return join(folder, `journal-${journalId}-${String(segment).padStart(6, '0')}.log`)
}

/** Ids of the journals that have left a file in the folder, the living ones included. */
export function listJournals(folder: string): readonly string[] {
  const ids = readdirSync(folder).map((name) => (segmentName.exec(name) ?? lockName.exec(name))?.[1])
  return [...new Set(ids.filter((id) => id !== undefined))].sort()
}

/** Numbers of the segments that lie in the folder, ascending. */
export function listSegments(folder: string, journalId: string): readonly number[] {
  const numbers: number[] = []
  for (const name of readdirSync(folder)) {
    const match = segmentName.exec(name)
    if (match?.[1] === journalId) numbers.push(Number(match[2]))
  }
  return numbers.sort((one, other) => one - other)
}

export function removeSegment(folder: string, journalId: string, segment: number): void {
  rmSync(toSegmentPath(folder, journalId, segment), { force: true })
}

export interface JournalLock {
  /** Gives the journal up; with `remove` its lock file goes as well. */
  release(options: { readonly remove: boolean }): void
}

/**
 * Takes a journal for this process; `undefined` when a living process has it. The lock is the file lock of an empty SQLite
 * database: the system drops it when the process dies, however it dies, and no process number is ever mistaken for another.
 */
export function tryLock(folder: string, journalId: string): JournalLock | undefined {
  const path = join(folder, `journal-${journalId}.lock`)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('pragma journal_mode = memory; begin exclusive')
    // Whoever had it before may have removed the file between our opening and our locking it.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
      chmodSync(path, 0o600)
      return {
        release({ remove }) {
          if (remove) rmSync(path, { force: true })
          database.close()
        },
      }
    }
  } catch (thrown) {
    if (!isBusy(thrown)) {
      database.close()
      throw thrown
    }
  }
  database.close()
  return undefined
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === 5
}
