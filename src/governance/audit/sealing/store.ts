import type { SideDatabase } from '../../../store/index.ts'
import { toActs, toCheckpoint, type Act, type CheckpointRow, type LeafRow, type Subject } from '../store.ts'

/** A row of the outbox: subjects that have no leaf yet. */
export interface Waiting {
  readonly number: number
  readonly subjects: readonly Subject[]
}

/**
 * The SQL of sealing, by hand: the folding thread does without the builder of queries, which would take more memory than
 * all that it does. What is listed goes as one JSON text, so that the words of a statement never change.
 */
export interface SealingStore {
  /** What has no leaf yet, in the order in which it was put on record: whole rows, until they hold `limit` subjects. */
  listWaiting(limit: number): Promise<readonly Waiting[]>
  findActs(ids: readonly string[]): Promise<readonly Act[]>
  /** One writer at a time among all processes; all of it or nothing. */
  exclusively<T>(work: (writer: SealingWriter) => Promise<T>): Promise<T>
}

export interface SealingWriter {
  findLastCheckpoint(): Promise<CheckpointRow | undefined>
  /** The highest sequence of a tenant; 0 when it has none. */
  findSequence(tenant: string): Promise<number>
  /** Those of the subjects that have a leaf already. */
  findSealed(subjects: readonly string[]): Promise<ReadonlySet<string>>
  addLeaves(rows: readonly LeafRow[]): Promise<void>
  /** Rows of the outbox whose subjects all have leaves. */
  dropWaiting(numbers: readonly number[]): Promise<void>
  addCheckpoint(row: CheckpointRow): Promise<void>
}

/** Rows read at once: a row holds what one fold brought, one subject at least. */
const rowsMax = 50

export function createSealingStore(database: SideDatabase): SealingStore {
  const writer = createWriter(database)
  return {
    async listWaiting(limit) {
      const rows = await database.query('select number, calls from outbox order by number limit $1', [rowsMax])
      const waiting: Waiting[] = []
      let count = 0
      for (const row of rows) {
        // JSON, written by us.
        const subjects = (JSON.parse(String(row['calls'])) as (readonly [string, string])[]).map(toSubject)
        if (count > 0 && count + subjects.length > limit) break
        count += subjects.length
        waiting.push({ number: Number(row['number']), subjects })
      }
      return waiting
    },
    async findActs(ids) {
      if (ids.length === 0) return []
      const listed = `select id, tenant, at_ms, body from audit_act where id in (${names(database)})`
      return toActs(await database.query(listed, [JSON.stringify(ids)]))
    },
    exclusively: (work) =>
      database.transaction(async () => {
        // Writing the row holds it until the end: whoever comes second waits here, and then sees what was appended.
        await database.query('update audit_head set turns = turns + 1 where id = 1', [])
        return work(writer)
      }),
  }
}

function createWriter(database: SideDatabase): SealingWriter {
  return {
    async findLastCheckpoint() {
      const [row] = await database.query('select * from audit_checkpoint order by size desc limit 1', [])
      return row === undefined ? undefined : toCheckpoint(row)
    },
    async findSequence(tenant) {
      const last = 'select sequence from audit_leaf where tenant = $1 order by sequence desc limit 1'
      const [row] = await database.query(last, [tenant])
      return Number(row?.['sequence'] ?? 0)
    },
    async findSealed(subjects) {
      const sealed = `select subject from audit_leaf where subject in (${names(database)})`
      const rows = await database.query(sealed, [JSON.stringify(subjects)])
      return new Set(rows.map((row) => String(row['subject'])))
    },
    async addLeaves(rows) {
      if (rows.length === 0) return
      const { columns, from } = database.isPostgres ? postgresLeaves : sqliteLeaves
      const text = `insert into audit_leaf (place, tenant, sequence, kind, subject, hash) select ${columns} from ${from}`
      await database.query(text, [JSON.stringify(rows)])
    },
    async dropWaiting(numbers) {
      // Numbers are ours and whole.
      await database.query(`delete from outbox where number in (${numbers.map(Number).join(', ') || 'null'})`, [])
    },
    async addCheckpoint({ size, atMs, note, frontier }) {
      const text = 'insert into audit_checkpoint (size, at_ms, note, frontier) values ($1, $2, $3, $4)'
      await database.query(text, [size, atMs, note, JSON.stringify(frontier)])
    },
  }
}

const sqliteLeaves = {
  columns: ['place', 'tenant', 'sequence', 'kind', 'subject', 'hash'].map((name) => `value ->> '$.${name}'`).join(', '),
  from: 'json_each($1)',
}

const postgresLeaves = {
  columns: 'place, tenant, sequence, kind, subject, hash',
  from: 'json_to_recordset($1::json) as leaf(place bigint, tenant text, sequence bigint, kind text, subject text, hash text)',
}

/** The members of a JSON array of strings, as a column. */
function names({ isPostgres }: SideDatabase): string {
  return isPostgres ? 'select json_array_elements_text($1::json)' : 'select value from json_each($1)'
}

/** The ids of acts begin with their kind, as those of calls do. */
function toSubject([tenant, id]: readonly [string, string]): Subject {
  return { kind: id.startsWith('act_') ? 'act' : 'call', tenant, id }
}
