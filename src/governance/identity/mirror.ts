import { toMirroredKey, toTenant, type KeyRecord, type MirroredKey, type Tenant } from './records.ts'
import type { IdentityQueries, KeyRow, TenantRow } from './store.ts'

/** What the database holds of tenants and keys, in memory. */
export interface Mirror {
  findKey(hash: string): MirroredKey | undefined
  keys(): readonly KeyRecord[]
  tenants(): readonly Tenant[]
  /** Takes up a row that was just written here, without reading all others again. */
  putKey(row: KeyRow): KeyRecord
  putTenant(row: TenantRow): Tenant
  refresh(): Promise<void>
  /** Changes and refreshes run one at a time, so that nothing read before a change undoes it here. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

export function createMirror(queries: IdentityQueries): Mirror {
  let keys = new Map<string, MirroredKey>()
  let tenants = new Map<string, Tenant>()
  let mark: string | undefined
  let last: Promise<unknown> = Promise.resolve()

  const read = async (): Promise<void> => {
    // The mark is read first: what changes while the rows are read changes it again, and is read the next time.
    const newMark = await queries.readMark()
    if (newMark === mark) return
    const tenantRows = await queries.readTenants()
    const keyRows = await queries.readKeys()
    tenants = new Map(tenantRows.map((row) => [row.id, toTenant(row)]))
    keys = new Map(keyRows.map((row) => [row.hash, toMirroredKey(row, keys.get(row.hash))]))
    mark = newMark
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined) // whoever waits for this turn hears of its failure; the next turn goes on
    return mine
  }

  return {
    findKey: (hash) => keys.get(hash),
    keys: () => [...keys.values()].map(({ record }) => record),
    tenants: () => [...tenants.values()],
    putKey(row) {
      const mirrored = toMirroredKey(row, keys.get(row.hash))
      keys.set(row.hash, mirrored)
      return mirrored.record
    },
    putTenant(row) {
      const tenant = toTenant(row)
      tenants.set(row.id, tenant)
      return tenant
    },
    refresh: () => inTurn(read),
    inTurn,
  }
}
