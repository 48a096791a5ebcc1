import { PlatformError } from '../../../core/errors.ts'
import type { DirectoryDeps } from './directory.ts'
import { endKeys, sessionsOf } from './keys.ts'
import { full, one, taken, toGroup, type Act, type Group, type NewGroup } from './records.ts'
import { toNameKey, type GroupRow } from './store.ts'

export async function addGroup(deps: DirectoryDeps, act: Act, group: NewGroup): Promise<Group> {
  const { tenant, rows, atMs } = act
  if ((await rows.countGroups(tenant, {})) >= deps.limits().groupsMax) throw full('groups')
  const displayKey = toNameKey(group.displayName)
  if ((await rows.countGroups(tenant, { displayKey })) > 0) throw taken('displayName')
  const row: GroupRow = {
    id: deps.ids.create('group'),
    tenant,
    display_name: group.displayName,
    display_key: displayKey,
    external_id: group.externalId ?? null,
    version: 1,
    created_at_ms: atMs,
    changed_at_ms: atMs,
  }
  await rows.writeGroup(row)
  await setMembers(deps, act, { id: row.id, before: [], after: group.members })
  await act.note('group.add', { group: row.id, members: new Set(group.members).size })
  return toGroup(row, await rows.listMembers(tenant, row.id))
}

export async function changeGroup(
  deps: DirectoryDeps,
  act: Act,
  { id, change }: { readonly id: string; readonly change: (group: Group) => NewGroup },
): Promise<Group> {
  const { tenant, rows, atMs } = act
  const group = await requireGroup(act, id)
  const next = change(group)
  const displayKey = toNameKey(next.displayName)
  const [other] = await rows.listGroups(tenant, { displayKey }, one)
  if (other !== undefined && other.id !== id) throw taken('displayName')
  const row: GroupRow = {
    id,
    tenant,
    display_name: next.displayName,
    display_key: displayKey,
    external_id: next.externalId ?? null,
    version: group.version + 1,
    created_at_ms: group.createdAtMs,
    changed_at_ms: atMs,
  }
  await rows.writeGroup(row)
  const isRenamed = next.displayName !== group.displayName
  await setMembers(deps, act, { id, before: group.members, after: next.members, isRenamed })
  await act.note('group.change', { group: id, members: new Set(next.members).size })
  return toGroup(row, await rows.listMembers(tenant, id))
}

interface Membership {
  readonly id: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Then the group may mean another role for everybody in it. */
  readonly isRenamed?: boolean
}

async function setMembers(
  deps: DirectoryDeps,
  act: Act,
  { id, before, after, isRenamed = false }: Membership,
): Promise<void> {
  const { tenant, rows } = act
  const [had, has] = [new Set(before), new Set(after)]
  if (has.size > deps.limits().membersMax) throw full('members')
  const joined = [...has].filter((person) => !had.has(person))
  const left = [...had].filter((person) => !has.has(person))
  const known = await rows.findPeople(tenant, joined)
  const stranger = joined.find((person) => !known.has(person))
  if (stranger !== undefined) {
    throw new PlatformError('INVALID_REQUEST', `members: there is no person ${stranger.slice(0, 64)}`, {
      param: 'members',
    })
  }
  await rows.removeMembers(tenant, id, left)
  await rows.addMembers(tenant, id, joined)
  const affected = isRenamed ? [...new Set([...had, ...has])] : [...joined, ...left]
  const ending = await sessionsOf(act, affected)
  await endKeys(act, ending, { because: 'group.change', group: id })
}

export async function removeGroup(act: Act, id: string): Promise<void> {
  const group = await requireGroup(act, id)
  await act.rows.eraseGroup(act.tenant, id)
  await endKeys(act, await sessionsOf(act, group.members), { because: 'group.remove', group: id })
  await act.note('group.remove', { group: id })
}

async function requireGroup({ tenant, rows }: Act, id: string): Promise<Group> {
  const [row] = await rows.listGroups(tenant, { id }, one)
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'there is no such group')
  return toGroup(row, await rows.listMembers(tenant, id))
}
