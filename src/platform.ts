import { join, resolve } from 'node:path'
import { z } from 'zod'
import { describeCause, type HttpParts } from './applications/index.ts'
import { configSchema, type Config, type LoadedConfig, type ReadOptions } from './config/index.ts'
import type { Principal } from './core/call.ts'
import { PlatformError } from './core/errors.ts'
import { createIds, type Ids } from './core/ids.ts'
import type { EventLog } from './core/ports.ts'
import type { Random } from './core/random.ts'
import type { Clock } from './core/time.ts'
import { checkRegions, createAdmission, createIdentity, createRegionGate, type Identity } from './governance/index.ts'
import {
  createCommandRunner,
  createEgress,
  createEndpoints,
  createErrands,
  createExtractAdapter,
  createExtractor,
  createLlamaAdapter,
  createNativeAdapter,
  createRuntimeInstaller,
  createVendorAdapters,
  dialects,
  type Egress,
  type Endpoints,
} from './infrastructure/index.ts'
import { createPricer } from './investment/index.ts'
import { createModelTree, type ModelCatalogue } from './models/index.ts'
import { createInWork, type InWork } from './platform-work.ts'
import { createStore, recordConfigVersion, type Store } from './store/index.ts'
import { createTelemetry, type Telemetry, type TraceExporter } from './telemetry/index.ts'
import { createGroundKind, createKnowledge, type Knowledge } from './tools/index.ts'

/** Everything Strata is made of, joined. */
export interface Platform {
  /** The parts in force now; a request keeps those it began with. */
  parts(): HttpParts
  readonly identity: Identity
  readonly store: Store
  readonly log: EventLog
  readonly folder: string
  /**
   * Puts a new configuration in force for the requests to come, one after another; those in work finish on the old one.
   * Rejects with CONFIG_INVALID, and the old one stays.
   */
  reload(loaded: LoadedConfig): Promise<void>
  close(): Promise<void>
}

export interface PlatformDeps {
  readonly loaded: LoadedConfig
  readonly clock: Clock
  readonly random: Random
  /** Takes one line of log, without its line feed. */
  readonly writeLog: (line: string) => void
}

/** What outlives a change of configuration. */
interface Standing {
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly store: Store
  readonly identity: Identity
  readonly knowledge: Knowledge
  readonly telemetry: Telemetry
  /** The data folder, absolute. */
  readonly folder: string
  /** Where relative paths of the configuration start. */
  readonly configFolder: string
}

/** What a configuration makes, and what is closed when its last request is done. */
interface Running {
  readonly parts: HttpParts
  retire(): Promise<void>
}

/** Builds the platform on its store. Throws CONFIG_INVALID or STORE_UNAVAILABLE. */
export async function createPlatform(deps: PlatformDeps): Promise<Platform> {
  const { clock, random, loaded, writeLog } = deps
  checkConfig(loaded.config)
  let current = loaded
  let gate = createRegionGate(loaded.config.governance)
  const folder = resolve(loaded.folder, loaded.config.store.folder)
  const ids = createIds({ clock, random })
  const telemetry = createTelemetry({ config: loaded.config.telemetry, clock, random, writeLog })
  const { log } = telemetry
  const store = await createStore({ config: { ...loaded.config.store, folder }, clock, log })
  const identity = await createIdentity({
    store,
    clock,
    random,
    ids,
    log,
    isRegion: (name) => gate.has(name),
    keyDaysMax: () => current.config.governance.keyDaysMax,
  }).catch(async (thrown: unknown) => {
    await store.close()
    throw thrown
  })
  const knowledge = createKnowledge({ store, clock, ids, config: loaded.config.knowledge })
  const standing: Standing = {
    clock,
    random,
    ids,
    store,
    identity,
    knowledge,
    telemetry,
    folder,
    configFolder: loaded.folder,
  }
  telemetry.watch({
    journal: () => {
      const { journalBytes, pendingRows, dropped } = store.stats()
      return { bytes: journalBytes, pendingRows, droppedRows: dropped }
    },
  })
  let running = createRunning(standing, loaded, await numberOf(standing, loaded))
  let lastReload: Promise<void> = Promise.resolve()
  const retiring = new Set<Promise<void>>()
  return {
    parts: () => running.parts,
    identity,
    store,
    log,
    folder,
    reload(next) {
      const reloaded = lastReload.then(async () => {
        checkConfig(next.config)
        const former = running
        running = createRunning(standing, next, await numberOf(standing, next))
        current = next
        gate = createRegionGate(next.config.governance)
        const retired = former.retire().finally(() => retiring.delete(retired))
        retiring.add(retired)
      })
      lastReload = reloaded.catch(() => undefined) // Whoever asked is told; the next one is not held back by it.
      return reloaded
    },
    async close() {
      await lastReload
      await Promise.all([...retiring, running.retire()])
      identity.close()
      await store.close()
    },
  }
}

/** The number of a configuration; its text is kept under it, secrets masked. */
function numberOf({ store, clock }: Standing, { hash, text }: LoadedConfig): Promise<number> {
  return recordConfigVersion(store, { hash, text, appliedAtMs: clock.now() })
}

/** What the schema cannot see: whether the regions exist. Throws CONFIG_INVALID naming each with its key path. */
function checkConfig(config: Config): void {
  const faults = checkRegions(config)
  if (faults.length === 0) return
  const lines = faults.map(({ path, message }) => `  ${path}: ${message}`)
  throw new PlatformError('CONFIG_INVALID', `the configuration is refused:\n${lines.join('\n')}`, {
    param: faults[0]?.path,
  })
}

function createRunning(standing: Standing, loaded: LoadedConfig, version: number): Running {
  const { config } = loaded
  const { clock, random, ids, store, telemetry } = standing
  const gate = createRegionGate(config.governance)
  const pricer = createPricer({ config })
  const { unknownPrice } = config.investment
  const egress = createEgress({
    config: config.egress,
    gate,
    pricer,
    unknownPrice,
    recorder: store.recorder,
    clock,
    log: telemetry.log,
  })
  const adapters = createAdapters(standing, config, egress)
  const endpoints = createEndpoints({
    config,
    egress,
    adapters: adapters.byDialect,
    pricer,
    recorder: store.recorder,
    clock,
    random,
    ids,
    log: telemetry.log,
  })
  const ground = createGroundKind({ knowledge: standing.knowledge, clock })
  const models = createModelTree({ config: config.models, endpoints, nodeKinds: [ground], clock })
  const inWork = createInWork()
  const traces = createTraces(standing, loaded, egress)
  const parts = createParts({ standing, loaded, version, gate, models, endpoints, inWork, traces })
  telemetry.useConfig(loaded)
  return {
    parts,
    async retire() {
      await inWork.none()
      await traces?.close()
      endpoints.close()
      await adapters.close()
      await egress.close()
    },
  }
}

interface Adapters {
  readonly byDialect: Parameters<typeof createEndpoints>[0]['adapters']
  close(): Promise<void>
}

function createAdapters(
  { clock, folder, configFolder, telemetry }: Standing,
  config: Config,
  egress: Egress,
): Adapters {
  const native = (id: keyof typeof dialects) =>
    createNativeAdapter({ dialect: dialects[id], egress, config: config.egress, clock })
  const { decodeError } = dialects['openai-chat']
  const llama = createLlamaAdapter({
    runtimeFolder: runtimeFolderOf(folder),
    modelsFolder: configFolder,
    clock,
    log: telemetry.log,
  })
  return {
    byDialect: {
      openai: native('openai-chat'),
      'openai-responses': native('openai-responses'),
      anthropic: native('anthropic-messages'),
      ...createVendorAdapters({ egress, clock, config: config.egress, decodeError }),
      extract: createExtractAdapter({ extractor: createExtractor(), clock }),
      llama,
    },
    close: () => llama.close(),
  }
}

/** Exports call trees through the same door as everything else: the collector is a place like any other. */
function createTraces(standing: Standing, { config }: LoadedConfig, egress: Egress): TraceExporter | undefined {
  const { traces } = config.telemetry
  if (traces === undefined) return undefined
  const { clock, ids, store, telemetry } = standing
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { url, headers: credentials, processing, storage } = traces
  const collector = { url, credentials, processing, storage, vendor: undefined, vendorModel: 'none', isFree: true }
  const target = { ...collector, id: 'telemetry.traces', timeouts: config.egress.timeouts }
  const { allowedRegions } = config.governance
  return telemetry.createTraceExporter(config, async (body) => {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', path: '', headers, body } as const
    const { status } = await run({ target, allowedRegions, request, answerBytesMax: 65_536 })
    if (status > 299) throw new PlatformError('UPSTREAM_REJECTED', `the collector answered ${status}`)
  })
}

interface PartsDeps {
  readonly standing: Standing
  readonly loaded: LoadedConfig
  readonly version: number
  readonly gate: ReturnType<typeof createRegionGate>
  readonly models: ModelCatalogue
  readonly endpoints: Endpoints
  readonly inWork: InWork
  readonly traces: TraceExporter | undefined
}

function createParts(deps: PartsDeps): HttpParts {
  const { gate, models, endpoints, inWork, traces } = deps
  const { config } = deps.loaded
  const { clock, ids, store, identity, knowledge, telemetry } = deps.standing
  const admission = createAdmission(config.governance, gate)
  const resolveModel = (name: string, principal: Principal) => {
    const model = models.find(name)
    if (model === undefined)
      throw new PlatformError('MODEL_NOT_FOUND', `there is no model ${name.slice(0, 128)}`, { param: 'model' })
    if (principal.models !== undefined && !principal.models.includes(name)) {
      throw new PlatformError('MODEL_FORBIDDEN', `the key may not use the model ${name}`, { param: 'model' })
    }
    return model
  }
  return {
    clock,
    config,
    configVersion: deps.version,
    dialects,
    knowledge,
    calls: store.calls,
    keys: identity.keys,
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
      admission,
      models: { resolve: resolveModel },
      enter: inWork.enter,
      record: (facts) => store.recorder.settle(facts),
      observe(face, call, failure) {
        inWork.leave()
        if (call !== undefined) {
          telemetry.observeCall(call.facts, face)
          traces?.offer(call.facts)
        } else if (failure !== undefined) telemetry.observeRefusal(face, failure.code)
        if (failure?.code === 'INTERNAL')
          telemetry.log.error({ face, cause: describeCause(failure) }, 'a request met a defect')
      },
    },
  }
}

/** Installs a local runtime into the data folder. Throws INVALID_REQUEST for one that is not known, RUNTIME_MISSING, RUNTIME_FAILED. */
export async function installRuntime(
  options: InstallRuntimeOptions,
): Promise<{ readonly folder: string; readonly version: string }> {
  const { loaded, name, onProgress } = options
  if (name !== 'llama')
    throw new PlatformError('INVALID_REQUEST', `there is no runtime ${name.slice(0, 64)}; there is llama`)
  const folder = runtimeFolderOf(resolve(loaded.folder, loaded.config.store.folder))
  const { platform, arch: architecture } = process
  const installer = createRuntimeInstaller({ folder, run: createCommandRunner(), platform, architecture })
  const { version } = await installer.install({ gpu: 'none', onProgress, signal: options.signal })
  return { folder, version }
}

export interface InstallRuntimeOptions {
  readonly loaded: LoadedConfig
  readonly name: string
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

function runtimeFolderOf(folder: string): string {
  return join(folder, 'runtimes', 'llama')
}

/** Asks servers on this machine for the names of their models, before there is a configuration. */
export function createProbe(deps: { readonly clock: Clock; readonly random: Random }): ReadOptions['probe'] {
  const config = configSchema.parse({})
  const recorder = { intend: () => undefined, settle: () => undefined }
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  const parts = { gate: createRegionGate(config.governance), pricer: createPricer({ config }), recorder, log }
  const timeouts = { connectMs: probeMsMax, firstByteMs: probeMsMax, idleMs: probeMsMax, totalMs: probeMsMax }
  const place = { processing: ['local'], storage: ['local'], vendor: undefined, vendorModel: 'none', isFree: true }
  return async (url) => {
    const egress = createEgress({ ...parts, config: config.egress, unknownPrice: 'flag', clock: deps.clock })
    const run = createErrands({ egress, recorder, clock: deps.clock, ids: createIds(deps) })
    try {
      const target = { ...place, id: 'discovery', url, credentials: {}, timeouts }
      const request = { method: 'GET', path: '', headers: {}, body: undefined } as const
      const answer = await run({ target, allowedRegions: ['local'], request, answerBytesMax: 1_048_576 })
      const list = listSchema.safeParse(JSON.parse(answer.body.toString('utf8')))
      return list.success ? list.data.data.map((model) => model.id) : undefined
    } catch {
      return undefined // Nobody is there, or it is something else: nothing was found.
    } finally {
      await egress.close()
    }
  }
}

const probeMsMax = 300
const listSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) })
