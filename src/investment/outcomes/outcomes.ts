import { createHash } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { actOn, opened, standAt, type OutcomeRules, type OutcomeStanding } from './machine.ts'
import { estimateReturn, type ReturnReport } from './return.ts'
import {
  kindSchema,
  toAssumptions,
  type Assumptions,
  type NewOutcome,
  type OutcomeActRequest,
  type OutcomeKind,
} from './schema.ts'
import {
  createOutcomeQueries,
  createOutcomeStore,
  type SqlHandle,
  type ActRow,
  type OutcomeFilter,
  type OutcomeQueries,
  type OutcomeRow,
  type OutcomeStore,
} from './store.ts'

/** Tasks and what became of them: the ground of prices per outcome and of the return on the whole. */
export interface Outcomes {
  /** The same kind again changes nothing; another under its id is a CONFLICT, because outcomes stand under it. */
  putKind(tenant: string, kind: OutcomeKind): Promise<OutcomeKind>
  listKinds(tenant: string): Promise<readonly OutcomeKind[]>
  /** Opens a task, once for each id, and says on which side of the comparison it is. */
  open(tenant: string, outcome: NewOutcome): Promise<OutcomeView>
  /** Rejects with NOT_FOUND, or CONFLICT for an act that the state does not allow. */
  act(tenant: string, id: string, request: OutcomeActRequest): Promise<OutcomeView>
  get(tenant: string, id: string): Promise<OutcomeView>
  list(tenant: string, filter: OutcomeFilter): Promise<readonly OutcomeView[]>
  /** What was reached and what it cost, of the tasks opened in a stretch of time. */
  report(tenant: string, filter: OutcomeFilter): Promise<OutcomeReport>
  estimate(
    tenant: string,
    filter: OutcomeFilter,
    assumptions: Assumptions,
  ): Promise<ReturnReport & { readonly report: OutcomeReport }>
  /** The same as a meter, read where the given handle reads: a transaction under way sees itself only. */
  on(sql: SqlHandle): OutcomeMeter
}

export interface OutcomeMeter {
  /** What settled in a stretch of time and was not taken back since, by kind: a reversal changes the period it was settled in. */
  read(
    tenant: string,
    account: string,
    span: { readonly startMs: number; readonly endMs: number },
  ): Promise<readonly OutcomeReading[]>
}

export interface OutcomeReading {
  readonly meter: string
  readonly quantity: string
  readonly parts: readonly { readonly dimensions: Readonly<Record<string, string>>; readonly quantity: string }[]
}

export interface OutcomeView extends OutcomeStanding {
  readonly id: string
  readonly kind: string
  readonly account: string
  readonly arm: 'treated' | 'holdout'
  readonly openedAtMs: number
  readonly escalated: boolean
  readonly calls: readonly string[]
  readonly acts: readonly { readonly act: string; readonly atMs: number; readonly note: string | undefined }[]
}

/** Of the treated arm unless said otherwise. Money is picodollars. */
export interface OutcomeReport {
  readonly tasks: number
  readonly byState: Readonly<Record<OutcomeStanding['state'], number>>
  readonly escalated: number
  readonly reopened: number
  readonly holdout: { readonly tasks: number; readonly settled: number } | undefined
  /** Of all calls of all tasks, failed attempts included; tasks whose calls have a cost that is not known are counted apart. */
  readonly cost: bigint
  readonly unknownCost: number
  /** Cost of all tasks ÷ settled ones; `undefined` when none has settled or a cost is not known. */
  readonly costPerResolved: bigint | undefined
}

export interface OutcomesDeps {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'flush'>
  readonly clock: Clock
}

const hourMs = 3_600_000

export function createOutcomes(deps: OutcomesDeps): Outcomes {
  const store = createOutcomeStore(deps.store)
  const now = (): number => Math.trunc(deps.clock.now())
  const listOn = async (
    queries: OutcomeQueries,
    tenant: string,
    filter: OutcomeFilter,
  ): Promise<readonly OutcomeView[]> => {
    const rules = await rulesOf(queries, tenant)
    const found = await queries.list(tenant, filter)
    return found.map(({ outcome, acts }) => toView(outcome, acts, { rules: rules(outcome.kind), atMs: now() }))
  }
  const list = (tenant: string, filter: OutcomeFilter): Promise<readonly OutcomeView[]> => listOn(store, tenant, filter)
  const report = async (tenant: string, filter: OutcomeFilter): Promise<OutcomeReport> => {
    await store.flush()
    const views = await list(tenant, { ...filter, limit: undefined })
    return toReport(
      views,
      await store.costOfCalls(
        tenant,
        views.flatMap(({ calls }) => calls),
      ),
    )
  }
  return {
    ...actsOf(store, now),
    list,
    report,
    async estimate(tenant, filter, assumptions) {
      const found = await report(tenant, filter)
      return { ...estimateReturn(toInputs(found, assumptions)), report: found }
    },
    on: (sql) => ({
      async read(tenant, account, { startMs, endMs }) {
        const views = await listOn(createOutcomeQueries(sql), tenant, { account, openedBeforeMs: endMs })
        const kinds = [...new Set(views.map(({ kind }) => kind))]
        const isIn = (atMs: number | undefined): boolean => atMs !== undefined && atMs >= startMs && atMs < endMs
        return kinds.map((kind) => {
          const own = views.filter((view) => view.kind === kind && view.arm === 'treated' && view.state === 'settled')
          const settled = own.filter(({ settledAtMs }) => isIn(settledAtMs)).length
          return { meter: `outcome:${kind}`, quantity: String(settled), parts: [] }
        })
      },
    }),
  }
}

function actsOf(
  store: OutcomeStore,
  now: () => number,
): Pick<Outcomes, 'putKind' | 'listKinds' | 'open' | 'act' | 'get'> {
  const view = async (queries: OutcomeQueries, tenant: string, id: string): Promise<OutcomeView> => {
    const outcome = await queries.find(tenant, id)
    if (outcome === undefined) throw new PlatformError('NOT_FOUND', `there is no outcome ${id.slice(0, 200)}`)
    const rules = await rulesOf(queries, tenant)
    return toView(outcome, await queries.listActs(tenant, id), { rules: rules(outcome.kind), atMs: now() })
  }
  return {
    putKind: (tenant, kind) =>
      store.inTransaction(async (queries) => {
        const body = JSON.stringify(kind)
        const before = await queries.findKind(tenant, kind.id)
        if (before !== undefined && before.body !== body)
          throw new PlatformError('CONFLICT', `there is another kind ${kind.id}; outcomes stand under it`)
        if (before === undefined) await queries.insertKind({ tenant, id: kind.id, body, created_at_ms: now() })
        return kind
      }),
    listKinds: async (tenant) => (await store.listKinds(tenant)).map(({ body }) => kindSchema.parse(JSON.parse(body))),
    open: (tenant, outcome) =>
      store.inTransaction(async (queries) => {
        const kindRow = await queries.findKind(tenant, outcome.kind)
        if (kindRow === undefined)
          throw new PlatformError(
            'NOT_FOUND',
            `there is no kind of outcome ${outcome.kind}; POST /v1/outcomes/kinds defines one`,
            { param: 'kind' },
          )
        const before = await queries.find(tenant, outcome.id)
        if (before !== undefined && (before.kind !== outcome.kind || before.account !== outcome.account)) {
          throw new PlatformError('CONFLICT', `the id ${outcome.id} stands for another task`, { param: 'id' })
        }
        if (before === undefined) {
          const kind = kindSchema.parse(JSON.parse(kindRow.body))
          const atMs = instantOf(outcome.at, now())
          const arm = isHeldOut(tenant, outcome.id, kind.holdout_percent) ? 'holdout' : 'treated'
          await queries.insert({
            tenant,
            id: outcome.id,
            kind: outcome.kind,
            account: outcome.account,
            arm,
            opened_at_ms: atMs,
            calls: JSON.stringify(outcome.calls),
          })
        }
        return view(queries, tenant, outcome.id)
      }),
    act: (tenant, id, request) =>
      store.inTransaction(async (queries) => {
        await addAct(queries, { tenant, id, request, nowMs: now() })
        return view(queries, tenant, id)
      }),
    get: (tenant, id) => view(store, tenant, id),
  }
}

interface NewAct {
  readonly tenant: string
  readonly id: string
  readonly request: OutcomeActRequest
  readonly nowMs: number
}

/** Adds an act to the record, if the task as it stands then allows it. */
async function addAct(queries: OutcomeQueries, { tenant, id, request, nowMs }: NewAct): Promise<void> {
  const outcome = await queries.find(tenant, id)
  if (outcome === undefined) throw new PlatformError('NOT_FOUND', `there is no outcome ${id.slice(0, 200)}`)
  const rules = (await rulesOf(queries, tenant))(outcome.kind)
  const acts = await queries.listActs(tenant, id)
  const atMs = instantOf(request.at, nowMs)
  if (atMs < Math.max(outcome.opened_at_ms, ...acts.map((act) => act.at_ms))) {
    throw new PlatformError('CONFLICT', 'an act cannot come before one that is on record', { param: 'at' })
  }
  const act = toAct(request)
  if (act !== undefined) actOn(toView(outcome, acts, { rules, atMs }), act, { atMs, rules })
  const body = JSON.stringify(request)
  const times = { at_ms: atMs, recorded_at_ms: nowMs }
  await queries.insertAct({ tenant, outcome: id, number: acts.length + 1, act: request.act, body, ...times })
}

/** An instant that lies ahead of the clock is refused: what has not happened counts for nothing. */
function instantOf(text: string | undefined, nowMs: number): number {
  const atMs = text === undefined ? nowMs : Date.parse(text)
  if (atMs > nowMs + 300_000) throw new PlatformError('INVALID_REQUEST', `${text} has not come yet`, { param: 'at' })
  return atMs
}

function toAct(request: OutcomeActRequest) {
  switch (request.act) {
    case 'claim':
      return { type: 'claim', evidence: request.evidence } as const
    case 'confirm':
      return { type: 'confirm', by: request.by, evidence: request.evidence } as const
    case 'reopen':
      return { type: 'reopen', reason: request.reason } as const
    case 'reverse':
      return { type: 'reverse', reason: request.reason } as const
    case 'escalate':
    case 'calls':
      return undefined // They say something of the task, and leave its state.
  }
}

/** Held out by the id alone: the same task is on the same side whenever it is asked for, and nobody can choose. */
function isHeldOut(tenant: string, id: string, percent: number): boolean {
  const drawn = createHash('sha256').update(`holdout\n${tenant}\n${id}`).digest().readUInt32BE(0)
  return drawn / 4_294_967_296 < percent / 100
}

async function rulesOf(queries: OutcomeQueries, tenant: string): Promise<(kind: string) => OutcomeRules> {
  const kinds = new Map(
    (await queries.listKinds(tenant)).map(({ id, body }) => [id, kindSchema.parse(JSON.parse(body))]),
  )
  return (id) => {
    const kind = kinds.get(id)
    return { reopenWindowMs: (kind?.reopen_hours ?? 72) * hourMs, silenceCounts: kind?.silence ?? true }
  }
}

function toView(
  row: OutcomeRow,
  acts: readonly ActRow[],
  { rules, atMs }: { readonly rules: OutcomeRules; readonly atMs: number },
): OutcomeView {
  let standing = opened
  let escalated = false
  const calls: string[] = [...(JSON.parse(row.calls) as readonly string[])] // written here
  const told = acts.map((each) => {
    const request = JSON.parse(each.body) as OutcomeActRequest // written here
    const act = toAct(request)
    if (act !== undefined) standing = actOn(standing, act, { atMs: each.at_ms, rules })
    if (request.act === 'escalate') escalated = true
    if (request.act === 'calls') calls.push(...request.calls)
    const note = 'evidence' in request ? request.evidence : 'reason' in request ? request.reason : undefined
    return { act: request.act, atMs: each.at_ms, note }
  })
  const { id, kind, account, arm } = row
  return {
    ...standAt(standing, atMs, rules),
    id,
    kind,
    account,
    arm,
    openedAtMs: row.opened_at_ms,
    escalated,
    calls,
    acts: told,
  }
}

function toReport(views: readonly OutcomeView[], costs: ReadonlyMap<string, bigint>): OutcomeReport {
  const treated = views.filter(({ arm }) => arm === 'treated')
  const held = views.filter(({ arm }) => arm === 'holdout')
  const count = (state: OutcomeStanding['state']): number => treated.filter((view) => view.state === state).length
  const unknown = treated.filter(({ calls }) => calls.some((call) => !costs.has(call)))
  const cost = treated
    .flatMap(({ calls }) => [...new Set(calls)])
    .reduce((total, call) => total + (costs.get(call) ?? 0n), 0n)
  const settled = count('settled')
  return {
    tasks: treated.length,
    byState: {
      opened: count('opened'),
      claimed: count('claimed'),
      provisional: count('provisional'),
      settled,
      reversed: count('reversed'),
    },
    escalated: treated.filter((view) => view.escalated).length,
    reopened: treated.reduce((total, view) => total + view.reopened, 0),
    holdout:
      held.length === 0
        ? undefined
        : { tasks: held.length, settled: held.filter(({ state }) => state === 'settled').length },
    cost,
    unknownCost: unknown.length,
    costPerResolved: settled === 0 || unknown.length > 0 ? undefined : cost / BigInt(settled),
  }
}

function toInputs(report: OutcomeReport, given: Assumptions) {
  return {
    treated: { tasks: report.tasks, settled: report.byState.settled },
    holdout: report.holdout,
    escalated: report.escalated,
    reopened: report.reopened,
    modelCost: Number(report.cost) / 1e12,
    assumptions: toAssumptions(given),
  }
}
