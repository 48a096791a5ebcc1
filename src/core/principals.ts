import type { Principal } from './call.ts'
import { hasRight } from './rights.ts'

/** By which names access lists know a key: `undefined` for who sees everything of their tenant. */
export function principalsOf({ role, keyId }: Pick<Principal, 'role' | 'keyId'>): readonly string[] | undefined {
  return hasRight({ role }, 'knowledge:see-all') ? undefined : [`key:${keyId}`, `role:${role}`]
}
