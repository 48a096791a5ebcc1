import type { Config, EndpointConfig, EndpointDialect } from '../../config/index.ts'
import type { EventLog, Place, Price, Pricer } from '../../core/ports.ts'
import type { PersonalDataMasker } from '../../core/ports-privacy.ts'
import type { Clock } from '../../core/time.ts'
import type { EgressTarget } from '../egress/index.ts'
import type { Adapter, Endpoint } from './adapter.ts'
import { createDiscreetAdapter } from './adapters/discreet.ts'
import { createHealthAccount, type HealthAccount } from './health.ts'
import { createTokenScale, type TokenScale } from './scale.ts'
import type { TokenScales } from './scales/scales.ts'
import type { Tokenizer, Tokenizers } from '../tokenizers/index.ts'

/** One configured endpoint with all that is needed to try it. */
export interface EndpointEntry extends Endpoint {
  readonly adapter: Adapter
  readonly target: EgressTarget
  /** The same place without a price, for probes; `undefined` where there is nothing to probe. */
  readonly probe: { readonly target: EgressTarget; readonly path: string } | undefined
  readonly health: HealthAccount
  readonly scale: TokenScale
  /** How it counts; `undefined` where nothing says so. */
  readonly tokenizer: Tokenizer | undefined
  findPrice(): Price | undefined
}

export interface RegistryDeps {
  readonly config: Pick<Config, 'endpoints' | 'egress'>
  readonly adapters: Readonly<Partial<Record<EndpointDialect, Adapter>>>
  readonly pricer: Pricer
  readonly clock: Clock
  readonly log: EventLog
  /** Which endpoints may see personal data, and what hides it from the others. Every endpoint may when absent. */
  readonly privacy?: EndpointPrivacy | undefined
  /** Scales that outlive these endpoints; each begins anew when absent. */
  readonly scales?: Pick<TokenScales, 'of'> | undefined
  /** How endpoints count tokens; it is only estimated when absent. */
  readonly tokenizers?: Pick<Tokenizers, 'of'> | undefined
  /** Keeps the account of an endpoint instead of the usual one: of the one that was recorded, when traffic is replayed. */
  readonly createHealth?: ((endpoint: string) => HealthAccount) | undefined
}

export interface EndpointPrivacy {
  decide(config: EndpointConfig): 'allow' | 'mask' | 'refuse'
  readonly masker: PersonalDataMasker
}

/** The configured endpoints whose dialect has an adapter, by id. */
export function createRegistry(deps: RegistryDeps): ReadonlyMap<string, EndpointEntry> {
  const entries = new Map<string, EndpointEntry>()
  for (const [id, config] of Object.entries(deps.config.endpoints)) {
    const adapter = deps.adapters[config.dialect]
    if (adapter !== undefined) entries.set(id, createEntry(deps, { id, config }, beDiscreet(deps, config, adapter)))
  }
  return entries
}

/** The adapter itself where personal data may be seen: such endpoints pay nothing. */
function beDiscreet({ privacy }: RegistryDeps, config: EndpointConfig, adapter: Adapter): Adapter {
  const decision = privacy?.decide(config) ?? 'allow'
  return privacy === undefined || decision === 'allow'
    ? adapter
    : createDiscreetAdapter(adapter, decision, privacy.masker)
}

/** It runs within this process or a child of it: nobody else is involved, unless the configuration says otherwise. */
function isWithin(dialect: EndpointDialect): boolean {
  return dialect === 'llama' || dialect === 'onnx' || dialect === 'extract'
}

/** Where an endpoint is, and who runs it: what runs within this process is the organisation's own. */
export function placeOf({ processing, storage, sovereignty, dialect }: Endpoint['config']): Place {
  return { processing, storage, sovereignty: sovereignty ?? (isWithin(dialect) ? 'own' : undefined) }
}

function createEntry(deps: RegistryDeps, endpoint: Endpoint, adapter: Adapter): EndpointEntry {
  const { id, config } = endpoint
  const location = adapter.locate?.(config)
  const target: EgressTarget = {
    id,
    url: location?.url,
    credentials: { ...location?.credentials, ...toLowerCaseNames(config.headers) },
    vendor: config.vendor ?? location?.vendor,
    vendorModel: config.model,
    timeouts: { ...deps.config.egress.timeouts, ...definedOf(config.timeouts) },
    ...placeOf(config),
  }
  const probePath = location?.probePath
  return {
    id,
    config,
    adapter,
    target,
    probe: probePath === undefined ? undefined : { target: { ...target, isFree: true }, path: probePath },
    health:
      deps.createHealth?.(id) ??
      createHealthAccount({
        clock: deps.clock,
        config: deps.config.egress,
        onBreaker(state, lastError) {
          if (state === 'open') deps.log.warn({ endpoint: id, lastError }, 'endpoint is given a rest after failures')
          else deps.log.info({ endpoint: id }, 'endpoint answers again')
        },
      }),
    tokenizer: deps.tokenizers?.of({ config, vendor: target.vendor }),
    scale: deps.scales?.of(id, config.model) ?? createTokenScale(),
    findPrice: () =>
      deps.pricer.find({ endpoint: id, vendor: target.vendor, model: config.model, atMs: deps.clock.now() }),
  }
}

function toLowerCaseNames(headers: EndpointConfig['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** The fields that are set, so that an absent one does not hide the default. */
function definedOf(timeouts: EndpointConfig['timeouts']): Partial<EgressTarget['timeouts']> {
  return Object.fromEntries(Object.entries(timeouts ?? {}).filter(([, value]) => value !== undefined))
}
