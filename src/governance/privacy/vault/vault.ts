import { PlatformError } from '../../../core/errors.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { Random } from '../../../core/random.ts'
import type { Clock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import { createVaultRows, type VaultRows } from '../store.ts'
import { createSealer, deriveKey, nameByKey, type Sealer } from './seal.ts'

/** Values that were taken out of texts, each sealed with the key of its tenant. Without the key nothing of them is left. */
export interface PersonalDataVault {
  /** The tenant's names for values; makes its key when there is none yet. */
  open(tenant: string): Promise<TenantVault>
  /** Keeps values under their tokens; a token that is kept already stays as it is. */
  keep(tenant: string, values: ReadonlyMap<string, VaultValue>): Promise<void>
  /** The values of the tokens that the tenant has kept; others are left out. */
  reveal(tenant: string, tokens: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Destroys the key and the values of a tenant, for good: also in copies of the database none of them can be read. */
  shred(tenant: string): Promise<{ readonly values: number }>
}

export interface VaultValue {
  readonly type: string
  readonly value: string
}

export interface TenantVault {
  /** The same for the same value as long as the key lives. Rounds above 0 give other names, for the one in use. */
  readonly nameValue: (type: string, value: string, round: number) => string
}

export interface VaultDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly random: Random
  readonly log: EventLog
  /** The secret that keys of tenants are sealed with; read at each use, so that a reload counts. */
  readonly secret: () => string | undefined
}

/** What is asked for or kept at once. */
const tokensMax = 10_000
const keyBytes = 32

export function createVault(deps: VaultDeps): PersonalDataVault {
  const { store, clock, random, log, secret } = deps
  const rows = createVaultRows(store.sql)

  function wrap(key: Uint8Array, tenant: string): string {
    const text = Buffer.from(key).toString('base64')
    const master = secret()
    return master === undefined
      ? `plain:${text}`
      : `sealed:${createSealer(deriveKey(master), random).seal(text, tenant)}`
  }

  function unwrap(wrapped: string, tenant: string): Uint8Array {
    const [kind, text = ''] = wrapped.split(':')
    if (kind === 'plain') return Buffer.from(text, 'base64')
    const master = secret()
    if (master === undefined) {
      throw new PlatformError('STORE_UNAVAILABLE', 'the vault is sealed, and governance.privacy.key is not set')
    }
    return Buffer.from(createSealer(deriveKey(master), random).open(text, tenant), 'base64')
  }

  async function getKey(tenant: string): Promise<Uint8Array> {
    const found = await rows.findKey(tenant)
    if (found !== undefined) {
      const key = unwrap(found, tenant)
      // Made before there was a secret: it is sealed from now on.
      if (found.startsWith('plain:') && secret() !== undefined) await rows.replaceKey(tenant, wrap(key, tenant))
      return key
    }
    await rows.insertKey({ tenant, wrapped: wrap(random.bytes(keyBytes), tenant), created_at_ms: clock.now() })
    // Whoever was first has made the key; both use that one.
    const made = await rows.findKey(tenant)
    if (made === undefined) throw new PlatformError('CONFLICT', 'the vault of the tenant is being shredded; try again')
    return unwrap(made, tenant)
  }

  const getSealer = async (tenant: string): Promise<Sealer> => createSealer(await getKey(tenant), random)

  return {
    async open(tenant) {
      const key = await getKey(tenant)
      return { nameValue: (type, value, round) => nameByKey(key, `${type}\0${round}\0${value}`) }
    },
    async keep(tenant, values) {
      checkCount(values.size)
      const sealer = await getSealer(tenant)
      const kept = [...values].map(([token, { type, value }]) => ({
        tenant,
        token,
        type,
        sealed: sealer.seal(value, `${tenant}\0${token}`),
        created_at_ms: clock.now(),
      }))
      await rows.insertValues(kept)
    },
    async reveal(tenant, tokens) {
      checkCount(tokens.length)
      const found = await rows.findValues(tenant, tokens)
      if (found.length === 0) return new Map()
      const sealer = await getSealer(tenant)
      return new Map(found.map(({ token, sealed }) => [token, sealer.open(sealed, `${tenant}\0${token}`)]))
    },
    async shred(tenant) {
      const values = await store.transaction((sql) => shredRows(createVaultRows(sql), tenant))
      log.info({ tenant, values }, 'the vault of a tenant is shredded')
      return { values }
    },
  }
}

async function shredRows(rows: VaultRows, tenant: string): Promise<number> {
  await rows.deleteKey(tenant)
  return rows.deleteValues(tenant)
}

function checkCount(count: number): void {
  if (count <= tokensMax) return
  throw new PlatformError('INVALID_REQUEST', `at most ${tokensMax} values can be kept or revealed at once`)
}
