import type { OpenedSideWork } from '../../src/store/index.ts'

/** In the place of the audit log's own work: does nothing. */
export function openSideWork(): OpenedSideWork {
  return { run: () => Promise.resolve(0) }
}
