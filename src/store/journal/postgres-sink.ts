import type { Client } from 'pg'
import { connectPostgres } from '../postgres.ts'
import { callColumns, type CallRow } from './decode.ts'
import type { Attendant, SideDatabase } from './messages.ts'
import { post, type Rows } from './posting.ts'
import { findTrees } from './side.ts'
import {
  commitWith,
  Followers,
  fromIntentRow,
  intentColumns,
  intentUpdate,
  isRoot,
  lookupColumns,
  toAnswerText,
  toIntentRow,
  toLookup,
  type Batch,
  type OpenedJournal,
  type Sink,
} from './sink.ts'

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
/** Gives the roots that were not there before. */
const insertCalls = `with written as (${toInsert('call', callColumns, callTypes)} returning tenant, root_id, id)
  select tenant, root_id from written where id = root_id`
const insertIntents = toInsert('intent', intentColumns, { at_ms: 'bigint' }).replace(
  /do nothing$/,
  `(root_id, call_id) do update set ${intentUpdate}`,
)
const insertLookups = toInsert('call_lookup', lookupColumns, { started_at_ms: 'bigint', next_at_ms: 'bigint' })

/** PostgreSQL, on one connection that is made again after a failure. Rows travel by column, one array each. */
export function createPostgresSink(url: string): Sink {
  let client: Client | undefined
  let attendant: Attendant | undefined

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

  const { side, transaction } = createSide(run)
  return {
    open: (journalId) => run((connection) => openJournal(connection, journalId)),
    commit: (batch) =>
      commitWith(attendant, (going) =>
        transaction(async (connection) => {
          const fresh = await writeCalls(connection, batch)
          await write(connection, batch)
          await post(side, batch, batch.posting)
          // Last, because it may hold what other processes wait for.
          await writeFollowing(connection, batch, { fresh, followers: new Followers(going) })
        }),
      ),
    attend(given) {
      attendant = given
    },
    side,
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

interface Side {
  readonly side: SideDatabase
  /** As that of the side, for who asks the connection itself. */
  readonly transaction: <T>(work: (client: Client) => Promise<T>) => Promise<T>
}

function createSide(run: Run): Side {
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
  const transaction = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    run(async (client) => {
      await client.query('begin')
      held = client
      try {
        const result = await work(client)
        await client.query('commit')
        return result
      } finally {
        held = undefined
      }
    })
  const side = {
    ...rows,
    findTrees: (tenant: string, rootIds: readonly string[]) => findTrees(rows, tenant, rootIds),
    transaction: <T>(work: () => Promise<T>) => transaction(work),
  }
  return { side, transaction }
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

/** The trees whose roots were not there before. */
async function writeCalls(client: Client, { calls }: Batch): Promise<readonly (readonly CallRow[])[]> {
  const trees = [...calls]
  if (trees.length === 0) return []
  const written = await client.query<{ tenant: string; root_id: string }>(
    insertCalls,
    toColumns(trees.flat(), callColumns.length),
  )
  const lookups = trees.flatMap((tree) => tree.map(toLookup)).filter((lookup) => lookup !== undefined)
  if (lookups.length > 0) await client.query(insertLookups, toColumns(lookups, lookupColumns.length))
  const roots = new Set(written.rows.map((row) => `${row.root_id} ${row.tenant}`))
  return trees.filter((tree) => {
    const root = tree.find(isRoot)
    return root !== undefined && roots.has(`${String(root[1])} ${String(root[0])}`)
  })
}

interface Following {
  readonly fresh: readonly (readonly CallRow[])[]
  readonly followers: Followers
}

async function writeFollowing(client: Client, batch: Batch, { fresh, followers }: Following): Promise<void> {
  for (const tree of fresh) await followers.take(tree)
  await followers.end()
  const { waiting } = followers
  if (waiting.length === 0) return
  const values = [batch.journalId, batch.posting.atMs, JSON.stringify(waiting)]
  await client.query('insert into outbox (journal_id, at_ms, calls) values ($1, $2, $3)', values)
}

async function write(client: Client, batch: Batch): Promise<void> {
  if (batch.intents.length > 0) {
    const rows = batch.intents.map((intent) => toIntentRow(intent, batch.journalId))
    await client.query(insertIntents, toColumns(rows, intentColumns.length))
  }
  for (const { answer, rootId, callId } of batch.answers) {
    const values = [toAnswerText(answer), rootId, callId]
    await client.query('update intent set answer = $1 where root_id = $2 and call_id = $3', values)
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
}

function toInsert(table: string, columns: readonly string[], types: Readonly<Record<string, string>>): string {
  const arrays = columns.map((column, index) => `$${index + 1}::${types[column] ?? 'text'}[]`)
  return `insert into ${table} (${columns.join(', ')}) select * from unnest(${arrays.join(', ')}) on conflict do nothing`
}

function toColumns(rows: readonly (readonly Value[])[], width: number): Value[][] {
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null))
}
