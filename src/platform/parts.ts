import type { HttpParts } from '../applications/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import type { Call, Principal } from '../core/call.ts'
import { describeCause, PlatformError } from '../core/errors.ts'
import type { Model } from '../core/model.ts'
import type { createRegionGate, Guards, PolicyGuard, SignOn } from '../governance/index.ts'
import { dialects, readBody, type Endpoints, type Uplink } from '../infrastructure/index.ts'
import type { PriceBook } from '../investment/index.ts'
import { createSpendForecaster, createWhatIf } from '../investment/index.ts'
import type { ModelCatalogue } from '../models/index.ts'
import { createGovernanceParts } from './governance.ts'
import type { createReplay } from './replay.ts'
import type { Intake } from './intake.ts'
import type { Standing } from './standing.ts'
import { withLease } from './edge.ts'
import { createComposer } from './models.ts'
import type { InWork } from './work.ts'
import type { TraceExporter } from '../telemetry/index.ts'

export interface PartsDeps {
  readonly standing: Standing
  readonly loaded: LoadedConfig
  readonly version: number
  readonly gate: ReturnType<typeof createRegionGate>
  readonly signOn: SignOn | undefined
  readonly policies: PolicyGuard
  readonly guards: Pick<Guards, 'models'>
  readonly models: ModelCatalogue
  readonly endpoints: Endpoints
  readonly inWork: InWork
  readonly intake: Pick<Intake, 'sources' | 'ingestion'>
  readonly traces: TraceExporter | undefined
  readonly witnessing: HttpParts['witnessing']
  readonly prices: PriceBook
  readonly replay: ReturnType<typeof createReplay>
  /** To the centre of this edge node. */
  readonly link: Uplink | undefined
}

/** What the faces are given of one running configuration. */
export function createParts(deps: PartsDeps): HttpParts {
  const { gate, policies, models, endpoints, inWork } = deps
  const { config } = deps.loaded
  const { clock, ids, store, identity, knowledge, preparation, privacy, copyright, spending, telemetry } = deps.standing
  const { admission, ...governed } = createGovernanceParts({
    standing: deps.standing,
    config: config.governance,
    endpoints: config.endpoints,
    gate,
    policies,
  })
  const resolveModel = createResolver(models)
  const compose = createComposer({ config: config.network, models })
  return {
    clock,
    config,
    configVersion: deps.version,
    dialects,
    knowledge,
    preparation,
    sources: deps.intake.sources,
    ingestion: deps.intake.ingestion,
    privacy: { ...privacy, names: privacy.configure(config.governance, gate).names },
    copyright,
    calls: store.calls,
    keys: identity.keys,
    signOn: deps.signOn,
    witnessing: deps.witnessing,
    ...governed,
    edge: { centre: deps.standing.edge.centre, link: async () => deps.link?.state() },
    learning: deps.standing.learning,
    evaluations: deps.standing.evaluations,
    prices: deps.prices,
    spend: createSpendForecaster({ store, clock }),
    ...deps.standing.money,
    whatIf: createWhatIf({ ...deps.replay, ...readersOf(store) }),
    readBody,
    budgets: spending.budgets,
    models: {
      resolve: resolveModel,
      list: ({ models: scope }) => models.list().filter((model) => scope === undefined || scope.includes(model.id)),
    },
    health: {
      get isReady() {
        return models.list().length > 0
      },
      get report() {
        return { store: store.engine, endpoints: endpoints.health() }
      },
    },
    metricsText: () => telemetry.metricsText(),
    flow: {
      clock,
      ids,
      requestMsMax: config.server.requestMsMax,
      identity,
      admission: withLease(admission, deps.standing.edge),
      models: { resolve: resolveModel, compose },
      guards: config.governance.guards.length === 0 ? undefined : deps.guards.models,
      enter: inWork.enter,
      record: (facts) => store.recorder.settle(facts),
      observe: createObserver(deps),
    },
  }
}

/** What may not be where the collector is, is not told there. */
function offerTrace(traces: TraceExporter | undefined, call: Call, mayKnow: (call: Call) => boolean): void {
  if (mayKnow(call)) traces?.offer(call.facts)
  else traces?.withhold()
}

function createObserver({
  inWork,
  traces,
  gate,
  loaded,
  standing: { telemetry },
}: PartsDeps): HttpParts['flow']['observe'] {
  const place = loaded.config.telemetry.traces
  const { allowedRegions } = loaded.config.governance
  const isWithin = (allowed: readonly string[]): boolean =>
    place === undefined || gate.decide(place, allowed).type === 'pass'
  // A collector outside of the house's own regions is told nothing at all, by the door, which says so.
  const collector = (call: Call): boolean => isWithin(call.allowedNow()) || !isWithin(allowedRegions)
  return (face, call, failure) => {
    inWork.leave()
    if (call !== undefined) {
      telemetry.observeCall(call.facts, face)
      offerTrace(traces, call, collector)
    } else if (failure !== undefined) telemetry.observeRefusal(face, failure.code)
    if (failure?.code === 'INTERNAL') {
      telemetry.log.error({ face, cause: describeCause(failure) }, 'a request met a defect')
    }
  }
}

/** The way from a name to a model that the principal may use. Throws MODEL_NOT_FOUND or MODEL_FORBIDDEN. */
function createResolver(models: ModelCatalogue): (name: string, principal: Principal) => Model {
  return (name, principal) => {
    const model = models.find(name)
    if (model === undefined)
      throw new PlatformError('MODEL_NOT_FOUND', `there is no model ${name.slice(0, 128)}`, { param: 'model' })
    if (principal.models !== undefined && !principal.models.includes(name)) {
      throw new PlatformError('MODEL_FORBIDDEN', `the key may not use the model ${name}`, { param: 'model' })
    }
    return model
  }
}

function readersOf({ calls }: Standing['store']): Pick<Parameters<typeof createWhatIf>[0], 'read' | 'readUses'> {
  return { read: (span) => calls.scan(span), readUses: (span) => calls.scanUses(span) }
}
