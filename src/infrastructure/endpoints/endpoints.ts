import type { Config, EndpointDialect } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { Ids } from '../../core/ids.ts'
import type { CallRecorder, EndpointCaller, EventLog, Pricer } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Egress, EgressTarget } from '../egress/index.ts'
import type { Adapter } from './adapter.ts'
import { createAttempts } from './attempt.ts'
import type { EndpointHealth, HealthAccount } from './health.ts'
import { createLeaf } from './leaf.ts'
import { createProbes } from './probes.ts'
import { createRegistry, type EndpointPrivacy } from './registry.ts'
import type { Tokenizers } from '../tokenizers/index.ts'
import type { TokenScales } from './scales/scales.ts'
import { toState, toTraits } from './traits.ts'

export interface EndpointsDeps {
  readonly config: Pick<Config, 'endpoints' | 'egress'>
  readonly egress: Egress
  /** How endpoints of a dialect are talked to; endpoints of a dialect without one are not listed. */
  readonly adapters: Readonly<Partial<Record<EndpointDialect, Adapter>>>
  readonly pricer: Pricer
  readonly recorder: CallRecorder
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly log: EventLog
  readonly privacy?: EndpointPrivacy | undefined
  /** What was learned of how endpoints count tokens, kept over restarts. */
  readonly scales?: Pick<TokenScales, 'of'> | undefined
  /** The tokenizers of endpoints, for answers that break off before they are reported. */
  readonly tokenizers?: Pick<Tokenizers, 'of'> | undefined
  /** Keeps the account of an endpoint instead of the usual one, when recorded traffic is replayed. */
  readonly createHealth?: ((endpoint: string) => HealthAccount) | undefined
  /** Waits between tries instead of the usual wait, likewise. */
  readonly wait?: ((ms: number, call: Call) => Promise<void>) | undefined
}

/** The configured endpoints: calls them by id, and knows how they are. */
export interface Endpoints extends EndpointCaller {
  /** Where an endpoint is reached; `undefined` when there is none of that id. */
  findTarget(id: string): EgressTarget | undefined
  /** One report per endpoint, in the order of the configuration. */
  health(): readonly EndpointHealth[]
  /** Probes at once the endpoints that are due; it happens by itself as well. Never rejects. */
  probe(): Promise<void>
  /** Stops probing. What is under way goes on; egress closes the connections. */
  close(): void
}

export function createEndpoints(deps: EndpointsDeps): Endpoints {
  const entries = createRegistry(deps)
  const { outputTokensAssumed } = deps.config.egress
  const attempts = createAttempts({ ...deps, outputTokensAssumed })
  const leaf = createLeaf({ ...deps, config: deps.config.egress, entries })
  const probes = createProbes({ ...deps, config: deps.config.egress, entries })

  return {
    findTraits(id) {
      const entry = entries.get(id)
      return entry === undefined ? undefined : toTraits(entry, deps.config.egress.attemptsMax)
    },
    list: () => [...entries.keys()],
    findState(id) {
      const entry = entries.get(id)
      return entry === undefined ? undefined : toState(entry)
    },
    answer: (choice, request, call) =>
      leaf.run({ choice, does: 'chat', call, attempt: (options) => attempts.answer(options, request) }),
    embed: (choice, request, call) =>
      leaf.run({ choice, does: 'embed', call, attempt: (options) => attempts.embed(options, request) }),
    rerank: (choice, request, call) =>
      leaf.run({ choice, does: 'rerank', call, attempt: (options) => attempts.rerank(options, request) }),
    findTarget: (id) => entries.get(id)?.target,
    health: () => [...entries.values()].map((entry) => entry.health.report(entry.id)),
    probe: () => probes.run(),
    close: () => probes.close(),
  }
}
