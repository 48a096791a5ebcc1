import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import type { Filter } from './parse.ts'

/**
 * Numbers of the entries of a collection that every filter lets through. `fold` is what titles and sources were folded by. What
 * is not known of an entry passes no filter but one that excludes.
 */
export async function listFiltered(
  database: Kysely<Tables>,
  collection: number,
  { filters, fold }: { readonly filters: readonly Filter[]; readonly fold: (text: string) => string },
): Promise<readonly number[]> {
  const conditions = filters.map((filter) => toCondition(filter, fold))
  const { rows } = await sql<{ readonly number: number }>`
    select number from index_entry where collection = ${collection} and ${sql.join(conditions, sql` and `)}`.execute(
    database,
  )
  return rows.map((row) => row.number)
}

function toCondition(filter: Filter, fold: (text: string) => string): RawBuilder<boolean> {
  if ('atMs' in filter) {
    return filter.field === 'before' ? sql<boolean>`from_ms < ${filter.atMs}` : sql<boolean>`from_ms >= ${filter.atMs}`
  }
  const { field, value, isExcluded } = filter
  const known = sql`coalesce(${sql.ref(field)}, '')`
  const holds =
    field === 'title' || field === 'source'
      ? sql<boolean>`replace(${known}, ${fold(value)}, '') <> ${known}`
      : sql<boolean>`(${known} = ${value.toLowerCase()} or substr(${known}, 1, ${value.length + 1}) = ${`${value.toLowerCase()}-`})`
  return isExcluded ? sql<boolean>`not ${holds}` : holds
}
