import { PlatformError } from '../../core/errors.ts'
import type { CallReader } from '../../store/index.ts'
import { reportExperiment, type ExperimentReport } from '../experiments/index.ts'
import type { LearningStore } from './store.ts'

/** Compares the arms of experiments, by the record of calls and what feedback says of them. */
export interface ExperimentDesk {
  /** Throws NOT_FOUND when no call of the span went through that experiment, and for a control that is none of its arms. */
  report(tenant: string, asked: AskedExperiment): Promise<ExperimentReport>
}

export interface AskedExperiment {
  /** The name of the experiment: of its model, or its path in one. */
  readonly model: string
  /** Milliseconds UTC; `untilMs` is not part of it. */
  readonly fromMs: number
  readonly untilMs: number
  /** The arm the others are compared with; the first by name when absent. */
  readonly control?: string | undefined
}

const scoresMax = 500_000

export function createExperimentDesk(store: LearningStore, calls: Pick<CallReader, 'scan'>): ExperimentDesk {
  return {
    async report(tenant, { model, fromMs, untilMs, control }) {
      const rows = await store.listScores(tenant, { fromMs, limit: scoresMax })
      const scores = new Map(
        rows.flatMap(({ call_id: id, score }) => (id === null ? [] : [[id, Number(score)] as const])),
      )
      const found = await reportExperiment({ model, scores, control, trees: calls.scan({ tenant, fromMs, untilMs }) })
      if (found.arms.length === 0)
        throw new PlatformError('NOT_FOUND', `no call of that time went through an experiment ${model.slice(0, 128)}`)
      if (control !== undefined && !found.arms.some(({ name }) => name === control))
        throw new PlatformError('NOT_FOUND', `the experiment has no arm ${control.slice(0, 128)}`, { param: 'control' })
      return { ...found, isCut: found.isCut || rows.length >= scoresMax }
    },
  }
}
