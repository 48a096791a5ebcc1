import type { Ids } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { createFeedbackBook, type FeedbackBook } from './feedback.ts'
import { createKeptRouters, type KeptRouters } from './kept-routers.ts'
import { createExperimentDesk, type ExperimentDesk } from './experiment-desk.ts'
import { createLearningStore } from './store.ts'

/** What is learnt while the platform runs: routers in versions, and what is said of answers. */
export interface Learning {
  readonly routers: KeptRouters
  readonly feedback: FeedbackBook
  readonly experiments: ExperimentDesk
}

export interface LearningDeps {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'calls'>
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log: EventLog
}

export function createLearning({ store, clock, ids, random, log }: LearningDeps): Learning {
  const queries = createLearningStore(store)
  const routers = createKeptRouters({ store: queries, clock, log })
  const feedback = createFeedbackBook({ store: queries, routers, clock, ids, random })
  return { routers, feedback, experiments: createExperimentDesk(queries, store.calls) }
}
