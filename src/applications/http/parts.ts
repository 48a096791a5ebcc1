import type { Config } from '../../config/index.ts'
import type { CallFacts, Principal } from '../../core/call.ts'
import type { DialectId } from '../../core/chat.ts'
import type { Model } from '../../core/model.ts'
import type { KnowledgeSearch } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Dialect } from '../../infrastructure/dialects/index.ts'
import type { FlowParts } from '../flow-parts.ts'

/** What the faces need of the platform. Read at each request, so that a new configuration serves the next one. */
export interface HttpParts {
  readonly clock: Clock
  readonly config: Config
  /** The number of the configuration in force. */
  readonly configVersion: number
  readonly flow: FlowParts
  readonly dialects: Readonly<Record<DialectId, Dialect>>
  readonly models: { list(principal: Principal): readonly Model[]; resolve(name: string, principal: Principal): Model }
  readonly knowledge: KnowledgeFace
  readonly calls: CallsFace
  readonly keys: KeysFace
  readonly health: { readonly isReady: boolean; readonly report: HealthReport }
  metricsText(): Promise<string>
}

export type GetParts = () => HttpParts

/** Filled by tools. The tenant is part of every question. */
export interface KnowledgeFace extends KnowledgeSearch {
  createCollection(tenant: string, name: string): Promise<CollectionView>
  listCollections(tenant: string): Promise<readonly CollectionView[]>
  deleteCollection(tenant: string, name: string): Promise<void>
  putDocument(tenant: string, collection: string, document: NewDocument): Promise<DocumentView>
  /** In the order of their external ids, from the one after `after`. */
  listDocuments(
    tenant: string,
    collection: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<readonly DocumentView[]>
  getDocument(tenant: string, collection: string, id: string): Promise<DocumentView>
  deleteDocument(tenant: string, collection: string, id: string): Promise<void>
}

export interface CollectionView {
  readonly id: string
  readonly name: string
  readonly createdAtMs: number
  readonly documents: number
}

export interface NewDocument {
  readonly externalId: string
  readonly name: string
  readonly bytes: Uint8Array
  readonly mediaType?: string | undefined
}

export interface DocumentView {
  readonly id: string
  readonly externalId: string
  readonly name: string
  readonly version: string
  readonly chunks: number
  readonly updatedAtMs: number
  readonly outcome?: 'created' | 'updated' | 'unchanged' | undefined
}

/** Filled by store. */
export interface CallsFace {
  find(tenant: string, callId: string): Promise<readonly CallFacts[]>
  list(
    tenant: string,
    page: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<readonly CallFacts[]>
}

/** Filled by governance. */
export interface KeysFace {
  /** The key is shown this once. */
  create(key: NewKey): Promise<{ readonly key: string; readonly record: KeyView }>
  list(tenant: string): Promise<readonly KeyView[]>
  revoke(tenant: string, id: string): Promise<KeyView>
}

export interface NewKey {
  readonly tenant: string
  readonly name: string
  readonly role: Principal['role']
  readonly models?: readonly string[] | undefined
  readonly regions?: readonly string[] | undefined
  readonly expiresAtMs?: number | undefined
}

export interface KeyView {
  readonly id: string
  readonly name: string
  readonly role: Principal['role']
  readonly prefix: string
  readonly models: readonly string[] | undefined
  readonly regions: readonly string[] | undefined
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

export interface HealthReport {
  readonly store: string
  readonly endpoints: readonly { readonly id: string; readonly breaker: string; readonly inFlight: number }[]
}
