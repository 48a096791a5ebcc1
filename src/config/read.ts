import { discover, discoverConfig, type DiscoverOptions } from './discover.ts'
import { hasConfigFile, loadConfig, type LoadedConfig } from './load.ts'

export interface ReadOptions extends DiscoverOptions {
  /** The file; `strata.yaml` in `folder` when absent, and what is discovered when there is none. */
  readonly path?: string | undefined
  /** Reads a file as UTF-8 and throws as `readFileSync` does, which it is when absent. */
  readonly readFile?: (path: string) => string
}

/** The configuration in force: the file, with what is discovered beside it where it asks for that; else what is discovered. */
export async function readConfig(options: ReadOptions): Promise<LoadedConfig> {
  if (options.path === undefined && !hasConfigFile(options)) return discoverConfig(options)
  const loaded = loadConfig(options)
  return loaded.config.discover ? loadConfig(options, await discover(options)) : loaded
}
