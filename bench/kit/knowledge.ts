import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../../src/config/index.ts'
import { createIds } from '../../src/core/ids.ts'
import type { EventLog } from '../../src/core/ports.ts'
import type { ContextWriter } from '../../src/core/ports-contexts.ts'
import { createSeededRandom } from '../../src/core/random.ts'
import type { Clock } from '../../src/core/time.ts'
import { createStore, type Store } from '../../src/store/index.ts'
import { createKnowledge, type Knowledge } from '../../src/tools/retrieval/index.ts'

/** Knowledge on an embedded database: an empty one in a folder of its own, which goes when it is closed, where none is named. */
export interface OpenKnowledge {
  readonly knowledge: Knowledge
  readonly store: Store
  close(): Promise<void>
}

export interface OpenOptions {
  readonly clock: Clock
  readonly seed: number
  /** The section `knowledge` of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly searchOn?: 'own-thread' | 'same-thread'
  /** Where the database lies, and stays when it is closed. */
  readonly folder?: string
  /** Writes contexts, where a collection has them written. */
  readonly contextWriter?: ContextWriter
}

export const tenant = 'default'

export async function openKnowledge(options: OpenOptions): Promise<OpenKnowledge> {
  const { clock, seed, config = {}, searchOn, contextWriter } = options
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'strata-knowledge-'))
  const read = configSchema.parse({ store: { folder }, knowledge: config })
  const store = await createStore({ config: read.store, clock, log: silentLog })
  const ids = createIds({ clock, random: createSeededRandom(seed) })
  const parts = { store, clock, ids, config: read.knowledge, log: silentLog, contextWriter }
  const knowledge = createKnowledge({ ...parts, ...(searchOn === undefined ? {} : { searchOn }) })
  return {
    knowledge,
    store,
    async close() {
      await knowledge.close()
      await store.close()
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const silentLog: EventLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
