import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'

export type SegmentRow = Tables['index_segment']

/** One row of a segment. */
export interface BucketRow {
  readonly segment: number
  readonly bucket: number
  readonly payload: Uint8Array
}

/** The SQL of segments and their buckets. Writes belong into the transaction that writes the rows. */
export interface PostingRows {
  /** In the order of their chunks. */
  listSegments(collection: number): Promise<readonly SegmentRow[]>
  insertSegment(row: SegmentRow): Promise<void>
  /** With their buckets. */
  deleteSegments(collection: number, numbers: readonly number[]): Promise<void>
  /** Some buckets of each of some segments, in no order. */
  readBuckets(
    collection: number,
    wanted: { readonly segments: readonly number[]; readonly buckets: readonly number[] },
  ): Promise<readonly BucketRow[]>
  /** Every bucket of a segment. */
  readSegment(collection: number, segment: number): Promise<readonly BucketRow[]>
  /** Inserts, or writes over; a bucket without anything in it is deleted. */
  writeBuckets(collection: number, rows: readonly BucketRow[]): Promise<void>
}

const rowsPerStatementMax = 250

export function createPostingRows(database: Kysely<Tables>): PostingRows {
  const buckets = (collection: number) =>
    database.selectFrom('posting_bucket').select(['segment', 'bucket', 'payload']).where('collection', '=', collection)
  return {
    listSegments: (collection) =>
      database
        .selectFrom('index_segment')
        .selectAll()
        .where('collection', '=', collection)
        .orderBy('first_chunk')
        .execute(),
    async insertSegment(row) {
      await database.insertInto('index_segment').values(row).execute()
    },
    async deleteSegments(collection, numbers) {
      if (numbers.length === 0) return
      await database
        .deleteFrom('posting_bucket')
        .where('collection', '=', collection)
        .where('segment', 'in', numbers)
        .execute()
      await database
        .deleteFrom('index_segment')
        .where('collection', '=', collection)
        .where('number', 'in', numbers)
        .execute()
    },
    async readBuckets(collection, wanted) {
      const rows: BucketRow[] = []
      const numbers = [...new Set(wanted.buckets)]
      // A statement costs more than the buckets that it reads.
      for (const segments of toParts(wanted.segments)) {
        for (const part of toParts(numbers)) {
          const query = buckets(collection).where('segment', 'in', segments).where('bucket', 'in', part)
          rows.push(...(await query.execute()))
        }
      }
      return rows
    },
    readSegment: (collection, segment) =>
      buckets(collection).where('segment', '=', segment).orderBy('bucket').execute(),
    async writeBuckets(collection, rows) {
      const filled = rows.filter(({ payload }) => payload.length > 0)
      for (let from = 0; from < filled.length; from += rowsPerStatementMax) {
        const values = filled
          .slice(from, from + rowsPerStatementMax)
          .map(({ segment, bucket, payload }) => sql`(${collection}, ${segment}, ${bucket}, ${payload})`)
        await sql`insert into posting_bucket (collection, segment, bucket, payload) values ${sql.join(values)}
          on conflict (collection, segment, bucket) do update set payload = excluded.payload`.execute(database)
      }
      const empty = rows.filter(({ payload }) => payload.length === 0)
      for (const [segment, numbers] of bySegment(empty)) {
        for (let from = 0; from < numbers.length; from += rowsPerStatementMax) {
          await database
            .deleteFrom('posting_bucket')
            .where('collection', '=', collection)
            .where('segment', '=', segment)
            .where('bucket', 'in', numbers.slice(from, from + rowsPerStatementMax))
            .execute()
        }
      }
    },
  }
}

function toParts(numbers: readonly number[]): readonly (readonly number[])[] {
  const parts: (readonly number[])[] = []
  for (let from = 0; from < numbers.length; from += rowsPerStatementMax) {
    parts.push(numbers.slice(from, from + rowsPerStatementMax))
  }
  return parts
}

function bySegment(rows: readonly Pick<BucketRow, 'segment' | 'bucket'>[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, Set<number>>()
  for (const { segment, bucket } of rows) {
    const numbers = found.get(segment) ?? new Set()
    numbers.add(bucket)
    found.set(segment, numbers)
  }
  return new Map([...found].map(([segment, numbers]) => [segment, [...numbers]]))
}
