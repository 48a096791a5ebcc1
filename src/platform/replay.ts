import { readModelNode, type Config, type ShadowNode } from '../config/index.ts'
import { collectAnswer } from '../core/answer.ts'
import { createRootCall, type Call, type CallFacts } from '../core/call.ts'
import { createChat, type ChatRequest } from '../core/chat.ts'
import { PlatformError, toPlatformError, type ErrorCode } from '../core/errors.ts'
import { regionsAllowed, regionsBound } from '../core/given.ts'
import { isJsonObject, type JsonValue } from '../core/json.ts'
import type { NodeKind, NodePlace } from '../core/node-kind.ts'
import type { EventLog, Price, Pricer } from '../core/ports.ts'
import type {
  CreateReplayWorld,
  OutcomeSource,
  PolicyRefusal,
  PriceFactor,
  RecordedCall,
  Replayed,
  ReplayPricer,
  ReplayWorld,
  WorldChange,
} from '../core/ports-replay.ts'
import type { createRegionGate } from '../governance/index.ts'
import { createEgress, createEndpoints } from '../infrastructure/index.ts'
import { createModelTree, type ModelCatalogue } from '../models/index.ts'
import { toRegions } from './models.ts'
import type { Adapters } from './adapters.ts'
import { createPolicyJudge, refusedBefore, type PolicyJudge, type PolicyJudgeDeps } from './replay-policies.ts'
import { createScript, type Script } from './replay-script.ts'

export interface ReplayDeps {
  readonly config: Config
  readonly gate: ReturnType<typeof createRegionGate>
  readonly pricer: Pricer
  readonly adapters: Adapters
  readonly routers: Parameters<typeof createModelTree>[0]['routers']
  readonly policies: PolicyJudgeDeps
}

/**
 * Worlds in which recorded calls are routed again by the platform's own tree of models, choice of endpoints, region gate and
 * prices. Only what lies outside is taken from the record: the clock, chance, the health of endpoints, and their answers.
 */
export function createReplay(deps: ReplayDeps): { createWorld: CreateReplayWorld; readonly pricer: ReplayPricer } {
  return {
    createWorld: (change, outcomes) => createWorld(deps, change, outcomes),
    pricer: createReplayPricer(deps),
  }
}

/** Prices depend on nothing finer than the minute, and dispatches of one minute lie beside each other. */
const priceValidMs = 60_000

function createReplayPricer({ config, adapters, pricer }: ReplayDeps): ReplayPricer {
  const vendors = new Map<string, string | undefined>()
  const lasts = new Map<
    string,
    { readonly minute: number; readonly model: string; readonly price: Price | undefined }
  >()

  function findVendor(name: string): string | undefined {
    if (!vendors.has(name)) {
      const endpoint = config.endpoints[name]
      const located = endpoint && adapters.byDialect[endpoint.dialect]?.locate?.(endpoint)
      vendors.set(name, endpoint?.vendor ?? located?.vendor)
    }
    return vendors.get(name)
  }

  function find(name: string, model: string, atMs: number): Price | undefined {
    const minute = Math.floor(atMs / priceValidMs)
    const last = lasts.get(name)
    if (last?.minute === minute && last.model === model) return last.price
    const price = pricer.find({ endpoint: name, vendor: findVendor(name), model, atMs })
    lasts.set(name, { minute, model, price })
    return price
  }

  return {
    price({ name, vendorModel, startedAtMs, usage }, change) {
      if (vendorModel === undefined || usage === undefined) return undefined
      const price = find(name, vendorModel, startedAtMs)
      return multiply(price, change.priceFactor(name))?.cost(usage)
    },
  }
}

function createWorld(deps: ReplayDeps, change: WorldChange, outcomes: OutcomeSource): ReplayWorld {
  const { config, gate } = deps
  const script = createScript(change, outcomes)
  const pricer: Pricer = {
    find: (query) => multiply(deps.pricer.find(query), change.priceFactor(query.endpoint)),
  }
  const recorder = { intend: () => undefined, identify: () => undefined, settle: () => undefined }
  // Waits between tries are on record as part of the tries' times; here nobody waits.
  const egressConfig = { ...config.egress, retryBackoffMs: 0 }
  const shared = { pricer, recorder, clock: script.clock, log: silent }
  const { unknownPrice } = config.investment
  const egress = createEgress({ ...shared, config: egressConfig, gate, unknownPrice, spending: script.spending })
  const endpoints = createEndpoints({
    ...shared,
    config: { endpoints: config.endpoints, egress: egressConfig },
    egress,
    adapters: script.toAdapters(deps.adapters.byDialect),
    random: script.random,
    ids: script.ids,
    createHealth: script.createHealth,
    wait: script.wait,
  })
  const judge: PolicyJudge | undefined =
    change.policies === undefined ? undefined : createPolicyJudge(deps.policies, change.policies)
  const { routable, models } = growTree(change, config, {
    endpoints,
    nodeKinds: [createReplayGround(), replayShadow],
    clock: script.clock,
    regions: toRegions(config, gate),
    routers: deps.routers,
  })
  return {
    async replay(call) {
      const judged = await judge?.judge(call.root)
      if (judged !== undefined) return refuse(judged)
      const { errorCode } = call.root
      const wasRefused = judge !== undefined && isByPacks(call.root)
      if ((refusedBefore.has(errorCode) || endedBefore(call)) && !wasRefused) return keep(call, change)
      const again = await replay(call)
      return wasRefused ? { ...again, wasRefused } : again
    },
    async close() {
      endpoints.close()
      await egress.close()
    },
  }

  async function replay(call: RecordedCall): Promise<Replayed> {
    if (!canRoute(call, routable, change.models !== undefined)) return keep(call, change)
    const allowedRegions = change.allowedRegions ?? config.governance.allowedRegions
    return withoutStacks(() => route(call, { script, models, allowedRegions, change }))
  }
}

function refuse(refusal: PolicyRefusal): Replayed {
  const errorCode = refusal.decision === 'deny' ? 'POLICY_REFUSED' : 'POLICY_REVIEW'
  return { type: 'routed', isServed: false, errorCode, dispatches: [], estimated: new Set(), refusal }
}

/** What the router says itself when it has nothing to try. */
const saidByRouter: ReadonlySet<ErrorCode | undefined> = new Set(['NO_ENDPOINT', 'REGION_REFUSED', 'MODEL_NOT_FOUND'])

/** Ended without a try, and not by the router: as a review that cannot be let through, or one whose answer a person wrote. */
function endedBefore({ root, nodes }: RecordedCall): boolean {
  return !saidByRouter.has(root.errorCode) && !nodes.some(({ kind }) => kind === 'dispatch')
}

/** Refused by a pack that was enforced, and not because its use case was not active or its key stands for another. */
function isByPacks({ errorCode, detail }: CallFacts): boolean {
  if (errorCode !== 'POLICY_REFUSED' && errorCode !== 'POLICY_REVIEW') return false
  const policies = detail?.['policies']
  if (!Array.isArray(policies)) return false
  return policies.some((each) => isJsonObject(each) && each['mode'] === 'enforce' && each['decision'] !== 'allow')
}

/** One recorded try in eight failed: where in the code it fails again tells nobody anything, and costs a tenth of a replay. */
async function withoutStacks<T>(work: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return await work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

interface Routing {
  readonly script: Script
  readonly models: ModelCatalogue
  readonly allowedRegions: readonly string[]
  readonly change: WorldChange
}

async function route(call: RecordedCall, { script, models, allowedRegions, change }: Routing): Promise<Replayed> {
  const { root } = call
  const own = createRootCall(script, {
    name: root.name,
    principal: { tenant: root.tenant, keyId: root.keyId, role: 'member', models: undefined, regions: undefined },
    labels: { allowedRegions: change.allowedRegions ?? regionsAllowed(root) ?? allowedRegions },
    durationMsMax: Number.MAX_SAFE_INTEGER,
    startedAtMs: root.startedAtMs,
    startedMonotonicMs: script.begin(call),
  })
  // What it was told is not told again; where that must stay is on record.
  for (const region of regionsBound([root, ...call.nodes])) own.bind([region])
  script.follow(own)
  let errorCode: ErrorCode | undefined
  try {
    await answer(models, own)
  } catch (thrown) {
    errorCode = toPlatformError(thrown).code
  }
  const dispatches = own.facts.filter(({ kind }) => kind === 'dispatch')
  // A request may fail before or after its tries for reasons that lie outside the router; they stay.
  const isAsBefore = errorCode === undefined && root.status !== 'ok' && sameNames(dispatches, call)
  return {
    type: 'routed',
    isServed: errorCode === undefined && !isAsBefore,
    errorCode: isAsBefore ? root.errorCode : errorCode,
    dispatches,
    estimated: script.estimated(),
  }
}

async function answer(models: ModelCatalogue, call: Call): Promise<void> {
  const model = models.find(call.name)
  if (model === undefined) throw new PlatformError('MODEL_NOT_FOUND', 'there is no such model')
  if (!model.traits.does.includes('chat') && model.embed !== undefined) {
    await model.embed({ model: call.name, inputs: [''], dimensions: undefined }, call)
    return
  }
  await collectAnswer(await model.answer({ ...emptyRequest, model: call.name }, call))
}

/** The text is not on record, and nothing that is routed again looks at it. */
const emptyRequest: ChatRequest = {
  model: '',
  stream: false,
  outputTokensMax: undefined,
  wire: undefined,
  chat: createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text: '' }] }] }),
}

function sameNames(dispatches: readonly CallFacts[], { nodes }: RecordedCall): boolean {
  const recorded = nodes.filter(({ kind }) => kind === 'dispatch')
  return recorded.length === dispatches.length && recorded.every(({ name }, index) => name === dispatches[index]?.name)
}

/** What was recorded stands, but for its price and for endpoints that are gone: their calls fail. */
function keep({ root, nodes }: RecordedCall, change: WorldChange): Replayed {
  const dispatches = nodes.filter(({ kind }) => kind === 'dispatch')
  const isGone = dispatches.some(({ name, startedAtMs }) => change.isGone(name, startedAtMs))
  const stands = { type: 'kept', estimated: new Set<string>() } as const
  if (isGone) return { ...stands, isServed: false, errorCode: 'NO_ENDPOINT', dispatches: [] }
  return { ...stands, isServed: root.status === 'ok', errorCode: root.errorCode, dispatches }
}

/** Node kinds that decide by what is recorded, and not by the text. */
const routableKinds: ReadonlySet<string> = new Set(['endpoint', 'fallback', 'ground'])

/** Names of models of which every node is of such a kind. An endpoint's own id is not among them and can be routed too. */
function findRoutable(models: Config['models']): (name: string) => boolean {
  const decide = (node: JsonValue | undefined, open: readonly string[]): boolean => {
    if (typeof node === 'string') return decideName(node, open)
    if (!isJsonObject(node)) return false
    const [kind = '', ...more] = Object.keys(node).filter((key) => key !== 'balance' && key !== 'hedgeQuantile')
    if (!routableKinds.has(kind) || more.length > 0) return false
    const below = node[kind]
    if (kind === 'fallback') return Array.isArray(below) && below.every((child) => decide(child, open))
    return kind === 'endpoint' || (isJsonObject(below) && decide(below['with'], open))
  }
  const decideName = (name: string, open: readonly string[]): boolean => {
    if (!Object.hasOwn(models, name) || open.includes(name)) return true
    const node: unknown = models[name]
    // What the schema has passed is JSON.
    return decide(node as JsonValue, [...open, name])
  }
  const known = new Map(Object.keys(models).map((name) => [name, decideName(name, [])]))
  return (name) => known.get(name) ?? true
}

function canRoute({ root, nodes }: RecordedCall, routable: (name: string) => boolean, isOtherTree: boolean): boolean {
  if (root.status === 'interrupted' || nodes.some(({ status }) => status === 'interrupted')) return false
  if (nodes.some(({ detail }) => detail?.['reason'] === 'hedge')) return false
  if (!routable(root.name)) return false
  return isOtherTree || nodes.every(({ kind, detail }) => kind === 'dispatch' || isKnownNode(detail?.['node']))
}

function isKnownNode(node: JsonValue | undefined): boolean {
  return node === undefined || (typeof node === 'string' && routableKinds.has(node))
}

/** A shadow answers like the model it holds; what it asks behind the answer is on record as calls of their own. */
const replayShadow: NodeKind<ShadowNode> = Object.freeze({
  key: 'shadow',
  create: ({ shadow }: ShadowNode, place: NodePlace) => ({
    ...place.build(shadow.use, `${place.path}.shadow.use`),
    id: place.id,
  }),
})

/** The node kind `ground` without its search: the model that writes is asked, as one node below. */
function createReplayGround(): Parameters<typeof createModelTree>[0]['nodeKinds'][number] {
  return {
    key: 'ground',
    create(node, place) {
      const { ground } = node as { readonly ground: { readonly with: string | object } } // the schema has passed it
      const writer = place.build(ground.with, `${place.path}.ground.with`)
      const traits = { ...writer.traits, does: ['chat'] as const }
      return {
        id: place.id,
        traits,
        answer: (request, call) => writer.answer(request, call.child({ kind: 'model', name: writer.id })),
      }
    },
  }
}

/** The models in force, with those of the scenario. Throws INVALID_REQUEST for what is wrong with these. */
function growTree(
  change: WorldChange,
  config: Config,
  parts: Omit<Parameters<typeof createModelTree>[0], 'config'>,
): { readonly routable: (name: string) => boolean; readonly models: ModelCatalogue } {
  const tree = change.models === undefined ? config.models : { ...config.models, ...readModels(change.models, config) }
  const routable = findRoutable(tree)
  try {
    const routed = Object.fromEntries(Object.entries(tree).filter(([name]) => routable(name)))
    return { routable, models: createModelTree({ ...parts, config: routed }) }
  } catch (thrown) {
    throw change.models === undefined ? thrown : toScenarioFault(thrown)
  }
}

/** Throws INVALID_REQUEST. */
function readModels(models: NonNullable<WorldChange['models']>, { network }: Config): Config['models'] {
  const { depthMax, inlineNodesMax: nodesMax } = network
  return Object.fromEntries(
    Object.entries(models).map(([name, node]) => [
      name,
      readModelNode(node, { path: `scenario.models.${name.slice(0, 64)}`, depthMax, nodesMax }),
    ]),
  )
}

/** What cannot stand in a configuration is here the fault of who asks. */
function toScenarioFault(thrown: unknown): unknown {
  if (!(thrown instanceof PlatformError) || thrown.code !== 'CONFIG_INVALID') return thrown
  const { message, param } = thrown
  return new PlatformError('INVALID_REQUEST', `scenario.${message}`, { param: `scenario.${param}` })
}

/** Rounded up, as every charge. */
function multiply(price: Price | undefined, factor: PriceFactor | undefined): Price | undefined {
  if (price === undefined || factor === undefined) return price
  const { numerator, denominator } = factor
  const scale = (amount: bigint): bigint => (amount * numerator + denominator - 1n) / denominator
  return {
    version: `${price.version}×${numerator}/${denominator}`,
    cost(usage) {
      const cost = price.cost(usage)
      return cost === undefined ? undefined : scale(cost)
    },
    costMax: (tokens) => scale(price.costMax(tokens)),
  }
}

const silent: EventLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
