import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import {
  chooseBucket,
  cutRun,
  decodeBucket,
  decodeRuns,
  encodeBucket,
  encodeRun,
  findRun,
  joinRuns,
  type Bucket,
  type ChunkTerms,
  type Postings,
  type Run,
} from './codec.ts'
import { createPostingRows, type BucketRow, type SegmentRow } from './store.ts'

export interface NumberedTerms extends ChunkTerms {
  readonly chunk: number
}

/** A bucket of about this size is read and rewritten in one go. */
const bucketBytes = 1_200
/** So many neighbouring segments of one size become one of the next size; the largest are left as they are. */
const sizes = [
  { chunksMin: 2_048, joined: 8 },
  { chunksMin: 8_192, joined: 4 },
] as const

/** Makes a segment of chunks, given in ascending order and after all that lie in segments; then joins small ones. */
export async function addSegment(
  sql: Kysely<Tables>,
  collection: number,
  chunks: readonly NumberedTerms[],
): Promise<void> {
  const lists = new Map<string, { chunks: number[]; packed: number[] }>()
  let postings = 0
  for (const { chunk, terms, packed } of chunks) {
    postings += terms.length
    for (const [index, term] of terms.entries()) {
      let list = lists.get(term)
      if (list === undefined) lists.set(term, (list = { chunks: [], packed: [] }))
      list.chunks.push(chunk)
      list.packed.push(packed[index] ?? 0)
    }
  }
  const runs = new Map<string, Run>()
  for (const [term, list] of lists) runs.set(term, encodeRun(list))
  const rows = createPostingRows(sql)
  const segments = await rows.listSegments(collection)
  const segment = {
    collection,
    number: segments.reduce((most, { number }) => Math.max(most, number), 0) + 1,
    first_chunk: chunks[0]?.chunk ?? 0,
    last_chunk: chunks.at(-1)?.chunk ?? 0,
    bucket_count: countBuckets(postings * 3 + lists.size * 12),
  }
  await rows.insertSegment(segment)
  await rows.writeBuckets(collection, toRows(segment, runs))
  await joinSmall(sql, collection, [...segments, segment])
}

/** The postings of each term in the segments that hold chunks after `after`. */
export async function readPostings(
  sql: Kysely<Tables>,
  wanted: { readonly collection: number; readonly segments: readonly SegmentRow[]; readonly terms: readonly string[] },
): Promise<ReadonlyMap<string, Postings>> {
  const { collection, segments, terms } = wanted
  const places = segments.flatMap((segment) =>
    terms.map((term) => ({ segment: segment.number, bucket: chooseBucket(term, segment.bucket_count) })),
  )
  const read = await createPostingRows(sql).readBuckets(collection, places)
  const buckets = new Map(read.map(({ segment, bucket, payload }) => [`${segment}/${bucket}`, payload]))
  return new Map(
    terms.map((term) => {
      const name = Buffer.from(term, 'utf8')
      const runs = segments.flatMap((segment) => {
        const payload = buckets.get(`${segment.number}/${chooseBucket(term, segment.bucket_count)}`)
        const run = payload === undefined ? undefined : findRun(payload, name)
        return run === undefined ? [] : [run]
      })
      return [term, decodeRuns(runs)]
    }),
  )
}

/** Takes chunks out of the segments. `terms` are all terms of these chunks. */
export async function removeFromSegments(
  sql: Kysely<Tables>,
  collection: number,
  removal: { readonly chunks: readonly number[]; readonly terms: readonly string[] },
): Promise<void> {
  const rows = createPostingRows(sql)
  const gone = new Set(removal.chunks)
  for (const segment of await rows.listSegments(collection)) {
    if (!removal.chunks.some((chunk) => chunk >= segment.first_chunk && chunk <= segment.last_chunk)) continue
    const terms = new Map<number, string[]>()
    for (const term of removal.terms) {
      const bucket = chooseBucket(term, segment.bucket_count)
      const known = terms.get(bucket)
      if (known === undefined) terms.set(bucket, [term])
      else known.push(term)
    }
    const places = [...terms.keys()].map((bucket) => ({ segment: segment.number, bucket }))
    const written: BucketRow[] = []
    for (const row of await rows.readBuckets(collection, places)) {
      const bucket = decodeBucket(row.payload)
      for (const term of terms.get(row.bucket) ?? []) {
        const run = bucket.get(term)
        if (run === undefined) continue
        const left = cutRun(run, gone)
        if (left === undefined) bucket.delete(term)
        else bucket.set(term, left)
      }
      written.push({ ...row, payload: encodeBucket(bucket) })
    }
    await rows.writeBuckets(collection, written)
  }
}

/** Joins the last segments while enough neighbours are of one size. */
async function joinSmall(sql: Kysely<Tables>, collection: number, segments: readonly SegmentRow[]): Promise<void> {
  let rest = segments
  for (const { chunksMin, joined } of sizes) {
    const tail = rest.slice(-joined)
    if (tail.length < joined || tail.some((segment) => spanOf(segment) >= chunksMin)) return
    rest = [...rest.slice(0, -joined), await joinSegments(sql, collection, tail)]
  }
}

function spanOf(segment: SegmentRow): number {
  return segment.last_chunk - segment.first_chunk + 1
}

async function joinSegments(
  sql: Kysely<Tables>,
  collection: number,
  segments: readonly SegmentRow[],
): Promise<SegmentRow> {
  const rows = createPostingRows(sql)
  const runs = new Map<string, Run>()
  let bytes = 0
  for (const segment of segments) {
    for (const { payload } of await rows.readSegment(collection, segment.number)) {
      bytes += payload.length
      for (const [term, run] of decodeBucket(payload)) {
        const known = runs.get(term)
        runs.set(term, known === undefined ? run : joinRuns(known, run))
      }
    }
  }
  const joined = {
    collection,
    number: segments.reduce((most, { number }) => Math.max(most, number), 0) + 1,
    first_chunk: segments[0]?.first_chunk ?? 0,
    last_chunk: segments.at(-1)?.last_chunk ?? 0,
    bucket_count: countBuckets(bytes),
  }
  await rows.deleteSegments(
    collection,
    segments.map(({ number }) => number),
  )
  await rows.insertSegment(joined)
  await rows.writeBuckets(collection, toRows(joined, runs))
  return joined
}

/** A power of two. */
function countBuckets(bytes: number): number {
  return 2 ** Math.max(0, Math.round(Math.log2(bytes / bucketBytes)))
}

function toRows(segment: SegmentRow, runs: ReadonlyMap<string, Run>): readonly BucketRow[] {
  const buckets = new Map<number, Bucket>()
  for (const [term, run] of runs) {
    const number = chooseBucket(term, segment.bucket_count)
    let bucket = buckets.get(number)
    if (bucket === undefined) buckets.set(number, (bucket = new Map()))
    bucket.set(term, run)
  }
  return [...buckets].map(([bucket, found]) => ({ segment: segment.number, bucket, payload: encodeBucket(found) }))
}
