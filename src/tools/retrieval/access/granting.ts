import type { Kysely } from 'kysely'
import { PlatformError } from '../../../core/errors.ts'
import { sayRight } from '../../../core/rights.ts'
import type { Tables } from '../../../store/index.ts'
import { recordEvents } from '../history/history.ts'
import type { Knowledge, KnowledgeParts, Viewer } from '../knowledge.ts'
import { createKnowledgeRows, type DocumentRow, type Place } from '../store.ts'
import { noCollection, noDocument } from '../views.ts'
import { TenantAccess } from './access.ts'
import { createAccessReads, createAccessWrites } from './store.ts'

type Granter = Pick<Knowledge, 'setAccess' | 'setMember' | 'canSee'>

const principalsMax = 1_000
const principalLengthMax = 256

/** Says who may see what. A change is one row, and holds for the next search. */
export function createGranter({ store, clock }: KnowledgeParts): Granter {
  return {
    setAccess: ({ tenant, collection: name, document: id, access }) =>
      store.transaction(async (sql) => {
        const [allow, deny] = [checkPrincipals('allow', access?.allow), checkPrincipals('deny', access?.deny)]
        const rows = createKnowledgeRows(sql)
        const collection = await rows.lockCollection(tenant, name)
        if (collection === undefined) throw noCollection(name)
        const document = await rows.findDocument({ tenant, collection: collection.number }, id)
        if (document === undefined) throw noDocument(id)
        const writes = createAccessWrites(sql)
        if (access !== undefined) {
          await writes.writeList({ tenant, id, allow: JSON.stringify(allow), deny: JSON.stringify(deny) })
        } else await writes.deleteList(tenant, id)
        const acl = access === undefined ? null : id
        if (document.acl !== acl) {
          // From now on it has a list, or none; what the list says is looked up with each search.
          await rows.writeDocuments([{ ...document, acl }])
          const entries = (await rows.listEntries(tenant, id)).map((entry) => entry.number)
          const revision = await rows.recordChanges(collection.number, collection.revision, entries)
          await rows.updateCollection(collection.number, { revision })
        }
        const place = { tenant, collection: collection.number, atMs: Math.trunc(clock.now()) }
        const detail = { allowed: access === undefined ? null : allow.length, denied: deny.length }
        await recordEvents(sql, place, [{ event: 'access-changed', document: id, detail }])
      }),
    setMember: ({ tenant, group, member, isMember }) =>
      store.transaction(async (sql) => {
        checkPrincipals('group', [group])
        checkPrincipals('member', [member])
        const row = { tenant, group_name: group, member, is_member: isMember ? 1 : 0 }
        await createAccessWrites(sql).writeMember(row)
      }),
    async canSee(tenant, document, viewer) {
      const row = await createKnowledgeRows(store.sql).findAnywhere(tenant, document)
      return row !== undefined && createSight(await readAccess(store.sql, tenant, viewer), viewer)(row)
    },
  }
}

/** Whoever does something to a collection as a whole does it to each document. Within a transaction. Throws FORBIDDEN. */
export async function requireWholeSight(sql: Kysely<Tables>, place: Place, viewer: Viewer): Promise<void> {
  const sees = createSight(await readAccess(sql, place.tenant, viewer), viewer)
  if ((await createKnowledgeRows(sql).listGuarded(place)).every(sees)) return
  const message = `the collection holds documents that this key may not see, by their access lists or their regions; to see past lists ${sayRight('knowledge:see-all')}`
  throw new PlatformError('FORBIDDEN', message, { param: 'collection' })
}

type Guarded = Pick<DocumentRow, 'acl' | 'region'>

/** Whether a viewer may see a document, given what is known of the tenant. */
export function createSight(access: TenantAccess, { principals, regions }: Viewer): (row: Guarded) => boolean {
  const closed = principals === undefined ? undefined : access.close(principals)
  return ({ acl, region }) =>
    (closed === undefined || access.allows(acl, closed)) &&
    (regions === undefined || region === null || regions.includes(region))
}

export async function readAccess(sql: Kysely<Tables>, tenant: string, viewer: Viewer): Promise<TenantAccess> {
  const access = new TenantAccess()
  if (viewer.principals !== undefined) await access.sync(createAccessReads(sql), tenant)
  return access
}

export function checkPrincipals(param: string, given: readonly string[] = []): readonly string[] {
  const fault = given.find(
    (principal) => principal !== '*' && (!/^[a-z]+:\S+$/.test(principal) || principal.length > principalLengthMax),
  )
  if (fault !== undefined || given.length > principalsMax) {
    throw new PlatformError(
      'INVALID_REQUEST',
      `${param} has at most ${principalsMax} principals, each "user:…", "group:…", "key:…", "role:…" or "*"`,
      { param },
    )
  }
  return [...new Set(given)]
}
