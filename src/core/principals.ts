import type { Principal } from './call.ts'

/** By which names access lists know a key: `undefined` for admins, who see everything of their tenant. */
export function principalsOf({ role, keyId }: Pick<Principal, 'role' | 'keyId'>): readonly string[] | undefined {
  return role === 'admin' ? undefined : [`key:${keyId}`, `role:${role}`]
}
