import { sql, type Kysely } from 'kysely'
import type { Picodollars } from '../../../core/money.ts'
import type { Tables } from '../../../store/index.ts'
import { inParts } from '../entries/store.ts'
import type { ChunkRow, EntryRow } from '../store.ts'

export type PlanRow = Tables['context_plan']
/** A plan as it is read. */
export interface Plan extends Omit<PlanRow, 'cost'> {
  readonly cost: number | bigint | null
}

/** An entry whose contexts are to be written or taken out, with its document. */
export interface DueEntry extends EntryRow {
  readonly region: string | null
  readonly name: string
  readonly version_title: string | null
  readonly text: string
}

export interface KeptContext {
  readonly key: string
  readonly context: string
  readonly cost: number | bigint | null
}

/** What an answer came to; `undefined` where it is not known. */
export interface Spent {
  readonly cost: Picodollars | undefined
  readonly inputTokens: number | undefined
  readonly cachedTokens: number | undefined
  readonly outputTokens: number | undefined
}

export interface DocumentPlace {
  readonly tenant: string
  readonly document: string
}

/** Passages in force of a collection: all, those with a context, and how many lack one for which reason. */
export interface ContextCounts {
  readonly passages: number
  readonly written: number
  /** Those that were not handled under the plan yet. */
  readonly waiting: number
  readonly faults: Readonly<Record<string, number>>
}

export interface Claim {
  readonly collection: number
  readonly owner: string
  readonly nowMs: number
  readonly untilMs: number
}

/** The SQL of written contexts. */
export interface ContextRows {
  listPlans(): Promise<readonly Plan[]>
  findPlan(collection: number): Promise<Plan | undefined>
  /** Inserts it, or has the one that is there go on with another model, account or aim. */
  writePlan(
    row: Pick<PlanRow, 'collection' | 'tenant' | 'model' | 'principal' | 'state' | 'created_at_ms'>,
  ): Promise<void>
  updatePlan(collection: number, changes: { readonly fault: string | null }): Promise<void>
  /** Unless it has another aim by now. */
  deleteRemoved(collection: number): Promise<void>
  /** Adds an answer to what the plan has come to. */
  addSpent(collection: number, spent: Spent): Promise<void>
  /** Whether this process is at work on it from now on: nobody else is. */
  claim(claim: Claim): Promise<boolean>
  release(collection: number, owner: string): Promise<void>
  /** The next entry in force after a number that was not handled under that key. */
  findDue(collection: number, wanted: { readonly after: number; readonly key: string }): Promise<DueEntry | undefined>
  /** The next entry after a number, of the past too, that was handled under any. */
  findHandled(collection: number, after: number): Promise<DueEntry | undefined>
  /** Entries in force of which passages have no context for some reason are due again. */
  resetFaults(collection: number): Promise<void>
  setHandled(entry: Pick<EntryRow, 'collection' | 'number'>, key: string | null): Promise<void>
  setFaults(chunks: readonly Pick<ChunkRow, 'tenant' | 'collection' | 'number' | 'context_fault'>[]): Promise<void>
  listKept(place: DocumentPlace): Promise<readonly KeptContext[]>
  /** Unless it is there, or the document is not. */
  keep(place: DocumentPlace, kept: KeptContext): Promise<void>
  /** All but those of the keys. */
  forget(place: DocumentPlace, keys: ReadonlySet<string>): Promise<void>
  /** Everything that was written of a document, of its earlier versions too. */
  listContexts(tenant: string, document: string): Promise<readonly string[]>
  /** Whether a text stands in what was written of any document that is kept, of any tenant. */
  isContextKept(text: string): Promise<boolean>
  count(collection: number, key: string): Promise<ContextCounts>
}

export function createContextRows(database: Kysely<Tables>): ContextRows {
  return { ...createPlanRows(database), ...createDueRows(database), ...createKeptRows(database) }
}

type PlanPart = Pick<
  ContextRows,
  'listPlans' | 'findPlan' | 'writePlan' | 'updatePlan' | 'deleteRemoved' | 'addSpent' | 'claim' | 'release'
>

function createPlanRows(database: Kysely<Tables>): PlanPart {
  const plans = database.selectFrom('context_plan').selectAll()
  const changed = (collection: number) => database.updateTable('context_plan').where('collection', '=', collection)
  return {
    listPlans: () => plans.orderBy('collection').execute(),
    findPlan: (collection) => plans.where('collection', '=', collection).executeTakeFirst(),
    async writePlan(row) {
      const none = { asked: 0, unpriced: 0, cost: 0n, input_tokens: 0, cached_tokens: 0, output_tokens: 0 }
      const { model, principal, state } = row
      await database
        .insertInto('context_plan')
        .values({ ...row, ...none, fault: null, held_by: null, held_until_ms: 0 })
        .onConflict((conflict) => conflict.column('collection').doUpdateSet({ model, principal, state, fault: null }))
        .execute()
    },
    async updatePlan(collection, changes) {
      await changed(collection).set(changes).execute()
    },
    async deleteRemoved(collection) {
      const removed = database.deleteFrom('context_plan').where('state', '=', 'removing')
      await removed.where('collection', '=', collection).execute()
    },
    async addSpent(collection, { cost, inputTokens, cachedTokens, outputTokens }) {
      await sql`update context_plan set asked = asked + 1, unpriced = unpriced + ${cost === undefined ? 1 : 0},
        cost = cost + cast(${cost ?? 0n} as bigint), input_tokens = input_tokens + ${inputTokens ?? 0},
        cached_tokens = cached_tokens + ${cachedTokens ?? 0}, output_tokens = output_tokens + ${outputTokens ?? 0}
        where collection = ${collection}`.execute(database)
    },
    async claim({ collection, owner, nowMs, untilMs }) {
      const claimed = await changed(collection)
        .set({ held_by: owner, held_until_ms: untilMs })
        .where((build) =>
          build.or([build('held_by', 'is', null), build('held_by', '=', owner), build('held_until_ms', '<', nowMs)]),
        )
        .returning('collection')
        .executeTakeFirst()
      return claimed !== undefined
    },
    async release(collection, owner) {
      await changed(collection).set({ held_by: null, held_until_ms: 0 }).where('held_by', '=', owner).execute()
    },
  }
}

type DuePart = Pick<ContextRows, 'findDue' | 'findHandled' | 'resetFaults' | 'setHandled' | 'setFaults'>

function createDueRows(database: Kysely<Tables>): DuePart {
  const entries = (collection: number, after: number) =>
    database
      .selectFrom('index_entry as entry')
      .innerJoin('document', (join) =>
        join.onRef('document.tenant', '=', 'entry.tenant').onRef('document.id', '=', 'entry.document_id'),
      )
      .innerJoin('document_version as version', (join) =>
        join.onRef('version.tenant', '=', 'entry.tenant').onRef('version.id', '=', 'entry.version_id'),
      )
      .selectAll('entry')
      .select(['document.region', 'version.name', 'version.title as version_title', 'version.text'])
      .where('entry.collection', '=', collection)
      .where('entry.number', '>', after)
      .orderBy('entry.number')
      .limit(1)
  return {
    findDue: (collection, { after, key }) =>
      entries(collection, after)
        .where('entry.to_ms', 'is', null)
        .where((build) => build.or([build('entry.context_key', 'is', null), build('entry.context_key', '!=', key)]))
        .executeTakeFirst(),
    findHandled: (collection, after) =>
      entries(collection, after).where('entry.context_key', 'is not', null).executeTakeFirst(),
    async resetFaults(collection) {
      await database
        .updateTable('index_entry')
        .set({ context_key: null })
        .where('collection', '=', collection)
        .where('to_ms', 'is', null)
        .where((build) =>
          build.exists(
            build
              .selectFrom('chunk')
              .select('chunk.number')
              .whereRef('chunk.collection', '=', 'index_entry.collection')
              .whereRef('chunk.entry', '=', 'index_entry.number')
              .where('chunk.context_fault', 'is not', null),
          ),
        )
        .execute()
    },
    async setHandled({ collection, number }, key) {
      const handled = database.updateTable('index_entry').set({ context_key: key })
      await handled.where('collection', '=', collection).where('number', '=', number).execute()
    },
    async setFaults(chunks) {
      for (const { tenant, collection, number, context_fault } of chunks) {
        const changed = database.updateTable('chunk').set({ context_fault }).where('tenant', '=', tenant)
        await changed.where('collection', '=', collection).where('number', '=', number).execute()
      }
    },
  }
}

type KeptPart = Pick<ContextRows, 'listKept' | 'keep' | 'forget' | 'listContexts' | 'isContextKept' | 'count'>

function createKeptRows(database: Kysely<Tables>): KeptPart {
  const kept = ({ tenant, document }: DocumentPlace) =>
    database.selectFrom('chunk_context').where('tenant', '=', tenant).where('document_id', '=', document)
  return {
    listKept: (place) => kept(place).select(['key', 'context', 'cost']).execute(),
    async keep({ tenant, document }, { key, context, cost }) {
      await database
        .insertInto('chunk_context')
        .columns(['tenant', 'document_id', 'key', 'context', 'cost'])
        .expression((build) =>
          build
            .selectFrom('document')
            .select([
              'document.tenant',
              'document.id',
              build.val(key).as('key'),
              build.val(context).as('context'),
              sql<bigint | null>`cast(${cost} as bigint)`.as('cost'),
            ])
            .where('document.tenant', '=', tenant)
            .where('document.id', '=', document),
        )
        .onConflict((conflict) => conflict.columns(['tenant', 'document_id', 'key']).doNothing())
        .execute()
    },
    async forget(place, keys) {
      const gone = (await kept(place).select('key').execute()).map(({ key }) => key).filter((key) => !keys.has(key))
      await inParts(gone, async (part) => {
        await database
          .deleteFrom('chunk_context')
          .where('tenant', '=', place.tenant)
          .where('document_id', '=', place.document)
          .where('key', 'in', part)
          .execute()
        return []
      })
    },
    async listContexts(tenant, document) {
      const written = await kept({ tenant, document }).select('context').execute()
      const found = await database
        .selectFrom('chunk')
        .innerJoin('index_entry as entry', (join) =>
          join.onRef('entry.collection', '=', 'chunk.collection').onRef('entry.number', '=', 'chunk.entry'),
        )
        .select('chunk.context')
        .where('entry.tenant', '=', tenant)
        .where('entry.document_id', '=', document)
        .where('chunk.context', 'is not', null)
        .execute()
      return [...new Set([...written, ...found].flatMap(({ context }) => (context === null ? [] : [context])))]
    },
    async isContextKept(text) {
      const { rows } = await sql<{ readonly kept: number }>`select
        (case when exists (select 1 from chunk_context where replace(context, ${text}, '') != context) then 1 else 0 end)
        + (case when exists (select 1 from chunk where context is not null and replace(context, ${text}, '') != context)
          then 1 else 0 end) as kept`.execute(database)
      return Number(rows[0]?.kept ?? 0) > 0
    },
    count: (collection, key) => countContexts(database, collection, key),
  }
}

async function countContexts(database: Kysely<Tables>, collection: number, key: string): Promise<ContextCounts> {
  const { rows } = await sql<CountRow>`select chunk.context_fault as fault, count(*) as passages,
      count(chunk.context) as written, sum(case when entry.context_key = ${key} then 0 else 1 end) as waiting
    from chunk join index_entry entry on entry.collection = chunk.collection and entry.number = chunk.entry
    where chunk.collection = ${collection} and entry.to_ms is null group by chunk.context_fault`.execute(database)
  const sum = (of: 'passages' | 'written' | 'waiting') => rows.reduce((total, row) => total + Number(row[of]), 0)
  const faults = rows.flatMap(({ fault, passages, waiting }) => {
    const count = Number(passages) - Number(waiting)
    return fault === null || count === 0 ? [] : [[fault, count] as const]
  })
  return {
    passages: sum('passages'),
    written: sum('written'),
    waiting: sum('waiting'),
    faults: Object.fromEntries(faults),
  }
}

interface CountRow {
  readonly fault: string | null
  readonly passages: number
  readonly written: number
  readonly waiting: number
}
