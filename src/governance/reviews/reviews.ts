import { createHash } from 'node:crypto'
import type { Config } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import { toIso, type Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import type { AuditLog } from '../audit/index.ts'
import { toDecision, toReview, type Review, type ReviewDecision } from './review.ts'
import { maySee, requireCompetence, toView } from './rights.ts'
import { createReviewStore, type ReviewQueries, type ReviewRow, type ReviewTransaction } from './store.ts'

/** What is held for people, and what they decided. A review ends once; what it lets through, it lets through once. */
export interface Reviews {
  /** Holds something. Rejects with OVERLOADED when too much is held, POLICY_REVIEW when it is too large to be. */
  open(held: NewReview): Promise<Review>
  /** As it is now: overdue ones have ended. Rejects with NOT_FOUND. */
  get(tenant: string, id: string): Promise<Review>
  /** What the viewer may see, newest first. */
  list(viewer: Principal, page: ReviewPage): Promise<readonly Review[]>
  /** With the words and the decisions. Rejects with NOT_FOUND, also where the viewer may not see it. */
  show(viewer: Principal, id: string): Promise<ReviewFile>
  /** Rejects with FORBIDDEN, and with CONFLICT when it has ended, is overdue, has changed, or the person has decided. */
  decide(decider: Principal, id: string, ruling: Ruling): Promise<Review>
  /** Lets through what was accepted or overridden, this once. Rejects with CONFLICT the next time. */
  claim(tenant: string, id: string, call: string): Promise<ReviewFile>
  /** Ends what is overdue and erases words that were kept long enough. Happens by itself every ten seconds. */
  sweep(): Promise<{ readonly expired: number; readonly erased: number }>
  close(): void
}

export interface NewReview {
  readonly stage: Review['stage']
  readonly principal: Principal
  readonly askers: readonly string[]
  readonly useCase: string | undefined
  readonly call: string
  readonly model: string
  readonly dialect: string
  readonly reason: string
  readonly persons: number
  readonly requestHash: string
  /** JSON. */
  readonly request: string
  /** JSON; of the stage `answer` only. */
  readonly answer: string | undefined
}

export interface ReviewPage {
  readonly state: Review['state'] | undefined
  readonly before: string | undefined
  readonly limit: number
}

/** A review with everything that is kept of it; words that were erased are `undefined`. */
export interface ReviewFile {
  readonly review: Review
  readonly decisions: readonly ReviewDecision[]
  readonly request: string | undefined
  readonly answer: string | undefined
  readonly override: string | undefined
}

export interface Ruling {
  readonly decision: 'accept' | 'override' | 'stop'
  readonly reason: string
  /** What is answered instead; with `override` only. */
  readonly text?: string | undefined
  /** The version that was looked at; the present one when absent. */
  readonly version?: number | undefined
}

export interface ReviewDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log: EventLog
  readonly audit: Pick<AuditLog, 'act'>
  /** Read at each use, so that a reload counts. */
  readonly config: () => Config['governance']['reviews']
}

const sweepMs = 10_000
const sweepRowsMax = 200
const overridesMax = 16
const dayMs = 86_400_000

export function createReviews(deps: ReviewDeps): Reviews {
  const rows = createReviewStore(deps.store)
  const nowMs = (): number => Math.trunc(deps.clock.now())
  const timer = setInterval(() => {
    reviews.sweep().catch((thrown: unknown) => {
      deps.log.warn({ reason: thrown instanceof Error ? thrown.message : 'unexpected' }, 'reviews could not be swept')
    })
  }, sweepMs).unref()

  /** The review with what is overdue ended; NOT_FOUND for another tenant's. */
  async function settle(tenant: string, id: string): Promise<Review> {
    const row = await rows.find(tenant, id)
    if (row === undefined) throw notFound()
    if (row.state !== 'pending' || row.deadline_ms > nowMs()) return toReview(row)
    await rows.exclusively(row, async (held, queries, sql) => {
      if (held?.state === 'pending') await expire(deps, { row: held, queries, sql })
    })
    return toReview((await rows.find(tenant, id)) ?? row)
  }

  const reviews: Reviews = {
    open: (held) => open(deps, rows, held),
    get: settle,
    async list(viewer, page) {
      const view = toView(deps.config().reviewers, viewer)
      const { keyId, useCases } = view
      const found = await rows.list({ tenant: viewer.tenant, ...page, keyId, useCases })
      return Promise.all(
        found.map((row) => (row.state === 'pending' ? settle(row.tenant, row.id) : Promise.resolve(toReview(row)))),
      )
    },
    async show(viewer, id) {
      const review = await settle(viewer.tenant, id)
      const row = await rows.find(viewer.tenant, id)
      if (row === undefined || !maySee(deps.config().reviewers, viewer, review)) throw notFound()
      return toFile(rows, row)
    },
    async decide(decider, id, ruling) {
      await settle(decider.tenant, id)
      await rows.exclusively({ tenant: decider.tenant, id }, async (row, queries, sql) => {
        if (row === undefined) throw notFound()
        await decide(deps, { row, queries, sql }, { decider, ruling })
      })
      return settle(decider.tenant, id)
    },
    claim: (tenant, id, call) =>
      rows.exclusively({ tenant, id }, async (row, queries, sql) => {
        if (row === undefined) throw notFound()
        return claim(deps, { row, queries, sql }, call)
      }),
    async sweep() {
      const overdue = await rows.listOverdue(nowMs(), sweepRowsMax)
      for (const { tenant, id } of overdue) await settle(tenant, id)
      const erased = await rows.eraseContent(nowMs() - deps.config().contentDays * dayMs)
      return { expired: overdue.length, erased }
    },
    close: () => clearInterval(timer),
  }
  return reviews
}

async function open(deps: ReviewDeps, rows: ReturnType<typeof createReviewStore>, held: NewReview): Promise<Review> {
  const { contentBytesMax, pendingMax, deadlineMs } = deps.config()
  const { tenant, keyId } = held.principal
  const bytes = Buffer.byteLength(held.request) + Buffer.byteLength(held.answer ?? '')
  if (bytes > contentBytesMax) {
    throw new PlatformError('POLICY_REVIEW', `what would be held for review has more than ${contentBytesMax} bytes`)
  }
  const atMs = Math.trunc(deps.clock.now())
  const row: ReviewRow = {
    id: deps.ids.create('review'),
    tenant,
    stage: held.stage,
    state: 'pending',
    call: held.call,
    key_id: keyId,
    askers: JSON.stringify(held.askers),
    use_case: held.useCase ?? null,
    model: held.model,
    dialect: held.dialect,
    reason: held.reason,
    request_hash: held.requestHash,
    answer_hash: held.answer === undefined ? null : hash(held.answer),
    persons: held.persons,
    version: 0,
    created_at_ms: atMs,
    deadline_ms: atMs + deadlineMs,
    ended_at_ms: null,
    used_at_ms: null,
    used_call: null,
  }
  await rows.together(async (queries, sql) => {
    if ((await queries.countPending(tenant)) >= pendingMax) {
      throw new PlatformError('OVERLOADED', `${pendingMax} reviews are undecided already`, { retryAfterMs: 60_000 })
    }
    await queries.insert(row)
    await queries.writeContent({ review: row.id, tenant, part: 'request', text: held.request })
    if (held.answer !== undefined) {
      await queries.writeContent({ review: row.id, tenant, part: 'answer', text: held.answer })
    }
    await deps.audit.act(tenant, toOpenAct(row), sql)
  })
  deps.log.info({ tenant, review: row.id, stage: row.stage }, 'held for review')
  return toReview(row)
}

function toOpenAct(row: ReviewRow): JsonObject {
  return {
    act: 'review.open',
    review: row.id,
    call: row.call,
    stage: row.stage,
    use_case: row.use_case,
    persons: row.persons,
    deadline: toIso(row.deadline_ms),
    request_hash: row.request_hash,
    answer_hash: row.answer_hash,
  }
}

interface Held {
  readonly row: ReviewRow
  readonly queries: ReviewQueries
  readonly sql: ReviewTransaction
}

async function expire(deps: ReviewDeps, { row, queries, sql }: Held): Promise<void> {
  await queries.change(row, { state: 'expired', ended_at_ms: row.deadline_ms })
  await deps.audit.act(row.tenant, { act: 'review.expire', review: row.id }, sql)
}

async function claim(deps: ReviewDeps, { row, queries, sql }: Held, call: string): Promise<ReviewFile> {
  if (row.used_at_ms !== null) throw conflict(`the review was let through already, for the call ${row.used_call}`)
  if (row.state !== 'accepted' && row.state !== 'overridden') throw conflict(`the review is ${row.state}`)
  await queries.change(row, { used_at_ms: Math.trunc(deps.clock.now()), used_call: call })
  await deps.audit.act(row.tenant, { act: 'review.use', review: row.id, call }, sql)
  return toFile(queries, row)
}

async function toFile(queries: ReviewQueries, row: ReviewRow): Promise<ReviewFile> {
  const { tenant, id } = row
  return {
    review: toReview(row),
    decisions: (await queries.listDecisions(tenant, id)).map(toDecision),
    request: await queries.findContent(tenant, id, 'request'),
    answer: await queries.findContent(tenant, id, 'answer'),
    override: await queries.findContent(tenant, id, 'override'),
  }
}

interface Decided {
  readonly decider: Principal
  readonly ruling: Ruling
}

async function decide(deps: ReviewDeps, held: Held, { decider, ruling }: Decided): Promise<void> {
  const { row, queries, sql } = held
  if (row.state !== 'pending') throw conflict(`the review is ${row.state} already`)
  const person = requireCompetence(deps.config().reviewers, decider, toReview(row))
  checkRuling(ruling, deps.config().contentBytesMax)
  if (ruling.version !== undefined && ruling.version !== row.version) {
    throw conflict(`the review is at version ${row.version}: its text was overridden since you looked`)
  }
  const { tenant, id } = row
  const earlier = await queries.listDecisions(tenant, id)
  const isOverride = ruling.decision === 'override'
  if (!isOverride && earlier.some((each) => each.person === person && each.version === row.version)) {
    throw conflict(`${person} has decided on this already`)
  }
  if (isOverride && row.version >= overridesMax) throw conflict(`it was overridden ${overridesMax} times already`)
  const version = isOverride ? row.version + 1 : row.version
  const agreed = earlier.filter((each) => each.version === version).length + 1
  const isDone = ruling.decision === 'stop' || agreed >= row.persons
  const atMs = Math.trunc(deps.clock.now())
  const state = !isDone ? 'pending' : ruling.decision === 'stop' ? 'stopped' : version > 0 ? 'overridden' : 'accepted'
  const salt = Buffer.from(deps.random.bytes(16)).toString('hex')
  const { decision, reason, text } = ruling
  const key = decider.keyId
  await queries.insertDecision({
    review: id,
    version,
    person,
    tenant,
    key_id: key,
    decision,
    reason,
    salt,
    at_ms: atMs,
  })
  if (text !== undefined) await queries.writeContent({ review: id, tenant, part: 'override', text })
  await queries.change(row, { state, version, ended_at_ms: isDone ? atMs : null })
  const said = { review: id, decision, by: person, key, version, state, reason_hash: hash(`${salt}${reason}`) }
  const textHash = text === undefined ? {} : { text_hash: hash(text) }
  await deps.audit.act(tenant, { act: 'review.decide', ...said, ...textHash }, sql)
}

function checkRuling({ decision, text }: Ruling, bytesMax: number): void {
  if ((decision === 'override') !== (text !== undefined)) {
    throw new PlatformError('INVALID_REQUEST', 'text is what is answered instead: with override, and only then', {
      param: 'text',
    })
  }
  if (Buffer.byteLength(text ?? '') > bytesMax) {
    throw new PlatformError('INVALID_REQUEST', `text has more than ${bytesMax} bytes`, { param: 'text' })
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function conflict(message: string): PlatformError {
  return new PlatformError('CONFLICT', message)
}

function notFound(): PlatformError {
  return new PlatformError('NOT_FOUND', 'there is no such review')
}
