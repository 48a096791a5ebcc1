import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import type { Clock } from '../core/time.ts'
import type { Random } from '../core/random.ts'
import { createPlatform } from './platform.ts'

/**
 * Builds all that a configuration asks for, on an empty database that is thrown away, so that names which do not exist, circles and files
 * that cannot be read are found before a start. Resolves with what could not be looked at. Rejects as `createPlatform` does.
 */
export async function tryConfig(
  loaded: LoadedConfig,
  deps: { readonly clock: Clock; readonly random: Random },
): Promise<readonly string[]> {
  const kept = findKeptRouters(loaded)
  if (kept.length > 0) {
    return [
      `Models use ${kept.join(', ')}, kept in the database if at all: what the models are made of is looked at when a server starts.`,
    ]
  }
  const folder = await mkdtemp(join(tmpdir(), 'strata-check-'))
  try {
    const config = { ...loaded.config, store: { ...loaded.config.store, url: 'sqlite:', folder } }
    const platform = await createPlatform({ ...deps, loaded: { ...loaded, config }, writeLog: () => undefined })
    await platform.close()
    return []
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Routers that models name and the configuration has no file of. */
function findKeptRouters({ config }: LoadedConfig): readonly string[] {
  const names = new Set<string>()
  JSON.stringify(config.models, (key, value: unknown) => {
    if (key === 'learned' && typeof value === 'string' && !Object.hasOwn(config.routers, value)) names.add(value)
    return value
  })
  return [...names]
}
