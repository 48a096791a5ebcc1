import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { GroupRow, PersonRow, ProvisioningRows, Slice } from './store.ts'

/** The key that brings people in. */
export interface Provider {
  readonly tenant: string
  readonly keyId: string
}

export interface NewPerson {
  readonly userName: string
  readonly externalId: string | undefined
  readonly active: boolean
  /** Names beside user name and external id: addresses. */
  readonly otherNames: readonly string[]
  readonly attributes: JsonObject
}

export interface Person extends Omit<NewPerson, 'otherNames'> {
  readonly id: string
  readonly groups: readonly { readonly id: string; readonly displayName: string }[]
  readonly version: number
  readonly createdAtMs: number
  readonly changedAtMs: number
}

export interface NewGroup {
  readonly displayName: string
  readonly externalId: string | undefined
  /** Ids of people. */
  readonly members: readonly string[]
}

export interface Group extends NewGroup {
  readonly id: string
  readonly version: number
  readonly createdAtMs: number
  readonly changedAtMs: number
}

export interface Page<Item> {
  readonly total: number
  readonly items: readonly Item[]
}

export interface PersonStanding {
  readonly userName: string
  readonly isActive: boolean
  readonly groups: readonly string[]
}

/** What one change is done with. */
export interface Act {
  readonly tenant: string
  readonly rows: ProvisioningRows
  readonly atMs: number
  note(act: string, what: JsonObject): Promise<void>
}

export const one: Slice = { offset: 0, limit: 1 }

export async function toPeople(
  rows: ProvisioningRows,
  tenant: string,
  found: readonly PersonRow[],
): Promise<readonly Person[]> {
  const joined = await rows.listGroupsOf(
    tenant,
    found.map(({ id }) => id),
  )
  return found.map((row) => {
    const own = joined.filter(({ person }) => person === row.id)
    return toPerson(
      row,
      own.map(({ id, display_name: displayName }) => ({ id, displayName })),
    )
  })
}

export function toPerson(row: PersonRow, groups: Person['groups']): Person {
  const attributes: unknown = JSON.parse(row.attributes)
  return {
    id: row.id,
    userName: row.user_name,
    externalId: row.external_id ?? undefined,
    active: row.active === 1,
    attributes: isJsonObject(attributes) ? attributes : {},
    groups,
    version: row.version,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
  }
}

export function toGroup(row: GroupRow, members: readonly string[]): Group {
  return {
    id: row.id,
    displayName: row.display_name,
    externalId: row.external_id ?? undefined,
    members,
    version: row.version,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
  }
}

export function isActive({ active, removed_at_ms: removed }: PersonRow): boolean {
  return active === 1 && removed === null
}

export function taken(param: string): PlatformError {
  return new PlatformError('CONFLICT', `${param} is taken`, { param })
}

export function full(what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `there may be no more ${what}: governance.provisioning.${what}Max`, {
    param: what,
  })
}
