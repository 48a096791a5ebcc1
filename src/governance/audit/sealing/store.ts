import { assert } from '../../../core/assert.ts'
import type { SideDatabase } from '../../../store/index.ts'
import type { Frontier } from '../merkle.ts'
import { kindOf, readPage, type LastPage, type PageAddition } from '../pages.ts'
import { toActs, toPageRow, type Act, type CheckpointRow, type Subject } from '../store.ts'

/** A row of the outbox: subjects that have no leaf yet. */
export interface Waiting {
  readonly number: number
  readonly subjects: readonly Subject[]
}

/** From what the log grows on. */
export interface Head {
  readonly size: number
  readonly roots: readonly Buffer[]
}

/**
 * The SQL of sealing, by hand: the folding thread does without the builder of queries, which would take more memory than
 * all that it does. What is listed goes as one JSON text, so that the words of a statement never change.
 */
export interface SealingStore {
  /** What has no leaf yet, in the order in which it was put on record: whole rows, until they hold `limit` subjects. */
  listWaiting(limit: number): Promise<readonly Waiting[]>
  findActs(ids: readonly string[]): Promise<readonly Act[]>
  /** Inside a transaction. */
  readonly writer: SealingWriter
}

export interface SealingWriter {
  /** Holds the log until the transaction ends: one writer at a time among all processes. */
  hold(): Promise<Head>
  /** The number of a tenant's last leaf; 0 when it has none. */
  findSequence(tenant: string): Promise<number>
  findLastPage(): Promise<LastPage | undefined>
  putPage(page: PageAddition): Promise<void>
  putSequence(tenant: string, last: number): Promise<void>
  putHead(frontier: Frontier): Promise<void>
  /** Takes rows out of the outbox; the numbers of those that were still there. */
  takeWaiting(numbers: readonly number[]): Promise<ReadonlySet<number>>
  /** Those calls of the tenant that have a leaf already. */
  findSealed(tenant: string, ids: readonly string[]): Promise<ReadonlySet<string>>
  /** How much the last checkpoint covers; 0 before the first. */
  findSigned(): Promise<number>
  addCheckpoint(row: CheckpointRow): Promise<void>
}

/** Rows read at once: a row holds what one fold brought, one subject at least. */
const rowsMax = 50
const hexDigits = 64

export function createSealingStore(database: SideDatabase): SealingStore {
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
      const names = database.isPostgres
        ? 'select json_array_elements_text($1::json)'
        : 'select value from json_each($1)'
      const listed = `select id, tenant, at_ms, body from audit_act where id in (${names})`
      return toActs(await database.query(listed, [JSON.stringify(ids)]))
    },
    writer: { ...createGrowing(database), ...createSigning(database) },
  }
}

type Growing = 'hold' | 'findSequence' | 'findLastPage' | 'putPage' | 'putSequence' | 'putHead'

function createGrowing(database: SideDatabase): Pick<SealingWriter, Growing> {
  return {
    async hold() {
      // Writing the row holds it until the end: whoever comes second waits here, and then sees what was appended.
      const taken = 'update audit_head set turns = turns + 1 where id = 1 returning size, frontier'
      const [row] = await database.query(taken, [])
      assert(row !== undefined, 'the log has a head from its first migration on')
      return { size: Number(row['size']), roots: toRoots(toText(row['frontier']) ?? '') }
    },
    async findSequence(tenant) {
      const [row] = await database.query('select last from audit_sequence where tenant = $1', [tenant])
      return Number(row?.['last'] ?? 0)
    },
    async findLastPage() {
      const last = 'select place, count, first_call, last_call from audit_page order by place desc limit 1'
      const [row] = await database.query(last, [])
      if (row === undefined) return undefined
      const bounds = { firstCall: toText(row['first_call']), lastCall: toText(row['last_call']) }
      return { place: Number(row['place']), count: Number(row['count']), ...bounds }
    },
    async putPage({ isNew, place, count, firstCall = null, lastCall = null, entries, hashes }) {
      const text = isNew
        ? 'insert into audit_page (count, first_call, last_call, entries, hashes, place) values ($1, $2, $3, $4, $5, $6)'
        : `update audit_page set count = $1, first_call = $2, last_call = $3, entries = entries || $4, hashes = hashes || $5
           where place = $6`
      await database.query(text, [count, firstCall, lastCall, entries, hashes, place])
    },
    async putSequence(tenant, last) {
      const text = `insert into audit_sequence (tenant, last) values ($1, $2) on conflict (tenant) do update set last = excluded.last`
      await database.query(text, [tenant, last])
    },
    async putHead({ size, roots }) {
      const frontier = roots.map((root) => root.toString('hex')).join('')
      await database.query('update audit_head set size = $1, frontier = $2 where id = 1', [size, frontier])
    },
  }
}

function createSigning(database: SideDatabase): Omit<SealingWriter, Growing> {
  return {
    async takeWaiting(numbers) {
      // Numbers are ours and whole.
      const listed = numbers.map(Number).join(', ') || 'null'
      const rows = await database.query(`delete from outbox where number in (${listed}) returning number`, [])
      return new Set(rows.map((row) => Number(row['number'])))
    },
    async findSealed(tenant, ids) {
      const sorted = ids.toSorted((left, right) => (left < right ? -1 : 1))
      const [first, last] = [sorted.at(0), sorted.at(-1)]
      if (first === undefined || last === undefined) return new Set()
      const text = 'select * from audit_page where first_call <= $1 and last_call >= $2'
      const sealed = new Set<string>()
      for (const row of await database.query(text, [last, first])) {
        for (const leaf of readPage(toPageRow(row))) if (leaf.tenant === tenant) sealed.add(leaf.subject)
      }
      return new Set(ids.filter((id) => sealed.has(id)))
    },
    async findSigned() {
      const [row] = await database.query('select size from audit_checkpoint order by size desc limit 1', [])
      return Number(row?.['size'] ?? 0)
    },
    async addCheckpoint({ size, atMs, note }) {
      await database.query('insert into audit_checkpoint (size, at_ms, note) values ($1, $2, $3)', [size, atMs, note])
    },
  }
}

function toRoots(frontier: string): readonly Buffer[] {
  const bytes = Buffer.from(frontier, 'hex')
  return Array.from({ length: frontier.length / hexDigits }, (_, index) => bytes.subarray(index * 32, index * 32 + 32))
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function toSubject([tenant, id]: readonly [string, string]): Subject {
  return { kind: kindOf(id), tenant, id }
}
