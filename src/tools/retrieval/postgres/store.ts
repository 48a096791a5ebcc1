import { sql } from 'kysely'
import type { Hit, IndexEntry, TermIndex } from '../term-index.ts'

const entriesPerStatementMax = 50

/** What BM25 is computed with: `k1` and `b` of the formula, the least weight of a term, the weight of the headings. */
export interface Ranking {
  readonly k1: number
  readonly b: number
  readonly idfMin: number
  readonly headWeight: number
}

/** Rows of term, chunk and counts, with BM25 in SQL: no extension is needed, so any PostgreSQL will do. */
export function createPostgresIndex({ k1, b, idfMin, headWeight }: Ranking): TermIndex {
  return {
    create: () => Promise.resolve(),
    async drop(database, collection) {
      await database.deleteFrom('posting').where('collection', '=', collection).execute()
    },
    async add(database, collection, entries) {
      for (let from = 0; from < entries.length; from += entriesPerStatementMax) {
        const columns = toColumns(entries.slice(from, from + entriesPerStatementMax))
        await sql`insert into posting (collection, term, chunk, in_head, in_body, chunk_terms)
          select ${collection}::integer, * from unnest(${columns.terms}::text[], ${columns.chunks}::integer[],
            ${columns.inHead}::integer[], ${columns.inBody}::integer[], ${columns.chunkTerms}::integer[])`.execute(
          database,
        )
      }
    },
    async remove(database, collection, chunks) {
      await sql`delete from posting
        where collection = ${collection} and chunk = any(${[...chunks]}::integer[])`.execute(database)
    },
    async search(database, { collection, chunkCount, termCount, terms, hitsMax }) {
      const { rows } = await sql<Hit>`
        with hit as (
          select term, chunk, chunk_terms, in_head * ${headWeight}::float8 + in_body as frequency
          from posting where collection = ${collection} and term = any(${[...terms]}::text[])
        ), weight as (
          select term, greatest(${idfMin}::float8, ln((${chunkCount}::float8 - count(*) + 0.5) / (count(*) + 0.5))) as idf
          from hit group by term
        ), scored as (
          select chunk, sum(idf * frequency * (${k1}::float8 + 1) / (frequency + ${k1}::float8
            * (1 - ${b}::float8 + ${b}::float8 * chunk_terms * ${chunkCount}::float8 / ${termCount}::float8))) as score
          from hit join weight using (term) group by chunk
        )
        select chunk, score from scored order by round(score::numeric, 9) desc, chunk limit ${hitsMax}`.execute(
        database,
      )
      return rows
    },
  }
}

interface Columns {
  readonly terms: string[]
  readonly chunks: number[]
  readonly inHead: number[]
  readonly inBody: number[]
  readonly chunkTerms: number[]
}

function toColumns(entries: readonly IndexEntry[]): Columns {
  const columns: Columns = { terms: [], chunks: [], inHead: [], inBody: [], chunkTerms: [] }
  for (const { chunk, head, body } of entries) {
    const inHead = countTerms(head)
    const inBody = countTerms(body)
    for (const term of new Set([...inHead.keys(), ...inBody.keys()])) {
      columns.terms.push(term)
      columns.chunks.push(chunk)
      columns.inHead.push(inHead.get(term) ?? 0)
      columns.inBody.push(inBody.get(term) ?? 0)
      columns.chunkTerms.push(head.length + body.length)
    }
  }
  return columns
}

function countTerms(terms: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  return counts
}
