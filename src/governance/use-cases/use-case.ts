import type { JsonObject } from '../../core/json.ts'
import type { RegisteredUseCase } from '../policy/index.ts'
import type { DocumentRow, UseCaseRow, VersionRow } from './store.ts'

/** A registered use case as everything is decided by it: the same object until something of it changes. */
export interface UseCase extends RegisteredUseCase {
  readonly tenant: string
  readonly title: string
  readonly purpose: string
  readonly owner: string
  readonly state: 'draft' | 'active' | 'retired'
  /** The version the fields above are of: the active one, else the latest. */
  readonly version: number
  readonly latestVersion: number
  readonly documents: readonly UseCaseDocument[]
  /** Milliseconds UTC. */
  readonly createdAtMs: number
  readonly activatedAtMs: number | undefined
  readonly retiredAtMs: number | undefined
}

/** The present document of a slot. */
export interface UseCaseDocument {
  readonly slot: string
  /** How many there were, this one included. */
  readonly number: number
  readonly hash: string
  readonly dated: string
  readonly owner: string
  readonly place: string | undefined
  readonly keyId: string
  readonly atMs: number
}

export interface UseCaseVersion {
  readonly version: number
  readonly title: string
  readonly purpose: string
  readonly owner: string
  readonly answers: Readonly<Record<string, JsonObject>>
  readonly keyId: string
  readonly atMs: number
}

export function toUseCase(
  row: UseCaseRow,
  version: VersionRow,
  parts: { readonly documents: readonly DocumentRow[]; readonly isRaised: boolean },
): UseCase {
  const present = new Map(parts.documents.map((document) => [document.slot, document]))
  const { title, purpose, owner, answers } = toVersion(version)
  return Object.freeze({
    tenant: row.tenant,
    name: row.name,
    title,
    purpose,
    owner,
    answers,
    state: row.retired_at_ms !== null ? 'retired' : row.active === null ? 'draft' : 'active',
    isActive: row.retired_at_ms === null && row.active !== null,
    isRaised: parts.isRaised,
    version: version.version,
    latestVersion: row.latest,
    evidence: Object.freeze([...present.keys()]),
    documents: Object.freeze([...present.values()].map(toDocument)),
    createdAtMs: row.created_at_ms,
    activatedAtMs: row.activated_at_ms ?? undefined,
    retiredAtMs: row.retired_at_ms ?? undefined,
  })
}

export function toVersion(row: VersionRow): UseCaseVersion {
  return {
    version: row.version,
    title: row.title,
    purpose: row.purpose,
    owner: row.owner,
    answers: JSON.parse(row.answers) as Record<string, JsonObject>, // written by `register`
    keyId: row.key_id,
    atMs: row.at_ms,
  }
}

export function toDocument(row: DocumentRow): UseCaseDocument {
  const { slot, number, hash, dated, owner, place, key_id: keyId, at_ms: atMs } = row
  return { slot, number, hash, dated, owner, place: place ?? undefined, keyId, atMs }
}
