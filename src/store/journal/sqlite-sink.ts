import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { openSqlite, toRow } from '../sqlite.ts'
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
  type Sink,
} from './sink.ts'

/** The embedded database, on a connection of its own. */
export function createSqliteSink(path: string): Sink {
  const database = openSqlite(path)
  const insertCall = database.prepare(
    `insert or ignore into call (${callColumns.join(', ')}) values (${marks(callColumns)})`,
  )
  const insertIntent = database.prepare(
    `insert into intent (${intentColumns.join(', ')}) values (${marks(intentColumns)})
    on conflict (root_id, call_id) do update set ${intentUpdate}`,
  )
  const updateIntent = database.prepare('update intent set answer = ? where root_id = ? and call_id = ?')
  const insertLookup = database.prepare(
    `insert or ignore into call_lookup (${lookupColumns.join(', ')}) values (${marks(lookupColumns)})`,
  )
  const insertOutbox = database.prepare('insert into outbox (journal_id, at_ms, calls) values (?, ?, ?)')
  const deleteIntents = database.prepare('delete from intent where root_id = ?')
  const insertJournal = database.prepare(
    'insert or ignore into journal (id, segment, position, is_closed) values (?, 1, 0, 0)',
  )
  const moveJournal = database.prepare('update journal set segment = ?, position = ?, is_closed = ? where id = ?')
  const findJournal = database.prepare('select segment, position, is_closed from journal where id = ?')
  const listRoots = database.prepare('select distinct root_id from intent where journal_id = ?')
  const listIntents = database.prepare(`select * from intent where journal_id = ? order by root_id, call_id`)
  const deleteJournal = database.prepare('delete from journal where id = ?')

  const side = createSide(database)

  let attendant: Attendant | undefined

  async function write(batch: Batch, followers: Followers): Promise<void> {
    await writeCalls({ insertCall, insertLookup }, batch, followers)
    const { waiting } = followers
    if (waiting.length > 0) insertOutbox.run(batch.journalId, batch.posting.atMs, JSON.stringify(waiting))
    for (const intent of batch.intents) insertIntent.run(...toIntentRow(intent, batch.journalId))
    for (const { answer, rootId, callId } of batch.answers) updateIntent.run(toAnswerText(answer), rootId, callId)
    for (const rootId of batch.closedRootIds) deleteIntents.run(rootId)
    const { segment, offset } = batch.position
    moveJournal.run(segment, offset, batch.isClosing ? 1 : 0, batch.journalId)
  }

  return {
    async open(journalId) {
      insertJournal.run(journalId)
      const row = findJournal.get(journalId)
      return {
        position: { segment: Number(row?.['segment'] ?? 1), offset: Number(row?.['position'] ?? 0) },
        isClosed: row?.['is_closed'] === 1,
        rootIds: listRoots.all(journalId).map((intent) => String(intent['root_id'])),
      }
    },
    commit: (batch) =>
      commitWith(attendant, (going) =>
        side.transaction(async () => {
          await write(batch, new Followers(going))
          await post(side, batch, batch.posting)
        }),
      ),
    attend(given) {
      attendant = given
    },
    side,
    listIntents: async (journalId) => listIntents.all(journalId).map(fromIntentRow),
    async forget(journalId) {
      deleteJournal.run(journalId)
    },
    async close() {
      database.close()
    },
  }
}

/** The connection, for postings and side works. Their statements are few and mostly of constant words: each is kept. */
function createSide(database: DatabaseSync): SideDatabase {
  const begin = database.prepare('begin immediate')
  const commit = database.prepare('commit')
  const statements = new Map<string, StatementSync>()
  const prepare = (text: string): StatementSync => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text.replaceAll(/\$(?=\d)/g, '?'))
    statement.setReadBigInts(true)
    if (statements.size >= statementsMax) statements.clear()
    statements.set(text, statement)
    return statement
  }
  const rows: Rows = {
    isPostgres: false,
    query: async (text, values) =>
      prepare(text)
        .all(...values)
        .map(toRow),
  }
  return {
    ...rows,
    findTrees: (tenant, rootIds) => findTrees(rows, tenant, rootIds),
    async transaction(work) {
      begin.run()
      try {
        const result = await work()
        commit.run()
        return result
      } catch (thrown) {
        if (database.isTransaction) database.exec('rollback')
        throw thrown
      }
    },
  }
}

const statementsMax = 64

type Inserts = Readonly<Record<'insertCall' | 'insertLookup', StatementSync>>

async function writeCalls(inserts: Inserts, { calls }: Batch, followers: Followers): Promise<void> {
  for (const tree of calls) {
    const written = writeTree(inserts, tree)
    const taken = written.some(isRoot) ? followers.take(written) : undefined
    if (taken !== undefined) await taken
  }
  await followers.end()
}

/** The rows that were not there before: all of them, nearly always. */
function writeTree({ insertCall, insertLookup }: Inserts, tree: readonly CallRow[]): readonly CallRow[] {
  // Values that are not given are NULL: each one bound costs, and most rows have a dozen that are absent.
  const written = tree.filter((row) => insertCall.run(...row).changes === 1)
  for (const row of written) {
    const lookup = toLookup(row)
    if (lookup !== undefined) insertLookup.run(...lookup)
  }
  return written
}

function marks(columns: readonly string[]): string {
  return columns.map(() => '?').join(', ')
}
