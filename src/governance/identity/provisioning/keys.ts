import type { JsonObject } from '../../../core/json.ts'
import { sessionPrefix } from '../sign-on/index.ts'
import type { Act } from './records.ts'
import { toNameKey } from './store.ts'

/** Revokes the keys that are made for a person, sessions too. */
export async function endKeysOf(act: Act, person: string, because: string): Promise<void> {
  const names = new Set(await act.rows.listNames(person))
  const keys = await act.rows.listPersonalKeys(act.tenant)
  const own = keys.filter(({ user_name: user }) => user !== null && names.has(toNameKey(user)))
  await endKeys(
    act,
    own.map(({ id }) => id),
    { because, person },
  )
}

/** Keys of sessions of these people. */
export async function sessionsOf(act: Act, people: readonly string[]): Promise<readonly string[]> {
  if (people.length === 0) return []
  const sessions = (await act.rows.listPersonalKeys(act.tenant)).filter(({ name }) => name.startsWith(sessionPrefix))
  const wanted = new Set(people)
  const ending: string[] = []
  for (const { id, user_name: user } of sessions) {
    const known = await act.rows.listKnown(act.tenant, [toNameKey(user ?? '')])
    if (known.some((person) => wanted.has(person.id))) ending.push(id)
  }
  return ending
}

export async function endKeys(act: Act, keys: readonly string[], why: JsonObject): Promise<void> {
  await act.rows.revokeKeys(keys, act.atMs)
  for (const key of keys) await act.note('key.revoke', { key, ...why })
}
