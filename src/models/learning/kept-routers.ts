import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { RouterCatalogue, RouterInForce } from './catalogue.ts'
import { readCertificate, type Certificate } from './certificate.ts'
import { createDriftWatch, type DriftSave, type DriftState } from './drift.ts'
import { readRouter } from './router-file.ts'
import type { Router } from './router.ts'
import type { LearningStore, RouterKey, RouterRow, VersionRow } from './store.ts'

/** Routers kept in the database, each in all its versions, of which one is in force. */
export interface KeptRouters {
  /** Takes in a router file as the next version, in force at once and without a certificate. Throws ROUTER_INVALID. */
  put(key: RouterKey, file: string): Promise<KeptRouter>
  list(tenant: string): Promise<readonly KeptRouter[]>
  /** Throws NOT_FOUND. */
  get(key: RouterKey): Promise<KeptRouter>
  versions(key: RouterKey): Promise<readonly VersionRow[]>
  /** Puts a former version in force again. Its certificate has to be issued again. Throws NOT_FOUND. */
  rollBack(key: RouterKey, version: number): Promise<KeptRouter>
  /** The router of one version. Throws NOT_FOUND. */
  load(key: RouterKey, version?: number): Promise<Router>
  /** Throws CERTIFICATE_INVALID, and CONFLICT for one of another version. */
  certify(key: RouterKey, text: string): Promise<KeptRouter>
  /** Takes one judged case of the shadow stream; the certificate may be withdrawn by it. `undefined` without one. */
  observe(key: RouterKey, seen: ShadowCase): Promise<DriftState | undefined>
  /** What one tenant's models may use, as of now. */
  catalogue(tenant: string): RouterCatalogue
  /** Reads what is in force of a tenant and has changed, here or elsewhere, so that its catalogue knows it. */
  refresh(tenant: string): Promise<void>
  /** Refreshes every two seconds; returns the way to end it. While the database does not answer, what is known stays. */
  watch(tenant: string): () => void
}

export interface KeptRouter {
  readonly name: string
  readonly version: number
  readonly router: Router
  readonly certificate: Certificate | undefined
  readonly drift: DriftState | undefined
  readonly updatedAtMs: number
}

/** One prompt that both models answered, with the judged quality of both answers, 0…1. */
export interface ShadowCase {
  readonly prompt: string
  readonly weakAnswer: string | undefined
  readonly weak: number
  readonly strong: number
}

export interface KeptRoutersDeps {
  readonly store: LearningStore
  readonly clock: Clock
  readonly log: EventLog
}

/** Judged cases between two false alarms, on average at least. */
const alarmEvery = 10_000
/** Routers that are held in memory, parsed. */
const parsedMax = 32
const refreshMs = 2_000

export function createKeptRouters(deps: KeptRoutersDeps): KeptRouters {
  return new StoredRouters(deps)
}

class StoredRouters implements KeptRouters {
  readonly #deps: KeptRoutersDeps
  readonly #parsed = new Map<string, Router>()
  readonly #inForce = new Map<string, Map<string, RouterInForce>>()
  /** What each router was when it was last read. */
  readonly #states = new Map<string, string>()
  readonly #inTurn = createQueue()

  constructor(deps: KeptRoutersDeps) {
    this.#deps = deps
  }

  async put(key: RouterKey, file: string): Promise<KeptRouter> {
    const { store, clock } = this.#deps
    const { hash } = readRouter(Buffer.from(file))
    await store.addVersion(key, { hash, file, atMs: clock.now() })
    return this.get(key)
  }

  async list(tenant: string): Promise<readonly KeptRouter[]> {
    const rows = await this.#deps.store.listRouters(tenant)
    const kept: KeptRouter[] = []
    for (const row of rows) if (row.version > 0) kept.push(await this.get({ tenant, name: row.name }))
    return kept
  }

  async get(key: RouterKey): Promise<KeptRouter> {
    const row = await this.#require(key)
    const router = await this.load(key, row.version)
    const certificate = row.certificate === null ? undefined : readCertificate(row.certificate)
    const drift = certificate === undefined ? undefined : openWatch(certificate, row.drift).state
    const ofTenant = this.#inForce.get(key.tenant) ?? new Map<string, RouterInForce>()
    ofTenant.set(key.name, { router, certificate: drift?.type === 'holds' ? certificate : undefined })
    this.#inForce.set(key.tenant, ofTenant)
    return { name: key.name, version: row.version, router, certificate, drift, updatedAtMs: row.updated_at_ms }
  }

  async versions(key: RouterKey): Promise<readonly VersionRow[]> {
    await this.#require(key)
    return this.#deps.store.listVersions(key)
  }

  async rollBack(key: RouterKey, version: number): Promise<KeptRouter> {
    const { store, clock } = this.#deps
    await this.load(key, version)
    await store.updateRouter(key, { version, certificate: null, drift: null, updated_at_ms: clock.now() })
    return this.get(key)
  }

  async load(key: RouterKey, version?: number): Promise<Router> {
    const wanted = version ?? (await this.#require(key)).version
    const place = JSON.stringify([key.tenant, key.name, wanted])
    const known = this.#parsed.get(place)
    if (known !== undefined) return known
    const file = await this.#deps.store.findFile(key, wanted)
    if (file === undefined) throw new PlatformError('NOT_FOUND', `the router ${key.name} has no version ${wanted}`)
    const router = readRouter(Buffer.from(file))
    const [oldest] = this.#parsed.keys()
    if (this.#parsed.size >= parsedMax && oldest !== undefined) this.#parsed.delete(oldest)
    this.#parsed.set(place, router)
    return router
  }

  async certify(key: RouterKey, text: string): Promise<KeptRouter> {
    const { store, clock } = this.#deps
    const { router } = await this.get(key)
    const certificate = readCertificate(text)
    if (certificate.policy.router !== router.hash) {
      throw new PlatformError('CONFLICT', `the certificate was issued for another version of the router ${key.name}`)
    }
    const changed = { certificate: JSON.stringify(certificate), drift: null, updated_at_ms: clock.now() }
    await store.updateRouter(key, changed)
    return this.get(key)
  }

  observe(key: RouterKey, seen: ShadowCase): Promise<DriftState | undefined> {
    return this.#inTurn(async () => {
      const { store, log } = this.#deps
      const row = await this.#require(key)
      if (row.certificate === null) return undefined
      const certificate = readCertificate(row.certificate)
      const watch = openWatch(certificate, row.drift)
      const before = watch.state.type
      const after = watch.observe(lossOf(await this.load(key, row.version), certificate, seen))
      await store.updateRouter(key, { drift: JSON.stringify(watch.save()) })
      if (before === 'holds' && after.type === 'withdrawn') {
        const about = { router: key.name, tenant: key.tenant, seen: after.seen }
        log.warn(about, 'a certificate is withdrawn: quality has drifted')
        await this.get(key)
      }
      return after
    })
  }

  catalogue(tenant: string): RouterCatalogue {
    return {
      find: (name) => this.#inForce.get(tenant)?.get(name),
      names: () => [...(this.#inForce.get(tenant)?.keys() ?? [])],
    }
  }

  async refresh(tenant: string): Promise<void> {
    for (const row of await this.#deps.store.listStates(tenant)) {
      const place = JSON.stringify([tenant, row.name])
      const state = JSON.stringify([row.version, row.updated_at_ms, row.certificate, row.drift])
      if (row.version === 0 || this.#states.get(place) === state) continue
      await this.get({ tenant, name: row.name })
      this.#states.set(place, state)
    }
  }

  watch(tenant: string): () => void {
    let isBusy = false
    const tick = async (): Promise<void> => {
      if (isBusy) return
      isBusy = true
      await this.refresh(tenant).catch((thrown: unknown) => {
        this.#deps.log.warn({ tenant, reason: toPlatformError(thrown).message }, 'kept routers could not be refreshed')
      })
      isBusy = false
    }
    const timer = setInterval(() => void tick(), refreshMs).unref()
    return () => clearInterval(timer)
  }

  async #require(key: RouterKey): Promise<RouterRow> {
    const row = await this.#deps.store.findRouter(key)
    if (row === undefined || row.version === 0) throw new PlatformError('NOT_FOUND', `there is no router ${key.name}`)
    return row
  }
}

/** What the certified policy loses on a case: nothing where it goes to the strong model. */
function lossOf(router: Router, certificate: Certificate, seen: ShadowCase): number {
  const gain = router.gain(seen.prompt, certificate.policy.stage === 'answer' ? seen.weakAnswer : undefined)
  const loss = gain >= certificate.threshold ? 0 : seen.strong - seen.weak
  return certificate.loss === 'net' ? loss : Math.max(0, loss)
}

function openWatch(certificate: Certificate, saved: string | null): ReturnType<typeof createDriftWatch> {
  const state = saved === null ? undefined : (JSON.parse(saved) as DriftSave) // written by `observe`
  return createDriftWatch({ certificate, alarmEvery, saved: state })
}

/** One after another, so that nothing read before a change is written after it. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined) // Whoever waits for this turn hears of its failure.
    return mine
  }
}
