import { resolve } from 'node:path'
import type { HttpParts } from '../applications/index.ts'
import type { Config, LoadedConfig } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import { createIds } from '../core/ids.ts'
import type { EventLog } from '../core/ports.ts'
import type { Random } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import { operatorTenant } from '../core/principals.ts'
import {
  checkPrivacy,
  checkRegions,
  createPolicyGuard,
  createRegionGate,
  createSovereignGate,
  type AuditLog,
  type Identity,
  type PolicyGuard,
} from '../governance/index.ts'
import { createEgress, createEndpoints, type Egress } from '../infrastructure/index.ts'
import { createPricer, createSpending, type Idempotency, type PriceBook } from '../investment/index.ts'
import { createAnswerCaches } from '../models/index.ts'
import { createAudit } from './audit.ts'
import { createAdapters } from './adapters.ts'
import { createAlertSender } from './alerts.ts'
import { createLearningParts, createRouters, createShadowKind } from './learning.ts'
import { createConfiguredGuards } from './guards.ts'
import { createConfiguredLookups } from './lookups.ts'
import { createModels, createPrograms } from './models.ts'
import { createMoney, createSinks } from './billing.ts'
import { createCentreLink, createEdge } from './edge.ts'
import { openGovernance } from './governance.ts'
import { createParts } from './parts.ts'
import { createRepeating } from './repeating.ts'
import { createReplay } from './replay.ts'
import { createJudging } from './replay-policies.ts'
import { createConfiguredSignOn } from './sign-on.ts'
import type { Standing } from './standing.ts'
import { createConfiguredWitnessing } from './witnesses.ts'
import { createRights } from './rights.ts'
import { openKnowledge } from './knowledge.ts'
import { openPreparation } from './preparing.ts'
import { openIntake } from './intake.ts'
import { openTokenizers } from './tokenizers.ts'
import { createTraces } from './traces.ts'
import { createInWork } from './work.ts'
import { createStore, recordConfigVersion, type Store } from '../store/index.ts'
import { createTelemetry } from '../telemetry/index.ts'

/** Everything Strata is made of, joined. */
export interface Platform {
  /** The parts in force now; a request keeps those it began with. */
  parts(): HttpParts
  readonly identity: Identity
  readonly audit: AuditLog
  readonly idempotency: Idempotency
  readonly store: Store
  readonly log: EventLog
  readonly folder: string
  /**
   * Puts a new configuration in force for the requests to come, one after another; those in work finish on the old one.
   * Rejects with CONFIG_INVALID, and the old one stays.
   */
  reload(loaded: LoadedConfig): Promise<void>
  /** From now on documents that wait are taken in, and sources synchronised, under this configuration and those to come. */
  startWork(): void
  close(): Promise<void>
}

export interface PlatformDeps {
  readonly loaded: LoadedConfig
  readonly clock: Clock
  readonly random: Random
  /** Takes one line of log, without its line feed. */
  readonly writeLog: (line: string) => void
}

/** What a configuration makes, and what is closed when its last request is done. */
interface Running {
  start(): void
  readonly parts: HttpParts
  retire(): Promise<void>
}

/** Builds the platform on its store. Throws CONFIG_INVALID or STORE_UNAVAILABLE. */
export async function createPlatform(deps: PlatformDeps): Promise<Platform> {
  const { clock, random, loaded } = deps
  let current = loaded
  let gate = createRegionGate(loaded.config.governance)
  const folder = resolve(loaded.folder, loaded.config.store.folder)
  const around = await createSurroundings(deps, () => current.config)
  const { ids, code, telemetry, tokenizers } = around
  const { log } = telemetry
  const store = await createStore({ config: { ...loaded.config.store, folder }, clock, log })
  const audit = createAudit({ config: loaded.config, store, clock, ids, log, folder })
  const isRegion = (name: string): boolean => gate.has(name)
  const onChange = (): Promise<void> => audit.keep(running.parts.policies.materials)
  const ruled = { store, log, audit, folder, isRegion, onChange, config: () => current.config.governance }
  const { governance, identity } = await openGovernance({ ...around, ...ruled }).catch(async (thrown: unknown) => {
    await store.close()
    throw thrown
  })
  const preparation = openPreparation(loaded)
  const inForce = { gate: () => gate, parts: () => running.parts }
  const knowledge = openKnowledge({ store, clock, ids, preparation, log, folder, loaded, inForce })
  const spending = await createSpending({ store, ids, clock, log, config: () => current.config.investment.holds })
  const learnt = await createLearningParts({ store, clock, ids, random, log })
  const rights = createRights({ ...around, inForce, store, log, knowledge, preparation, config: () => current.config })
  const money = await createMoney({ store, clock, ids, log, spending, config: () => current.config })
  const idempotency = createRepeating({ store, clock, random, log, knowledge, loaded })
  const edge = createEdge({ store, clock, spending, config: () => current.config })
  const rooms = { identity, audit, governance, ...rights, preparation, spending, ...learnt, money, edge, store }
  const standing: Standing = { ...around, ...rooms, folder, configFolder: loaded.folder }
  watchJournal(telemetry, store)
  let running = createRunning(standing, loaded, await numberOf(standing, loaded))
  await audit.keep(running.parts.policies.materials)
  let [lastReload, isWorking]: [Promise<void>, boolean] = [Promise.resolve(), false]
  const retiring = new Set<Promise<void>>()
  return {
    parts: () => running.parts,
    startWork() {
      isWorking = true
      for (const work of [running, knowledge.embedding]) work.start()
    },
    identity,
    audit,
    idempotency,
    store,
    log,
    folder,
    reload(next) {
      const reloaded = lastReload.then(async () => {
        checkConfig(next.config)
        await tokenizers.prepare(next.config)
        const former = running
        running = createRunning(standing, next, await numberOf(standing, next))
        current = next
        await recordApplied(audit, running.parts, next)
        gate = createRegionGate(next.config.governance)
        if (isWorking) running.start()
        const retired = former.retire().finally(() => retiring.delete(retired))
        retiring.add(retired)
      })
      lastReload = reloaded.catch(() => undefined) // Whoever asked is told; the next one is not held back by it.
      return reloaded
    },
    async close() {
      await lastReload
      await Promise.all([knowledge.embedding.stop(), ...retiring, running.retire()])
      for (const room of [audit, code, preparation, knowledge]) await room.close()
      for (const timed of [identity, spending, money.priceEntries, idempotency, governance, learnt]) await timed.close()
      await store.close()
    },
  }
}

/** What many rooms are given, of a configuration that is checked first. */
async function createSurroundings(
  { clock, random, loaded, writeLog }: PlatformDeps,
  config: () => Config,
): Promise<Pick<Standing, 'clock' | 'random' | 'ids' | 'telemetry' | 'caches' | 'code' | 'tokenizers'>> {
  checkConfig(loaded.config)
  const ids = createIds({ clock, random })
  const telemetry = createTelemetry({ config: loaded.config.telemetry, clock, random, writeLog })
  const tokenizers = await openTokenizers({ clock, telemetry }, loaded)
  return { clock, random, ids, telemetry, tokenizers, caches: createAnswerCaches(clock), code: createPrograms(config) }
}

function watchJournal(telemetry: Standing['telemetry'], store: Store): void {
  telemetry.watch({
    journal: () => {
      const { journalBytes, pendingRows, dropped } = store.stats()
      return { bytes: journalBytes, pendingRows, droppedRows: dropped }
    },
  })
}

/** What decisions are made from, and that they are made so from now on. */
async function recordApplied(audit: AuditLog, parts: HttpParts, { hash }: LoadedConfig): Promise<void> {
  await audit.keep(parts.policies.materials)
  await audit.act(operatorTenant, { act: 'config.apply', config: parts.configVersion, hash })
}

/** The number of a configuration; its text is kept under it, secrets masked. */
function numberOf({ store, clock }: Standing, { hash, text }: LoadedConfig): Promise<number> {
  return recordConfigVersion(store, { hash, text, appliedAtMs: clock.now() })
}

/** What the schema cannot see: whether regions and types exist. Throws CONFIG_INVALID naming each with its key path. */
function checkConfig(config: Config): void {
  const regions = checkRegions(config)
  const faults = regions.length > 0 ? regions : checkPrivacy(config, createRegionGate(config.governance))
  if (faults.length === 0) return
  const lines = faults.map(({ path, message }) => `  ${path}: ${message}`)
  throw new PlatformError('CONFIG_INVALID', `the configuration is refused:\n${lines.join('\n')}`, {
    param: faults[0]?.path,
  })
}

function createPolicies(config: Config, { clock, configFolder, governance }: Standing): PolicyGuard {
  const toPath = (path: string): string => resolve(configFolder, path)
  return createPolicyGuard({ config: config.governance, clock, toPath, registered: governance.useCases })
}

/** The one door out, with what governance and money have to say to it. */
function openDoor(
  { clock, spending, store, telemetry }: Standing,
  config: Config,
  { gate, pricer }: { readonly gate: ReturnType<typeof createRegionGate>; readonly pricer: PriceBook },
): Egress {
  const { log } = telemetry
  return createEgress({
    config: config.egress,
    gate: createSovereignGate({ lattice: gate, rules: config.governance.sovereignty, clock, log }),
    pricer,
    unknownPrice: config.investment.unknownPrice,
    spending: spending.gate,
    recorder: store.recorder,
    clock,
    log,
  })
}

function createRunning(standing: Standing, loaded: LoadedConfig, version: number): Running {
  const { config } = loaded
  const { store, telemetry } = standing
  const gate = createRegionGate(config.governance)
  const pricer = createPricer({ config, entries: () => standing.money.priceEntries.rows() })
  const egress = openDoor(standing, config, { gate, pricer })
  const adapters = createAdapters(standing, config, egress)
  const endpoints = createEndpoints({
    ...standing,
    config,
    egress,
    adapters: adapters.byDialect,
    pricer,
    recorder: store.recorder,
    log: telemetry.log,
    privacy: standing.privacy.configure(config.governance, gate),
  })
  const inWork = createInWork()
  const shadows = createShadowKind(standing, { config, inWork, gate })
  const guards = createConfiguredGuards(standing, config, (name) => models.find(name))
  const models = createModels(standing, loaded, { gate, endpoints, shadow: shadows.kind, guards })
  guards.check()
  const policies = createPolicies(config, standing)
  const judging = createJudging(standing, config, policies)
  const routers = createRouters(standing.learning, loaded)
  const replay = createReplay({ config, gate, pricer, adapters, routers, policies: judging })
  const traces = createTraces(standing, loaded, egress)
  const intake = openIntake(standing, loaded, egress)
  standing.spending.alerts.use(createAlertSender(standing, loaded, egress))
  const link = createCentreLink(standing, loaded, egress)
  const witnessing = createConfiguredWitnessing(standing, config, egress)
  const lookups = createConfiguredLookups(standing, loaded, { egress, endpoints, gate, pricer })
  const parts = createParts({
    standing,
    loaded,
    version,
    gate,
    policies,
    guards,
    models,
    endpoints,
    inWork,
    intake,
    traces,
    witnessing,
    link,
    signOn: createConfiguredSignOn(standing, config, egress),
    prices: pricer,
    replay,
  })
  const sinks = createSinks(standing, config, egress)
  telemetry.useConfig(loaded)
  return {
    parts,
    start() {
      for (const work of [intake, witnessing, lookups]) work.start()
    },
    async retire() {
      await Promise.all([intake.close(), witnessing.close(), lookups.close()])
      shadows.close()
      await inWork.none()
      for (const part of [traces, sinks, parts.signals, link]) await part?.close()
      endpoints.close()
      for (const part of [adapters, egress]) await part.close()
    },
  }
}
