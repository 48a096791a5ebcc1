import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import {
  createCredential,
  credentialLengthMax,
  hashCredential,
  parseEnvironmentKey,
  type Credential,
} from './credential.ts'
import { createMirror, type Mirror } from './mirror.ts'
import type { KeyRecord, Tenant } from './records.ts'
import { checkKeyRequest, checkOverlap, checkTenantName, type KeyRequest } from './request.ts'
import { createIdentityStore, defaultTenant, type IdentityQueries, type IdentityStore, type KeyRow } from './store.ts'

/** Who may ask: tenants and their keys. */
export interface Identity {
  /**
   * Who the credential stands for; the same object every time. Throws UNAUTHENTICATED, KEY_EXPIRED or KEY_REVOKED.
   * Synchronous, from memory: one hash and one look-up.
   */
  authenticate(credential: string | undefined): Principal
  /**
   * Sees to it that there is an admin key: that of the environment (STRATA_ADMIN_KEY) when given, which takes the place
   * of a former one; else, when no admin key is in force, a new one, returned this once. Rejects with CONFIG_INVALID.
   */
  bootstrap(environmentKey: string | undefined): Promise<{ readonly key: string | undefined }>
  readonly keys: Keys
  readonly tenants: Tenants
  /** Brings what other processes have changed into memory. Happens by itself every two seconds. */
  refresh(): Promise<void>
  /** Stops refreshing. */
  close(): void
}

interface Keys {
  /**
   * The key is returned this once; only its hash is kept. Rejects with INVALID_REQUEST, NOT_FOUND (the tenant) or FORBIDDEN (a person
   * who has been deactivated).
   */
  create(request: KeyRequest): Promise<{ readonly key: string; readonly record: KeyRecord }>
  /** The tenant's keys, oldest first, revoked ones too. */
  list(tenant: string): Promise<readonly KeyRecord[]>
  /** For good; again does nothing. In force here at once, elsewhere within two seconds. Rejects with NOT_FOUND. */
  revoke(tenant: string, id: string): Promise<KeyRecord>
  /**
   * A key like another one, which from then on ends with the overlap (milliseconds) or when it would have ended anyway. The new one
   * lives as long as the old one was made for. Rejects with NOT_FOUND, or CONFLICT for a key that is revoked or has expired.
   */
  rotate(tenant: string, id: string, overlapMs: number): Promise<RotatedKey>
}

interface RotatedKey {
  /** Shown this once. */
  readonly key: string
  readonly record: KeyRecord
  /** The one before it. */
  readonly former: KeyRecord
}

interface Tenants {
  /** Rejects with INVALID_REQUEST, or CONFLICT when the name is taken. */
  create(name: string): Promise<Tenant>
  /** Oldest first. */
  list(): Promise<readonly Tenant[]>
  /** By name, among those in memory. */
  find(name: string): Tenant | undefined
}

interface IdentityDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly log: EventLog
  /** Whether governance knows a region of that name. */
  isRegion(name: string): boolean
  /** Whether governance knows a use case of that name in the tenant. */
  isUseCase(name: string, tenant: string): boolean
  /** `governance.keyDaysMax` as it is now. */
  keyDaysMax(): number | undefined
}

const refreshMs = 2_000
const dayMs = 86_400_000

/** Reads tenants and keys into memory, and keeps them fresh until `close`. The default tenant is there from then on. */
export async function createIdentity(deps: IdentityDeps): Promise<Identity> {
  const { clock } = deps
  const store = createIdentityStore(deps.store)
  const mirror = createMirror(store)
  await mirror.refresh()
  if (mirror.tenants().length === 0) {
    await store.exclusively(now(clock), () => Promise.resolve())
    await mirror.refresh()
  }
  const timer = startRefreshing(mirror, deps.log)

  return {
    authenticate(credential) {
      if (credential === undefined || credential === '') throw new PlatformError('UNAUTHENTICATED', 'no key was sent')
      const known = credential.length > credentialLengthMax ? undefined : mirror.findKey(hashCredential(credential))
      if (known === undefined) throw new PlatformError('UNAUTHENTICATED', 'the key is not known')
      const { record, principal } = known
      if (record.revokedAtMs !== undefined) throw new PlatformError('KEY_REVOKED', `key ${record.id} was revoked`)
      if (record.expiresAtMs !== undefined && record.expiresAtMs <= clock.now()) {
        throw new PlatformError('KEY_EXPIRED', `key ${record.id} has expired`)
      }
      return principal
    },
    async bootstrap(environmentKey) {
      const given = environmentKey === undefined ? undefined : parseEnvironmentKey(environmentKey)
      const key = await mirror.inTurn(() =>
        store.exclusively(now(clock), (queries) =>
          given === undefined ? ensureAdminKey(queries, deps) : adoptKey(queries, given, deps),
        ),
      )
      await mirror.refresh()
      return { key }
    },
    keys: createKeys(deps, store, mirror),
    tenants: {
      async create(name) {
        checkTenantName(name)
        const row = { id: deps.ids.create('tenant'), name, created_at_ms: now(clock) }
        return mirror.inTurn(async () => {
          if (await store.insertTenant(row)) return mirror.putTenant(row)
          throw new PlatformError('CONFLICT', `there is a tenant named "${name}" already`, { param: 'name' })
        })
      },
      async list() {
        await mirror.refresh()
        return mirror.tenants()
      },
      find: (name) => mirror.tenants().find((tenant) => tenant.name === name),
    },
    refresh: () => mirror.refresh(),
    close: () => clearInterval(timer),
  }
}

function createKeys(deps: IdentityDeps, store: IdentityStore, mirror: Mirror): Keys {
  const hasTenant = (id: string): boolean => mirror.tenants().some((tenant) => tenant.id === id)
  return {
    async create(request) {
      const nowMs = now(deps.clock)
      const rules = {
        nowMs,
        daysMax: deps.keyDaysMax(),
        isRegion: (name: string) => deps.isRegion(name),
        isUseCase: (name: string) => deps.isUseCase(name, request.tenant),
      }
      const expiresAtMs = checkKeyRequest(request, rules)
      if (!hasTenant(request.tenant)) await mirror.refresh()
      if (!hasTenant(request.tenant)) {
        throw new PlatformError('NOT_FOUND', `there is no tenant "${request.tenant}"`, { param: 'tenant' })
      }
      const credential = createCredential(deps.random)
      const row = toRow(deps, credential, { ...request, source: 'created', expiresAtMs })
      return mirror.inTurn(async () => {
        await store.exclusively(nowMs, async (queries) => {
          const { tenant, user } = request
          if (user !== undefined && (await queries.isRetired(tenant, user))) throw retired(user)
          await queries.insertKey(row)
        })
        return { key: credential.key, record: mirror.putKey(row) }
      })
    },
    async list(tenant) {
      await mirror.refresh()
      return mirror.keys().filter((record) => record.tenant === tenant)
    },
    async revoke(tenant, id) {
      return mirror.inTurn(async () => {
        const row = await store.revokeKey({ tenant, id }, now(deps.clock))
        if (row !== undefined) return mirror.putKey(row)
        throw new PlatformError('NOT_FOUND', `the tenant has no key "${id}"`, { param: 'id' })
      })
    },
    async rotate(tenant, id, overlapMs) {
      checkOverlap(overlapMs)
      const credential = createCredential(deps.random)
      return mirror.inTurn(async () => {
        const nowMs = now(deps.clock)
        const { former, made } = await store.exclusively(nowMs, (queries) =>
          replaceKey(queries, {
            tenant,
            id,
            overlapMs,
            nowMs,
            credential,
            daysMax: deps.keyDaysMax(),
            newId: deps.ids.create('key'),
          }),
        )
        return { key: credential.key, record: mirror.putKey(made), former: mirror.putKey(former) }
      })
    },
  }
}

function retired(user: string): PlatformError {
  return new PlatformError('FORBIDDEN', `${user} has been deactivated by the identity provider`, { param: 'user' })
}

interface Replacement {
  readonly tenant: string
  readonly id: string
  readonly overlapMs: number
  readonly nowMs: number
  readonly credential: Credential
  /** `governance.keyDaysMax`. */
  readonly daysMax: number | undefined
  readonly newId: string
}

/** Makes the new key and lets the old one end, both or neither. */
async function replaceKey(
  queries: IdentityQueries,
  { tenant, id, overlapMs, nowMs, credential, daysMax, newId }: Replacement,
): Promise<{ readonly former: KeyRow; readonly made: KeyRow }> {
  const old = (await queries.readKeys()).find((row) => row.id === id && row.tenant === tenant)
  if (old === undefined) throw new PlatformError('NOT_FOUND', `the tenant has no key "${id}"`, { param: 'id' })
  if (old.revoked_at_ms !== null || (old.expires_at_ms !== null && old.expires_at_ms <= nowMs)) {
    throw new PlatformError('CONFLICT', `key ${id} is no longer in force; make a new one`, { param: 'id' })
  }
  if (old.source === 'environment') {
    throw new PlatformError('CONFLICT', 'the key of the environment is rotated there: set another STRATA_ADMIN_KEY')
  }
  const lifeMs = old.expires_at_ms === null ? Number.POSITIVE_INFINITY : old.expires_at_ms - old.created_at_ms
  const newEndMs = nowMs + Math.min(lifeMs, daysMax === undefined ? Number.POSITIVE_INFINITY : daysMax * dayMs)
  const made: KeyRow = {
    ...old,
    id: newId,
    source: 'created',
    hash: credential.hash,
    prefix: credential.prefix,
    created_at_ms: nowMs,
    expires_at_ms: Number.isFinite(newEndMs) ? newEndMs : null,
  }
  await queries.insertKey(made)
  const endsAtMs = Math.min(nowMs + overlapMs, old.expires_at_ms ?? Number.POSITIVE_INFINITY)
  await queries.endKey(old, endsAtMs)
  return { former: { ...old, expires_at_ms: endsAtMs }, made }
}

/** A new admin key when none is in force. */
async function ensureAdminKey(queries: IdentityQueries, deps: IdentityDeps): Promise<string | undefined> {
  const nowMs = now(deps.clock)
  const isInForce = (key: KeyRow): boolean =>
    key.role === 'admin' && key.revoked_at_ms === null && (key.expires_at_ms === null || key.expires_at_ms > nowMs)
  if ((await queries.readKeys()).some(isInForce)) return undefined
  const credential = createCredential(deps.random)
  await queries.insertKey(toRow(deps, credential, { ...adminKey, name: 'first start', source: 'first-start' }))
  return credential.key
}

/** The environment's key in force, and no former one of the environment. */
async function adoptKey(queries: IdentityQueries, given: Credential, deps: IdentityDeps): Promise<undefined> {
  const known = await queries.findKeyByHash(given.hash)
  if (known !== undefined && known.revoked_at_ms !== null) {
    throw new PlatformError('CONFIG_INVALID', 'STRATA_ADMIN_KEY holds a key that was revoked; set a new one', {
      param: 'STRATA_ADMIN_KEY',
    })
  }
  for (const key of await queries.readKeys()) {
    if (key.source === 'environment' && key.hash !== given.hash) await queries.revokeKey(key, now(deps.clock))
  }
  if (known !== undefined) return
  await queries.insertKey(toRow(deps, given, { ...adminKey, name: 'STRATA_ADMIN_KEY', source: 'environment' }))
}

const adminKey = { tenant: defaultTenant, role: 'admin' } as const

function toRow(deps: IdentityDeps, credential: Credential, request: KeyRequest & Pick<KeyRow, 'source'>): KeyRow {
  return {
    id: deps.ids.create('key'),
    tenant: request.tenant,
    name: request.name,
    role: request.role,
    team: request.team ?? null,
    project: request.project ?? null,
    user_name: request.user ?? null,
    source: request.source,
    hash: credential.hash,
    prefix: credential.prefix,
    models: request.models === undefined ? null : JSON.stringify(request.models),
    regions: request.regions === undefined ? null : JSON.stringify(request.regions),
    use_case: request.useCase ?? null,
    composes: request.composes === undefined ? null : request.composes ? 1 : 0,
    created_at_ms: now(deps.clock),
    expires_at_ms: request.expiresAtMs ?? null,
    revoked_at_ms: null,
  }
}

/** While the database does not answer, the keys known so far stay as they are. */
function startRefreshing(mirror: Mirror, log: EventLog): NodeJS.Timeout {
  let isBusy = false
  const tick = async (): Promise<void> => {
    if (isBusy) return
    isBusy = true
    try {
      await mirror.refresh()
    } catch (thrown) {
      log.warn(
        { reason: thrown instanceof PlatformError ? thrown.message : 'unexpected' },
        'keys could not be refreshed',
      )
    } finally {
      isBusy = false
    }
  }
  return setInterval(() => void tick(), refreshMs).unref()
}

function now(clock: Clock): number {
  return Math.trunc(clock.now())
}
