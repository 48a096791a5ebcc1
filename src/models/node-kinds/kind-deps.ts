import type { PersonalDataScanner } from '../../core/ports-privacy.ts'
import type { EndpointCaller, WithdrawnVersions } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { CodeRunner } from '../code/index.ts'
import type { RouterCatalogue } from '../learning/index.ts'
import type { AnswerCaches } from './answer-cache.ts'

/** What the kinds of this room are made with. */
export interface KindDeps {
  readonly endpoints: EndpointCaller
  readonly clock: Clock
  /** Without it no learned router can be named. */
  readonly routers: RouterCatalogue | undefined
  /** Finds personal data; without it no rule can ask for it. */
  readonly personal?: PersonalDataScanner | undefined
  /** Answers kept by `cache` nodes; they outlive a change of configuration. */
  readonly caches: AnswerCaches
  /** Which documents are gone that answers were made from; without it, none. */
  readonly withdrawn?: WithdrawnVersions | undefined
  /** Runs programs of answers; without it no check can ask for it. */
  readonly code?: CodeRunner | undefined
  /** Hash of the configuration in force: an answer kept under another is not given out. */
  readonly configHash: string
}
