import type { Config } from '../../config/index.ts'
import type { AnswerGuard, CopyrightGuard, DocumentRights } from '../../core/ports-copyright.ts'
import type { Passage } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { guardEvents, type PassageRights } from './overlap/guard.ts'
import { createOverlapMeter } from './overlap/overlap-meter.ts'
import { decideRights, type Rights } from './rights/decide.ts'
import type { RightsSources } from './signals/signal.ts'
import { createRightRows, type RightRow } from './store.ts'
import { createWithdrawals, type Withdrawal, type WorkShelf } from './withdrawal.ts'

/** The rights in documents: what was said, what follows from it, and what an answer may give again. */
export interface Copyright extends DocumentRights, CopyrightGuard {
  /** What follows from what was said, without keeping it. */
  decide(sources: RightsSources): Rights
  /** Decides and keeps it for a document; what was kept before is replaced, but a withdrawal stays. */
  record(tenant: string, document: RecordedDocument, sources: RightsSources): Promise<RightsView>
  find(tenant: string, document: string): Promise<RightsView | undefined>
  /** Whether the tenant has withdrawn a work of that name. */
  isWithdrawn(tenant: string, work: string): Promise<boolean>
  /** Takes a work out of every collection of the tenant, for good, and proves that it is gone. */
  withdraw(tenant: string, work: string, shelf: WorkShelf): Promise<Withdrawal>
}

export interface RecordedDocument {
  readonly id: string
  /** The work that it is a copy of; its address, or its own id, when absent. */
  readonly work?: string | undefined
  /** What has to stand beside a quotation. */
  readonly attribution?: string | undefined
}

export interface RightsView {
  readonly document: string
  readonly work: string
  readonly licence: string | undefined
  readonly attribution: string | undefined
  readonly mayCopy: boolean
  readonly verdicts: Rights['verdicts']
  readonly signals: Rights['signals']
  /** Milliseconds UTC. */
  readonly decidedAtMs: number
  readonly withdrawnAtMs: number | undefined
}

export interface CopyrightDeps {
  readonly store: Pick<Store, 'sql'>
  readonly clock: Clock
  /** Read at each use, so that a reload counts. */
  readonly config: () => Config['governance']['copyright']
}

export function createCopyright({ store, clock, config }: CopyrightDeps): Copyright {
  const rows = createRightRows(store.sql)
  const withdraw = createWithdrawals({ rows, clock })
  const decide = (sources: RightsSources): Rights => {
    const { unknown, isCommercial } = config()
    return decideRights(sources, { permits: unknown, isCommercial })
  }
  return {
    decide,
    withdraw,
    async record(tenant, document, sources) {
      const rights = decide(sources)
      const known = await rows.find(tenant, document.id)
      const work = document.work ?? sources.url ?? document.id
      const isWithdrawn = (await rows.listByWork(tenant, work)).find((row) => row.withdrawn_at_ms !== null)
      const row: RightRow = {
        tenant,
        document: document.id,
        work,
        licence: rights.licence?.id ?? null,
        attribution: document.attribution ?? null,
        may_search: Number(rights.verdicts.search.permits),
        may_ground: Number(rights.verdicts.ground.permits),
        may_train: Number(rights.verdicts.train.permits),
        may_copy: Number(mayCopy(rights)),
        verdicts: JSON.stringify(rights.verdicts),
        signals: JSON.stringify(rights.signals),
        decided_at_ms: clock.now(),
        withdrawn_at_ms: known?.withdrawn_at_ms ?? isWithdrawn?.withdrawn_at_ms ?? null,
      }
      await rows.write(row)
      return toView(row)
    },
    async find(tenant, document) {
      const row = await rows.find(tenant, document)
      return row === undefined ? undefined : toView(row)
    },
    async isWithdrawn(tenant, work) {
      return (await rows.listByWork(tenant, work)).some((row) => row.withdrawn_at_ms !== null)
    },
    async listForbidden(tenant, purpose) {
      return new Set(await rows.listForbidden(tenant, purpose))
    },
    async open(tenant, passages) {
      const { overlap, citeTokensMin, citeCharactersMin, limitTokensMax, codeCharactersMax } = config()
      if (overlap === 'off' || passages.length === 0) return undefined
      const rights = toPassageRights(await rows.findMany(tenant, documentsOf(passages)), passages, overlap === 'cite')
      const beyondLimit = overlap === 'refuse' ? 'refuse' : 'cut'
      const bounds = { citeTokensMin, citeCharactersMin, limitTokensMax, codeCharactersMax, beyondLimit } as const
      const options = { meter: createOverlapMeter(passages), passages, rights, bounds }
      const guard: AnswerGuard['guard'] = (events) => guardEvents(events, options)
      return { guard }
    },
  }
}

/** What may be given again at length: what an open licence or a contract permits. */
function mayCopy({ licence, verdicts }: Rights): boolean {
  if (verdicts.ground.by === 'contract') return verdicts.ground.permits
  return licence?.permitsCopies === true && verdicts.ground.permits
}

function documentsOf(passages: readonly Passage[]): readonly string[] {
  return [...new Set(passages.map(({ document }) => document))]
}

/** Of a document that nobody has said anything about, what is there is the operator's own. */
function toPassageRights(
  found: readonly RightRow[],
  passages: readonly Passage[],
  isUnlimited: boolean,
): readonly PassageRights[] {
  const byDocument = new Map(found.map((row) => [row.document, row]))
  return passages.map(({ document }) => {
    const row = byDocument.get(document)
    return {
      mayCopy: isUnlimited || row === undefined || row.may_copy === 1,
      licence: row?.licence ?? undefined,
      attribution: row?.attribution ?? undefined,
    }
  })
}

function toView(row: RightRow): RightsView {
  return {
    document: row.document,
    work: row.work,
    licence: row.licence ?? undefined,
    attribution: row.attribution ?? undefined,
    mayCopy: row.may_copy === 1,
    verdicts: JSON.parse(row.verdicts) as Rights['verdicts'], // written by `record`
    signals: JSON.parse(row.signals) as Rights['signals'], // the same
    decidedAtMs: row.decided_at_ms,
    withdrawnAtMs: row.withdrawn_at_ms ?? undefined,
  }
}
