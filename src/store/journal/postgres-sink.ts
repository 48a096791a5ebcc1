import type { Client } from 'pg'
import { connectPostgres } from '../postgres.ts'
import { callColumns } from './decode.ts'
import type { SideDatabase } from './messages.ts'
import { post, type Rows } from './posting.ts'
import { findTrees } from './side.ts'
import { fromIntentRow, intentColumns, toIntentRow, toTree, type Batch, type OpenedJournal, type Sink } from './sink.ts'

type Value = string | number | bigint | null

const callTypes: Readonly<Record<string, string>> = {
  started_at_ms: 'bigint',
  duration_ms: 'double precision',
  first_byte_ms: 'double precision',
  input_total: 'bigint',
  cache_read: 'bigint',
  cache_write_5m: 'bigint',
  cache_write_1h: 'bigint',
  output_total: 'bigint',
  reasoning: 'bigint',
  cost: 'bigint',
}
const insertCalls = toInsert('call', callColumns, callTypes)
const insertIntents = toInsert('intent', intentColumns, { at_ms: 'bigint' }).replace(
  /do nothing$/,
  '(root_id, call_id) do update set charges = excluded.charges',
)

/** PostgreSQL, on one connection that is made again after a failure. Rows travel by column, one array each. */
export function createPostgresSink(url: string): Sink {
  let client: Client | undefined

  /** Once more on a new connection when an old one failed: servers drop idle ones, and every act may be repeated. */
  async function run<T>(act: (client: Client) => Promise<T>): Promise<T> {
    const isOld = client !== undefined
    try {
      return await attempt(act)
    } catch (thrown) {
      if (!isOld) throw thrown
      return attempt(act)
    }
  }

  async function attempt<T>(act: (client: Client) => Promise<T>): Promise<T> {
    client ??= await connectPostgres(url)
    try {
      return await act(client)
    } catch (thrown) {
      // A connection in an unknown state is not used again; the server rolls back what was open on it.
      const broken = client
      client = undefined
      await broken.end().catch(() => undefined)
      throw thrown
    }
  }

  return {
    open: (journalId) => run((connection) => openJournal(connection, journalId)),
    commit: (batch) => run((connection) => write(connection, batch)),
    side: createSide(run),
    listIntents: (journalId) =>
      run(async (connection) => {
        const found = await connection.query<Record<string, unknown>>(
          'select * from intent where journal_id = $1 order by root_id, call_id',
          [journalId],
        )
        return found.rows.map(fromIntentRow)
      }),
    forget: (journalId) =>
      run(async (connection) => {
        await connection.query('delete from journal where id = $1', [journalId])
      }),
    async close() {
      await client?.end()
    },
  }
}

type Run = <T>(act: (client: Client) => Promise<T>) => Promise<T>

function createSide(run: Run): SideDatabase {
  /** The connection of the transaction under way: it is not made again inside one. */
  let held: Client | undefined
  const ask = async (
    client: Client,
    text: string,
    values: readonly Value[],
  ): Promise<readonly Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(text, [...values])).rows
  const rows: Rows = {
    isPostgres: true,
    query: (text, values) =>
      held === undefined ? run((client) => ask(client, text, values)) : ask(held, text, values),
  }
  return {
    ...rows,
    findTrees: (tenant, rootIds) => findTrees(rows, tenant, rootIds),
    transaction: (work) =>
      run(async (client) => {
        await client.query('begin')
        held = client
        try {
          const result = await work()
          await client.query('commit')
          return result
        } finally {
          held = undefined
        }
      }),
  }
}

async function openJournal(client: Client, journalId: string): Promise<OpenedJournal> {
  await client.query(
    'insert into journal (id, segment, position, is_closed) values ($1, 1, 0, 0) on conflict do nothing',
    [journalId],
  )
  const found = await client.query<{ segment: number; position: number; is_closed: number }>(
    'select segment, position, is_closed from journal where id = $1',
    [journalId],
  )
  const roots = await client.query<{ root_id: string }>('select distinct root_id from intent where journal_id = $1', [
    journalId,
  ])
  const row = found.rows[0]
  return {
    position: { segment: row?.segment ?? 1, offset: row?.position ?? 0 },
    isClosed: row?.is_closed === 1,
    rootIds: roots.rows.map((intent) => intent.root_id),
  }
}

async function write(client: Client, batch: Batch): Promise<void> {
  await client.query('begin')
  const calls = [...batch.calls]
  if (calls.length > 0) await client.query(insertCalls, toColumns(calls, callColumns.length))
  const trees = calls.map(toTree).filter((tree) => tree !== undefined)
  if (trees.length > 0) {
    const values = [batch.journalId, batch.posting.atMs, JSON.stringify(trees)]
    await client.query('insert into outbox (journal_id, at_ms, calls) values ($1, $2, $3)', values)
  }
  if (batch.intents.length > 0) {
    const rows = batch.intents.map((intent) => toIntentRow(intent, batch.journalId))
    await client.query(insertIntents, toColumns(rows, intentColumns.length))
  }
  if (batch.closedRootIds.length > 0) {
    await client.query('delete from intent where root_id = any($1::text[])', [batch.closedRootIds])
  }
  const { segment, offset } = batch.position
  await client.query('update journal set segment = $1, position = $2, is_closed = $3 where id = $4', [
    segment,
    offset,
    batch.isClosing ? 1 : 0,
    batch.journalId,
  ])
  const query = async (text: string, values: readonly Value[]): Promise<readonly Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(text, [...values])).rows
  await post({ isPostgres: true, query }, batch, batch.posting)
  await client.query('commit')
}

function toInsert(table: string, columns: readonly string[], types: Readonly<Record<string, string>>): string {
  const arrays = columns.map((column, index) => `$${index + 1}::${types[column] ?? 'text'}[]`)
  return `insert into ${table} (${columns.join(', ')}) select * from unnest(${arrays.join(', ')}) on conflict do nothing`
}

function toColumns(rows: readonly (readonly Value[])[], width: number): Value[][] {
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null))
}
