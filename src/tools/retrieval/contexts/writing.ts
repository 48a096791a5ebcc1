import type { Config } from '../../../config/index.ts'
import type { Principal } from '../../../core/call.ts'
import { PlatformError, type ErrorCode } from '../../../core/errors.ts'
import { fromDollars, type Picodollars } from '../../../core/money.ts'
import type { ContextWriter } from '../../../core/ports-contexts.ts'
import type { Store } from '../../../store/index.ts'
import type { Analyser } from '../analyse.ts'
import { createKnowledgeRows, type ChunkRow } from '../store.ts'
import { applyContexts, type Applied } from './applying.ts'
import { readContext, toContextKey, toOwn, toPlanKey, toShared, toWindows, type Window } from './prompt.ts'
import { createContextRows, type DueEntry, type KeptContext, type Plan } from './store.ts'

export interface WritingParts {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly analyser: Analyser
  readonly config: Config['knowledge']['context']
  readonly writer: ContextWriter
  /** Nothing more is asked once it says so. */
  readonly isClosed: () => boolean
}

/** Why a passage has none, beside the codes of errors. */
type Fault = ErrorCode | 'cost-max' | 'passages-max'

/** Failures that speak of one passage alone: the others are still asked about. Everything else ends the run. */
const ownFaults: ReadonlySet<ErrorCode> = new Set([
  'REGION_REFUSED',
  'PERSONAL_DATA_REFUSED',
  'GUARD_REFUSED',
  'INVALID_REQUEST',
  'UPSTREAM_REJECTED',
  'UPSTREAM_INVALID',
  'CONTEXT_TOO_LONG',
  'ANSWER_REFUSED',
])

/**
 * Has the model write what is missing of one entry, and indexes it. Each answer is kept as it comes, so that what is interrupted goes on
 * behind it. Gives whether anything that can be found has changed. Rejects when the model cannot be asked now.
 */
export async function writeEntry(parts: WritingParts, plan: Plan, entry: DueEntry): Promise<boolean> {
  const chunks = await createKnowledgeRows(parts.store.sql).listChunks(entry.collection, [entry.number])
  const place = { tenant: entry.tenant, document: entry.document_id }
  const kept = await createContextRows(parts.store.sql).listKept(place)
  const work = new EntryWork(parts, { plan, entry, chunks, kept })
  for (const window of toWindows(chunks.map(toSpan), parts.config.documentCharactersMax)) await work.write(window)
  return applyContexts(parts, { entry, chunks, applied: work.applied, key: toPlanKey(plan.model), kept: work.keys })
}

/** Takes out of one entry, and of its document, what was written. */
export async function eraseEntry(parts: WritingParts, entry: DueEntry): Promise<boolean> {
  const chunks = await createKnowledgeRows(parts.store.sql).listChunks(entry.collection, [entry.number])
  const applied = chunks.map((): Applied => ({ context: null, fault: null }))
  return applyContexts(parts, { entry, chunks, applied, key: null, kept: new Set() })
}

interface EntryOf {
  readonly plan: Plan
  readonly entry: DueEntry
  readonly chunks: readonly ChunkRow[]
  readonly kept: readonly KeptContext[]
}

interface Question {
  readonly index: number
  readonly key: string
  readonly own: string
}

class EntryWork {
  readonly keys = new Set<string>()
  readonly #parts: WritingParts
  readonly #of: EntryOf
  readonly #known: ReadonlyMap<string, KeptContext>
  readonly #costMax: Picodollars | undefined
  readonly #found = new Map<number, Applied>()
  #cost = 0n
  /** What ended the work; nothing is asked after it. */
  #ended: unknown

  constructor(parts: WritingParts, of: EntryOf) {
    this.#parts = parts
    this.#of = of
    this.#known = new Map(of.kept.map((row) => [row.key, row]))
    this.#costMax = fromDollars(parts.config.documentUsdMax)
  }

  /** One for each passage. */
  get applied(): readonly Applied[] {
    return this.#of.chunks.map((_, index) => this.#found.get(index) ?? { context: null, fault: null })
  }

  async write(window: Window): Promise<void> {
    const { plan, entry, chunks } = this.#of
    const shared = toShared({ name: entry.name, title: entry.version_title, text: entry.text }, window)
    const missing: Question[] = []
    for (const [offset, { text }] of chunks.slice(window.from, window.to).entries()) {
      const own = toOwn(text)
      const question = { index: window.from + offset, key: toContextKey(plan.model, { shared, own }), own }
      const known = this.#known.get(question.key)
      this.keys.add(question.key)
      if (known === undefined) missing.push(question)
      else this.#take(question, known)
    }
    // The first goes alone: what all begin with lies in the vendor's cache when the others come.
    const [first, ...others] = missing
    if (first === undefined) return
    const ask = (question: Question) => this.#ask(window, question, { shared, isShared: others.length > 0 })
    await ask(first)
    const waiting = others.values()
    const workers = Array.from({ length: Math.min(this.#parts.config.atOnce, others.length) }, async () => {
      for (const question of waiting) if (this.#ended === undefined) await ask(question)
    })
    const ended = await Promise.allSettled(workers)
    for (const each of ended) if (each.status === 'rejected') throw each.reason
  }

  #take({ index }: Question, { context, cost }: Pick<KeptContext, 'context' | 'cost'>): void {
    this.#cost += BigInt(cost ?? 0)
    this.#found.set(index, { context, fault: null })
  }

  #fail({ index }: Question, fault: Fault): void {
    this.#found.set(index, { context: null, fault })
  }

  async #ask(
    { start, end }: Window,
    question: Question,
    { shared, isShared }: { readonly shared: string; readonly isShared: boolean },
  ): Promise<void> {
    const { config, writer } = this.#parts
    const { plan, entry } = this.#of
    if (this.#parts.isClosed()) throw new PlatformError('CANCELLED', 'the process ends')
    if (question.index >= config.documentPassagesMax) return this.#fail(question, 'passages-max')
    if (this.#costMax !== undefined && this.#cost >= this.#costMax) return this.#fail(question, 'cost-max')
    try {
      const { text, isCut, usage, cost } = await writer.write(
        {
          model: plan.model,
          shared,
          isShared,
          own: question.own,
          outputTokensMax: config.tokensMax,
          given: { document: entry.document_id, version: entry.version_id, start, end },
        },
        {
          principal: JSON.parse(plan.principal) as Principal, // written by `createContexts`
          regions: entry.region === null ? undefined : [entry.region],
          durationMsMax: config.askMsMax,
        },
      )
      const context = readContext(text, { charactersMax: config.charactersMax, isCut })
      await this.#keep(question, { context, cost, usage })
    } catch (thrown) {
      if (!(thrown instanceof PlatformError && ownFaults.has(thrown.code))) {
        this.#ended = thrown
        throw thrown
      }
      this.#fail(question, thrown.code)
    }
  }

  async #keep(
    question: Question,
    {
      context,
      cost,
      usage,
    }: Pick<Awaited<ReturnType<ContextWriter['write']>>, 'cost' | 'usage'> & {
      readonly context: string | undefined
    },
  ): Promise<void> {
    const { collection, tenant, document_id: document } = this.#of.entry
    const row = { key: question.key, context: context ?? '', cost: cost ?? null }
    await this.#parts.store.transaction(async (sql) => {
      const contexts = createContextRows(sql)
      // Whoever deletes the document waits, and what was written goes with it.
      await createKnowledgeRows(sql).lockByNumber(collection)
      await contexts.addSpent(collection, {
        cost,
        inputTokens: usage?.inputTotal,
        cachedTokens: usage?.cacheRead,
        outputTokens: usage?.outputTotal,
      })
      if (context !== undefined) await contexts.keep({ tenant, document }, row)
    })
    if (context === undefined) this.#fail(question, 'UPSTREAM_INVALID')
    else this.#take(question, row)
  }
}

function toSpan({ start_at: start, end_at: end }: ChunkRow): { readonly start: number; readonly end: number } {
  return { start, end }
}
