import type { KeyObject } from 'node:crypto'
import type { SideWork } from '../../../store/index.ts'

export interface SealingInput {
  readonly origin: string
  /** PEM. */
  readonly key: string
}

/** The work that `Store.work` is given. */
export function toSideWork(origin: string, key: KeyObject): SideWork {
  const input: SealingInput = { origin, key: String(key.export({ type: 'pkcs8', format: 'pem' })) }
  return { module: new URL('./worker.ts', import.meta.url).href, input }
}
