import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import { buildSegment, joinBuckets, type BuiltSegment, type FreshTerms } from './building.ts'
import { cutRun, decodeBucket, decodeRuns, encodeBucket, findRun, type Postings } from './codec.ts'
import { createPostingRows, type BucketRow, type SegmentRow } from './store.ts'
import { chooseBucket } from './term-table.ts'

/**
 * Four neighbouring segments below one of these sizes, in buckets, become one: a posting is written again up to twice, and the
 * largest join reads and writes some 10 MB, so that whoever waits to write does not wait long.
 */
const joinedBelow = [1_024, 4_096] as const
const joined = 4

/** Makes a segment of chunks, given in ascending order and after all that lie in segments. */
export async function addSegment(
  sql: Kysely<Tables>,
  collection: number,
  chunks: readonly FreshTerms[],
): Promise<void> {
  const segments = await createPostingRows(sql).listSegments(collection)
  const span = { first: chunks[0]?.chunk ?? 0, last: chunks.at(-1)?.chunk ?? 0 }
  await writeSegment(sql, { collection, segments, span, built: buildSegment(chunks) })
}

interface NewSegment {
  readonly collection: number
  /** Those that are there. */
  readonly segments: readonly SegmentRow[]
  /** Its chunks. */
  readonly span: { readonly first: number; readonly last: number }
  readonly built: BuiltSegment
}

async function writeSegment(sql: Kysely<Tables>, { collection, segments, span, built }: NewSegment): Promise<void> {
  const row = {
    collection,
    number: segments.reduce((most, { number }) => Math.max(most, number), 0) + 1,
    first_chunk: span.first,
    last_chunk: span.last,
    bucket_count: built.bucketCount,
  }
  const rows = createPostingRows(sql)
  await rows.insertSegment(row)
  await rows.writeBuckets(
    collection,
    built.buckets.map((bucket) => ({ segment: row.number, ...bucket })),
  )
}

/** The postings of each term in the segments that hold chunks after `after`. */
export async function readPostings(
  sql: Kysely<Tables>,
  wanted: { readonly collection: number; readonly segments: readonly SegmentRow[]; readonly terms: readonly string[] },
): Promise<ReadonlyMap<string, Postings>> {
  const { collection, segments, terms } = wanted
  const payloads = new Map<number, ReadonlyMap<number, Uint8Array>>()
  const places = new Map<number, readonly number[]>()
  // Segments of one size have a term in the same bucket.
  for (const [bucketCount, like] of Map.groupBy(segments, (segment) => segment.bucket_count)) {
    const buckets = terms.map((term) => chooseBucket(term, bucketCount))
    places.set(bucketCount, buckets)
    const numbers = like.map(({ number }) => number)
    const read = await createPostingRows(sql).readBuckets(collection, { segments: numbers, buckets })
    for (const [segment, rows] of Map.groupBy(read, (row) => row.segment)) {
      payloads.set(segment, new Map(rows.map(({ bucket, payload }) => [bucket, payload])))
    }
  }
  return new Map(
    terms.map((term, index) => {
      const name = Buffer.from(term, 'utf8')
      const runs = segments.flatMap(({ number, bucket_count: bucketCount }) => {
        const payload = payloads.get(number)?.get(places.get(bucketCount)?.[index] ?? -1)
        const run = payload === undefined ? undefined : findRun(payload, name)
        return run === undefined ? [] : [run]
      })
      return [term, decodeRuns(runs)]
    }),
  )
}

export interface Removal {
  readonly chunks: readonly number[]
  /** All terms of these chunks; `undefined` where that is not known, so that every bucket has to be looked through. */
  readonly terms: readonly string[] | undefined
}

/** Takes chunks out of the segments. */
export async function removeFromSegments(sql: Kysely<Tables>, collection: number, removal: Removal): Promise<void> {
  const rows = createPostingRows(sql)
  const gone = new Set(removal.chunks)
  for (const segment of await rows.listSegments(collection)) {
    if (!removal.chunks.some((chunk) => chunk >= segment.first_chunk && chunk <= segment.last_chunk)) continue
    const terms = removal.terms && Map.groupBy(removal.terms, (term) => chooseBucket(term, segment.bucket_count))
    const touched =
      terms === undefined
        ? await rows.readSegment(collection, segment.number)
        : await rows.readBuckets(collection, { segments: [segment.number], buckets: [...terms.keys()] })
    const written = touched
      .map((row) => cutBucket(row, gone, terms?.get(row.bucket)))
      .filter((row) => row !== undefined)
    await rows.writeBuckets(collection, written)
  }
}

/** Without the chunks that are gone, in some terms or, where it is not known which, in all; `undefined` where none were in it. */
function cutBucket(
  row: BucketRow,
  gone: ReadonlySet<number>,
  terms: readonly string[] | undefined,
): BucketRow | undefined {
  const bucket = decodeBucket(row.payload)
  let isCut = false
  for (const term of terms ?? [...bucket.keys()]) {
    const run = bucket.get(term)
    const left = run === undefined ? undefined : cutRun(run, gone)
    if (left === run) continue
    isCut = true
    if (left === undefined) bucket.delete(term)
    else bucket.set(term, left)
  }
  return isCut ? { ...row, payload: encodeBucket(bucket) } : undefined
}

/** Joins the last segments where enough neighbours are small, once; false when there is nothing to join. */
export async function joinSmall(sql: Kysely<Tables>, collection: number): Promise<boolean> {
  const segments = await createPostingRows(sql).listSegments(collection)
  for (const [level, bucketsMax] of joinedBelow.entries()) {
    const tail = segments.slice(-joined)
    // The smallest wait for their like, so that what has been joined is not written again for each of them.
    const isWaiting = (tail.at(-1)?.bucket_count ?? 0) < (joinedBelow[level - 1] ?? 0)
    if (tail.length < joined || isWaiting || tail.some((segment) => segment.bucket_count >= bucketsMax)) continue
    await joinSegments(sql, collection, tail)
    return true
  }
  return false
}

async function joinSegments(sql: Kysely<Tables>, collection: number, segments: readonly SegmentRow[]): Promise<void> {
  const rows = createPostingRows(sql)
  const payloads: (readonly Uint8Array[])[] = []
  for (const { number } of segments) {
    payloads.push((await rows.readSegment(collection, number)).map(({ payload }) => payload))
  }
  const numbers = segments.map(({ number }) => number)
  await rows.deleteSegments(collection, numbers)
  const span = { first: segments[0]?.first_chunk ?? 0, last: segments.at(-1)?.last_chunk ?? 0 }
  await writeSegment(sql, { collection, segments, span, built: joinBuckets(payloads) })
}
