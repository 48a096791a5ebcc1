import { sql, type Kysely } from 'kysely'
import type { Migration } from './migration.ts'

const pageLeaves = 1_024

/**
 * Leaves lie in pages of many instead of in a row each, in the order of the tree. What the next leaf needs (the frontier, the numbers
 * of tenants) stands by itself and no longer in the last checkpoint, so that leaves can be added without one being signed.
 */
export const auditPages: Migration = {
  id: 64,
  name: 'audit pages',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table audit_page (
      place bigint primary key, count integer not null, first_call ${id}, last_call ${id}, entries text not null, hashes text not null
    )`.execute(database)
    await sql`create table audit_gone (place bigint primary key, at_ms bigint not null)`.execute(database)
    await sql`create table audit_sequence (tenant ${id} primary key, last bigint not null)`.execute(database)
    await sql`insert into audit_gone (place, at_ms) select place, gone_at_ms from audit_leaf where gone_at_ms is not null`.execute(
      database,
    )
    await sql`insert into audit_sequence (tenant, last) select tenant, max(sequence) from audit_leaf group by tenant`.execute(
      database,
    )
    await movePages(database)
    await sql`drop table audit_leaf`.execute(database)
    await sql`alter table audit_head add column size bigint not null default 0`.execute(database)
    await sql`alter table audit_head add column frontier text not null default ''`.execute(database)
    await moveFrontier(database)
    await sql`alter table audit_checkpoint drop column frontier`.execute(database)
  },
}

interface Leaf {
  readonly tenant: string
  readonly sequence: number
  readonly subject: string
  readonly hash: string
}

async function movePages(database: Kysely<unknown>): Promise<void> {
  for (let place = 0; ; place += pageLeaves) {
    const { rows } = await sql<Leaf>`select tenant, sequence, subject, hash from audit_leaf
      where place >= ${place} order by place limit ${pageLeaves}`.execute(database)
    if (rows.length === 0) return
    const subjects = rows.map(({ subject }) => subject)
    const calls = subjects.filter((subject) => !subject.startsWith('act_')).toSorted(byCodeUnit)
    const [first, last] = [calls.at(0) ?? null, calls.at(-1) ?? null]
    const hashes = rows.map(({ hash }) => hash).join('')
    await sql`insert into audit_page (place, count, first_call, last_call, entries, hashes)
      values (${place}, ${rows.length}, ${first}, ${last}, ${toEntries(rows)}, ${hashes})`.execute(database)
  }
}

/** A line for as many leaves in a row as are one tenant's: its name, the number of the first, the subjects. */
function toEntries(leaves: readonly Leaf[]): string {
  const runs: [string, number, string[]][] = []
  for (const { tenant, sequence, subject } of leaves) {
    const run = runs.at(-1)
    if (run?.[0] === tenant) run[2].push(subject)
    else runs.push([tenant, Number(sequence), [subject]])
  }
  return runs.map((run) => `${JSON.stringify(run)}\n`).join('')
}

async function moveFrontier(database: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{
    size: number
    frontier: string
  }>`select size, frontier from audit_checkpoint order by size desc limit 1`.execute(database)
  const [last] = rows
  if (last === undefined) return
  const frontier = (JSON.parse(last.frontier) as string[]).join('') // written by the log
  await sql`update audit_head set size = ${Number(last.size)}, frontier = ${frontier} where id = 1`.execute(database)
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : 1
}
