import type * as Prometheus from 'prom-client'
import type { CallFacts, CallStatus } from '../core/call.ts'
import type { ErrorCode } from '../core/errors.ts'
import { loadPackage } from '../core/packages.ts'
import type { GuardVerdict } from '../core/ports-guards.ts'
import { metricCatalogue, type MetricDefinition } from './catalogue.ts'
import { createCounter, createDurations, createPulled, type Cell, type DurationCell, type Written } from './cells.ts'

/** Figures that others keep, asked for at each scrape. A figure nobody gives is left out. */
export interface MetricSources {
  readonly requestsOpen?: () => number
  readonly journal?: () => { readonly bytes: number; readonly pendingRows: number; readonly droppedRows: number }
  readonly traces?: () => { readonly queued: number; readonly exported: number; readonly dropped: number }
}

export interface Metrics {
  /** The facts of one ended call tree. Cost: under 2 µs. */
  observeCall(facts: readonly CallFacts[], face: string): void
  /** A request that ended before it became a call: not authenticated, not understood. */
  observeRefusal(face: string, code: ErrorCode): void
  /** What a guard made of a text. */
  observeGuard(verdict: GuardVerdict): void
  /** Later sources replace earlier ones of the same name. */
  watch(sources: MetricSources): void
  useNames(names: MetricNames): void
  /** The text of all metrics, in the format of Prometheus. */
  text(): Promise<string>
}

/** The only values that the labels `model` and `endpoint` take; any other name is counted as `other`. */
export interface MetricNames {
  readonly models: readonly string[]
  readonly endpoints: readonly string[]
  readonly configHash: string
}

export function createMetrics(): Metrics {
  const families = createFamilies()
  let sources: MetricSources = {}
  let configHash: string | undefined
  const own = [...Object.values(families), ...createPulledMetrics(() => ({ sources, configHash }))]
  let ofProcess: Prometheus.Registry | undefined
  const tables = createTables(families)

  return {
    observeCall(facts, face) {
      for (const fact of facts) {
        if (fact.kind === 'dispatch') observeAttempt(tables.ofEndpoint(fact.name), fact)
        else if (fact.kind === 'request') {
          const cells = tables.ofFace(face)
          observeRequest(tables.ofModel(cells, fact.name), fact)
          if (fact.errorCode !== undefined) tables.ofError(cells, fact.errorCode).value++
        }
      }
    },
    observeRefusal(face, code) {
      const cells = tables.ofFace(face)
      tables.ofModel(cells, other).error.value++
      tables.ofError(cells, code).value++
    },
    observeGuard({ guard, place, did }) {
      families.guardVerdicts.cell(guard, place, did).value++
    },
    watch(added) {
      sources = { ...sources, ...added }
    },
    useNames(names) {
      tables.useNames(names)
      configHash = names.configHash
    },
    async text() {
      const lines: string[] = []
      for (const metric of own) metric.write(lines)
      ofProcess ??= watchProcess()
      return `${lines.join('\n')}\n${await ofProcess.metrics()}`
    },
  }
}

/** Memory, processor time, garbage and the event loop, from the first scrape on: who is never scraped pays nothing for them. */
function watchProcess(): Prometheus.Registry {
  const library = loadPackage<typeof Prometheus>('prom-client')
  const register = new library.Registry()
  library.collectDefaultMetrics({ register, prefix: 'strata_', eventLoopMonitoringPrecision: 20 })
  return register
}

const other = 'other'
/** Faces are routes, which are few; the bound is against a face that is made from a request by mistake. */
const facesMax = 64

type Families = ReturnType<typeof createFamilies>

function createFamilies() {
  return {
    requests: createCounter(metricCatalogue.requests),
    errors: createCounter(metricCatalogue.errors),
    requestDuration: createDurations(metricCatalogue.requestDuration),
    requestFirstByte: createDurations(metricCatalogue.requestFirstByte),
    attempts: createCounter(metricCatalogue.attempts),
    attemptDuration: createDurations(metricCatalogue.attemptDuration),
    attemptFirstByte: createDurations(metricCatalogue.attemptFirstByte),
    tokens: createCounter(metricCatalogue.tokens),
    usageUnknown: createCounter(metricCatalogue.usageUnknown),
    cost: createCounter(metricCatalogue.cost),
    costUnknown: createCounter(metricCatalogue.costUnknown),
    guardVerdicts: createCounter(metricCatalogue.guardVerdicts),
  }
}

interface Pullable {
  readonly sources: MetricSources
  readonly configHash: string | undefined
}

function createPulledMetrics(read: () => Pullable): readonly Written[] {
  const pull = (definition: MetricDefinition, find: (sources: MetricSources) => number | undefined): Written =>
    createPulled(definition, () => {
      const value = find(read().sources)
      return value === undefined ? undefined : { value }
    })
  return [
    pull(metricCatalogue.requestsOpen, (sources) => sources.requestsOpen?.()),
    pull(metricCatalogue.journalBytes, (sources) => sources.journal?.().bytes),
    pull(metricCatalogue.journalPending, (sources) => sources.journal?.().pendingRows),
    pull(metricCatalogue.journalDropped, (sources) => sources.journal?.().droppedRows),
    pull(metricCatalogue.tracesQueued, (sources) => sources.traces?.().queued),
    pull(metricCatalogue.tracesExported, (sources) => sources.traces?.().exported),
    pull(metricCatalogue.tracesDropped, (sources) => sources.traces?.().dropped),
    createPulled(metricCatalogue.config, () => {
      const hash = read().configHash
      return hash === undefined ? undefined : { value: 1, labels: [hash] }
    }),
  ]
}

/** The way to the cells of a name, made on first use; names that are not configured share one. */
interface Tables {
  useNames(names: MetricNames): void
  ofFace(face: string): FaceCells
  ofModel(cells: FaceCells, name: string): RequestCells
  ofError(cells: FaceCells, code: ErrorCode): Cell
  ofEndpoint(name: string): AttemptCells
}

function createTables(families: Families): Tables {
  let models: ReadonlySet<string> = new Set()
  let endpoints: ReadonlySet<string> = new Set()
  const faces = new Map<string, FaceCells>()
  const attempts = new Map<string, AttemptCells>()
  return {
    useNames(names) {
      models = new Set(names.models)
      endpoints = new Set(names.endpoints)
    },
    ofFace(face) {
      const known = faces.get(face)
      if (known !== undefined) return known
      const bounded = faces.size < facesMax ? face : other
      const cells = faces.get(bounded) ?? { face: bounded, models: new Map(), errors: new Map() }
      faces.set(bounded, cells)
      return cells
    },
    ofModel(cells, name) {
      const model = models.has(name) ? name : other
      let request = cells.models.get(model)
      if (request === undefined) cells.models.set(model, (request = createRequestCells(families, cells.face, model)))
      return request
    },
    ofError(cells, code) {
      let cell = cells.errors.get(code)
      if (cell === undefined) cells.errors.set(code, (cell = families.errors.cell(cells.face, code)))
      return cell
    },
    ofEndpoint(name) {
      const endpoint = endpoints.has(name) ? name : other
      let cells = attempts.get(endpoint)
      if (cells === undefined) attempts.set(endpoint, (cells = createAttemptCells(families, endpoint)))
      return cells
    },
  }
}

interface FaceCells {
  readonly face: string
  readonly models: Map<string, RequestCells>
  readonly errors: Map<ErrorCode, Cell>
}

interface RequestCells extends Record<CallStatus, Cell> {
  readonly duration: DurationCell
  readonly firstByte: DurationCell
}

function createRequestCells(families: Families, face: string, model: string): RequestCells {
  return {
    ok: families.requests.cell(face, model, 'ok'),
    error: families.requests.cell(face, model, 'error'),
    cancelled: families.requests.cell(face, model, 'cancelled'),
    interrupted: families.requests.cell(face, model, 'interrupted'),
    duration: families.requestDuration.cell(face, model),
    firstByte: families.requestFirstByte.cell(face, model),
  }
}

function observeRequest(cells: RequestCells, fact: CallFacts): void {
  cells[fact.status].value++
  cells.duration.observe(fact.durationMs)
  if (fact.firstByteMs !== undefined) cells.firstByte.observe(fact.firstByteMs)
}

interface AttemptCells {
  readonly outcomes: Map<string, Cell>
  readonly countOutcome: (outcome: string) => Cell
  readonly duration: DurationCell
  readonly firstByte: DurationCell
  readonly input: Cell
  readonly cacheRead: Cell
  readonly cacheWrite: Cell
  readonly output: Cell
  readonly reasoning: Cell
  readonly usageUnknown: Cell
  readonly cost: Cell
  readonly costUnknown: Cell
}

function createAttemptCells(families: Families, endpoint: string): AttemptCells {
  return {
    outcomes: new Map(),
    countOutcome: (outcome) => families.attempts.cell(endpoint, outcome),
    duration: families.attemptDuration.cell(endpoint),
    firstByte: families.attemptFirstByte.cell(endpoint),
    input: families.tokens.cell(endpoint, 'input'),
    cacheRead: families.tokens.cell(endpoint, 'cache_read'),
    cacheWrite: families.tokens.cell(endpoint, 'cache_write'),
    output: families.tokens.cell(endpoint, 'output'),
    reasoning: families.tokens.cell(endpoint, 'reasoning'),
    usageUnknown: families.usageUnknown.cell(endpoint),
    cost: families.cost.cell(endpoint),
    costUnknown: families.costUnknown.cell(endpoint),
  }
}

function observeAttempt(cells: AttemptCells, fact: CallFacts): void {
  const outcome = fact.errorCode ?? fact.status
  let counted = cells.outcomes.get(outcome)
  if (counted === undefined) cells.outcomes.set(outcome, (counted = cells.countOutcome(outcome)))
  counted.value++
  cells.duration.observe(fact.durationMs)
  if (fact.firstByteMs !== undefined) cells.firstByte.observe(fact.firstByteMs)
  const usage = fact.usage
  if (usage === undefined) {
    if (fact.status === 'ok') cells.usageUnknown.value++
    return
  }
  // What was not reported is not counted; it is not zero, but a counter has no other way to leave it out.
  cells.input.value += usage.inputTotal ?? 0
  cells.cacheRead.value += usage.cacheRead ?? 0
  cells.cacheWrite.value += (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0)
  cells.output.value += usage.outputTotal ?? 0
  cells.reasoning.value += usage.reasoning ?? 0
  if (fact.cost === undefined) cells.costUnknown.value++
  else cells.cost.value += Number(fact.cost) / 1e12
}
