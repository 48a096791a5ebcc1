import type { Principal } from './call.ts'
import { hasRight } from './rights.ts'

/** The tenant of whoever runs the house: what is not of one tenant is for its keys. */
export const operatorTenant = 'default'

/** By which names access lists know a key: `undefined` for who sees everything of their tenant. */
export function principalsOf({ role, keyId }: Pick<Principal, 'role' | 'keyId'>): readonly string[] | undefined {
  return hasRight({ role }, 'knowledge:see-all') ? undefined : [`key:${keyId}`, `role:${role}`]
}
