import type { Config } from './config/index.ts'
import type { EventLog } from './core/ports.ts'
import type { Random } from './core/random.ts'
import type { Clock } from './core/time.ts'
import { createPrivacy } from './governance/index.ts'
import type { Standing } from './platform-standing.ts'
import type { Store } from './store/index.ts'
import type { Knowledge } from './tools/index.ts'

/** What protects the people and the works that documents and requests tell of, and the knowledge that keeps to it. */
export function createRights(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: EventLog
  readonly knowledge: Knowledge
  /** Of the configuration in force. */
  readonly governance: () => Config['governance']
}): Pick<Standing, 'privacy' | 'knowledge'> {
  const { governance, knowledge } = deps
  return { privacy: createPrivacy({ ...deps, secret: () => governance().privacy.key }), knowledge }
}
