/** For tests of what is read from the record of calls. */
import type { CallFacts } from '../core/call.ts'
import type { Picodollars } from '../core/money.ts'
import { createFacts } from '../core/testing.ts'
import { createUsage, type Usage } from '../core/usage.ts'

export interface TreeOptions {
  readonly vendorModel: string
  readonly cost: Picodollars | undefined
  /** Milliseconds UTC. */
  readonly atMs: number
  readonly endpoint?: string
  readonly keyId?: string
  readonly usage?: Usage
}

/** Makes requests of one dispatch each, a hundred input tokens and ten of output unless said otherwise. */
export function createTrees(): { next(options: TreeOptions): readonly CallFacts[] } {
  let made = 0
  return {
    next({
      vendorModel,
      cost,
      atMs,
      endpoint = 'here',
      keyId = 'key_1',
      usage = createUsage({ inputTotal: 100, outputTotal: 10 }),
    }) {
      const id = `call_${stampOf(atMs)}${String(made++).padStart(16, '0')}`
      const root = createFacts({
        id,
        name: 'small',
        keyId,
        startedAtMs: atMs,
        durationMs: 5,
        firstByteMs: 2,
        usage,
        cost,
      })
      return [{ ...root, id: `${id}.1`, parentId: id, kind: 'dispatch', name: endpoint, vendorModel }, root]
    },
  }
}

/** As ids begin that are made at an instant. */
function stampOf(instantMs: number): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  return Array.from({ length: 10 }, (_, place) => alphabet[Math.floor(instantMs / 32 ** (9 - place)) % 32]).join('')
}
