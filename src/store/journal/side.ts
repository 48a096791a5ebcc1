import { toTrees, type CallTree } from '../calls.ts'
import type { Rows } from './posting.ts'

/** `CallReader.findTrees` in plain SQL, for who does without the builder of queries. */
export async function findTrees(rows: Rows, tenant: string, rootIds: readonly string[]): Promise<readonly CallTree[]> {
  if (rootIds.length === 0) return []
  const listed = rows.isPostgres ? 'select json_array_elements_text($2::json)' : 'select value from json_each($2)'
  const text = `select * from call where tenant = $1 and root_id in (${listed}) order by root_id, id`
  return toTrees(await rows.query(text, [tenant, JSON.stringify(rootIds)]))
}
