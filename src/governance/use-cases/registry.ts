import type { Transaction } from 'kysely'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Store, Tables } from '../../store/index.ts'
import type { AuditLog } from '../audit/index.ts'
import {
  createUseCaseStore,
  type LiteracyRow,
  type Registered,
  type SignalRow,
  type UseCaseQueries,
  type UseCaseStore,
} from './store.ts'
import {
  toDocument,
  toUseCase,
  toVersion,
  type UseCase,
  type UseCaseDocument,
  type UseCaseVersion,
} from './use-case.ts'

/** What tenants have registered, in memory and in the database. What may be registered and activated others decide. */
export interface UseCaseRegistry {
  find(tenant: string, name: string): UseCase | undefined
  list(): readonly UseCase[]
  listOf(tenant: string): readonly UseCase[]
  /** A new use case, or a new version of one. Rejects with CONFLICT when it is retired. */
  register(who: Registrar, name: string, said: Said): Promise<UseCase>
  /** The next document of a slot. Rejects with NOT_FOUND. */
  addDocument(who: Registrar, name: string, document: NewDocument): Promise<UseCase>
  /** Puts a version in force. Rejects with NOT_FOUND, or CONFLICT when it is retired or there is a later version. */
  activate(who: Registrar, name: string, version: number): Promise<UseCase>
  /** For good. Rejects with NOT_FOUND. */
  retire(who: Registrar, name: string): Promise<UseCase>
  listVersions(tenant: string, name: string): Promise<readonly UseCaseVersion[]>
  /** Every document there ever was, in order. */
  listDocuments(tenant: string, name: string): Promise<readonly UseCaseDocument[]>
  listSignals(tenant: string, name: string): Promise<readonly SignalRow[]>
  /** Counts hints. */
  notice(hints: readonly Omit<SignalRow, 'first_at_ms' | 'last_at_ms'>[]): Promise<void>
  addLiteracy(who: Registrar, record: Pick<LiteracyRow, 'person' | 'measure' | 'dated' | 'hash'>): Promise<LiteracyRow>
  listLiteracy(tenant: string): Promise<readonly LiteracyRow[]>
  /** Takes up what other processes changed. Happens by itself every two seconds. */
  refresh(): Promise<void>
  close(): void
}

export interface Registrar {
  readonly tenant: string
  readonly keyId: string
}

export type Said = Pick<UseCaseVersion, 'title' | 'purpose' | 'owner' | 'answers'>
export type NewDocument = Pick<UseCaseDocument, 'slot' | 'hash' | 'dated' | 'owner' | 'place'>

export interface RegistryDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  readonly audit: Pick<AuditLog, 'act'>
  /** Hints of one kind from which on a use case is raised; `undefined` for never. Read at each use. */
  readonly hintsMin: () => number | undefined
  /** After what requests are decided by has changed here. */
  readonly onChange: () => Promise<void>
}

const refreshMs = 2_000
const versionsMax = 1_000
const casesMax = 10_000

export async function createUseCaseRegistry(deps: RegistryDeps): Promise<UseCaseRegistry> {
  const store = createUseCaseStore(deps.store)
  const mirror = createMirror()
  let mark = -1
  let turn: Promise<unknown> = Promise.resolve()

  const refresh = (): Promise<void> => {
    const mine = turn.then(async () => {
      const newMark = await store.readMark()
      if (newMark === mark) return
      mirror.take(await store.readAll(), deps.hintsMin())
      const isFirst = mark === -1
      mark = newMark
      if (!isFirst) await deps.onChange()
    })
    turn = mine.catch(() => undefined) // Whoever asked is told; the next turn goes on.
    return mine
  }
  const timer = setInterval(() => {
    refresh().catch((thrown: unknown) => {
      const reason = thrown instanceof Error ? thrown.message : 'unexpected'
      deps.log.warn({ reason }, 'use cases could not be refreshed')
    })
  }, refreshMs).unref()
  await refresh()

  /** A change with its act, in force here when it resolves. */
  async function change(who: Registrar, name: string, work: Work): Promise<UseCase> {
    await store.exclusively(async (queries, sql) => {
      await deps.audit.act(who.tenant, { ...(await work(queries, sql)), use_case: name, key: who.keyId }, sql)
    })
    await refresh()
    const made = mirror.find(who.tenant, name)
    if (made === undefined) throw notFound(name)
    return made
  }

  const now = (): number => Math.trunc(deps.clock.now())
  return {
    find: (tenant, name) => mirror.find(tenant, name),
    list: () => mirror.list(),
    listOf: (tenant) => mirror.list().filter((each) => each.tenant === tenant),
    register: (who, name, said) => change(who, name, (queries) => register(queries, { who, name, said, atMs: now() })),
    addDocument: (who, name, document) =>
      change(who, name, (queries) => addDocument(queries, { who, name, document, atMs: now() })),
    activate: (who, name, version) =>
      change(who, name, (queries, sql) => activate(queries, { who, name, version, atMs: now(), sql })),
    retire: (who, name) =>
      change(who, name, async (queries) => {
        await need(queries, who, name)
        await queries.change({ tenant: who.tenant, name }, { retired_at_ms: now() })
        return { act: 'use-case.retire' }
      }),
    listVersions: async (tenant, name) => (await store.listVersions({ tenant, name })).map(toVersion),
    listDocuments: async (tenant, name) => (await store.listDocuments({ tenant, name })).map(toDocument),
    ...createNotes(deps, store),
    refresh,
    close: () => clearInterval(timer),
  }
}

/** What is noted beside what requests are decided by. */
function createNotes(
  deps: RegistryDeps,
  store: UseCaseStore,
): Pick<UseCaseRegistry, 'notice' | 'listSignals' | 'addLiteracy' | 'listLiteracy'> {
  const now = (): number => Math.trunc(deps.clock.now())
  return {
    listSignals: (tenant, name) => store.listSignals({ tenant, name }),
    async notice(hints) {
      const hintsMin = deps.hintsMin()
      let isRaised = false
      for (const hint of hints) {
        const total = await store.addSignal({ ...hint, first_at_ms: now(), last_at_ms: now() })
        isRaised ||= hintsMin !== undefined && total >= hintsMin && total - hint.count < hintsMin
      }
      if (isRaised) await store.exclusively(() => Promise.resolve()) // every process reads again
    },
    async addLiteracy(who, record) {
      const row = { id: deps.ids.create('act'), tenant: who.tenant, key_id: who.keyId, at_ms: now(), ...record }
      await store.exclusively(async (queries, sql) => {
        await queries.insertLiteracy(row)
        const { measure, dated, person } = record
        await deps.audit.act(who.tenant, { act: 'literacy.add', person, measure, dated, key: who.keyId }, sql)
      })
      return row
    },
    listLiteracy: (tenant) => store.listLiteracy(tenant),
  }
}

type Work = (queries: UseCaseQueries, sql: Transaction<Tables>) => Promise<JsonObject & { readonly act: string }>

async function register(
  queries: UseCaseQueries,
  {
    who,
    name,
    said,
    atMs,
  }: { readonly who: Registrar; readonly name: string; readonly said: Said; readonly atMs: number },
): ReturnType<Work> {
  const { tenant } = who
  const known = await queries.find({ tenant, name })
  if (known !== undefined && known.retired_at_ms !== null) throw retired(name)
  const version = (known?.latest ?? 0) + 1
  if (version > versionsMax) throw new PlatformError('CONFLICT', `${name} has ${versionsMax} versions already`)
  if (known === undefined) {
    if ((await queries.countCases(tenant)) >= casesMax) {
      throw new PlatformError('CONFLICT', `${casesMax} use cases are registered already`)
    }
    const times = { created_at_ms: atMs, activated_at_ms: null, retired_at_ms: null }
    await queries.insertCase({ tenant, name, latest: version, active: null, ...times })
  } else await queries.change({ tenant, name }, { latest: version })
  const { title, purpose, owner } = said
  const answers = JSON.stringify(said.answers)
  await queries.insertVersion({ tenant, name, version, title, purpose, owner, answers, key_id: who.keyId, at_ms: atMs })
  return { act: 'use-case.register', version, owner }
}

async function addDocument(
  queries: UseCaseQueries,
  given: { readonly who: Registrar; readonly name: string; readonly document: NewDocument; readonly atMs: number },
): ReturnType<Work> {
  const { who, name, document, atMs } = given
  await need(queries, who, name)
  const key = { tenant: who.tenant, name }
  const { slot, hash, dated, owner, place } = document
  const number = (await queries.listDocuments(key)).filter((each) => each.slot === slot).length + 1
  const row = { ...key, slot, number, hash, dated, owner, place: place ?? null, key_id: who.keyId, at_ms: atMs }
  await queries.insertDocument(row)
  return { act: 'use-case.document', slot, hash, dated, owner }
}

interface Activation {
  readonly who: Registrar
  readonly name: string
  readonly version: number
  readonly atMs: number
  readonly sql: Transaction<Tables>
}

async function activate(queries: UseCaseQueries, { who, name, version, atMs }: Activation): ReturnType<Work> {
  const row = await need(queries, who, name)
  if (row.latest !== version) {
    throw new PlatformError('CONFLICT', `${name} has a version ${row.latest} by now; look at that`)
  }
  const key = { tenant: who.tenant, name }
  const cleared = await queries.clearSignals(key)
  await queries.change(key, { active: version, activated_at_ms: atMs })
  return {
    act: 'use-case.activate',
    version,
    signals: Object.fromEntries(cleared.map((row) => [row.signal, row.count])),
  }
}

async function need(
  queries: UseCaseQueries,
  { tenant }: Registrar,
  name: string,
): Promise<NonNullable<Awaited<ReturnType<UseCaseQueries['find']>>>> {
  const row = await queries.find({ tenant, name })
  if (row === undefined) throw notFound(name)
  if (row.retired_at_ms !== null) throw retired(name)
  return row
}

/** By tenant and name; what did not change keeps its object, so that what is remembered of it stays. */
function createMirror() {
  let known = new Map<string, { readonly text: string; readonly useCase: UseCase }>()
  const keyOf = (tenant: string, name: string): string => `${tenant}\n${name}`
  return {
    find: (tenant: string, name: string) => known.get(keyOf(tenant, name))?.useCase,
    list: (): readonly UseCase[] => [...known.values()].map(({ useCase }) => useCase),
    take({ cases, versions, documents, signals }: Registered, hintsMin: number | undefined): void {
      const next: typeof known = new Map()
      const own = <Row extends { readonly tenant: string; readonly name: string }>(rows: readonly Row[]) =>
        Map.groupBy(rows, ({ tenant, name }) => keyOf(tenant, name))
      const [versionsOf, documentsOf, signalsOf] = [own(versions), own(documents), own(signals)]
      for (const row of cases) {
        const key = keyOf(row.tenant, row.name)
        const shown = row.active ?? row.latest
        const version = versionsOf.get(key)?.find((each) => each.version === shown)
        if (version === undefined) continue
        const isRaised = hintsMin !== undefined && (signalsOf.get(key) ?? []).some(({ count }) => count >= hintsMin)
        const parts = { documents: documentsOf.get(key) ?? [], isRaised }
        const text = JSON.stringify([row, version, parts])
        const past = known.get(key)
        next.set(key, past?.text === text ? past : { text, useCase: toUseCase(row, version, parts) })
      }
      known = next
    },
  }
}

function retired(name: string): PlatformError {
  return new PlatformError('CONFLICT', `${name} is retired; register it under another name`)
}

function notFound(name: string): PlatformError {
  return new PlatformError('NOT_FOUND', `no use case ${name.slice(0, 64)} is registered`)
}
