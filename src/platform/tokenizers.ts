import { resolve } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import { createTokenizers, type Tokenizers } from '../infrastructure/index.ts'
import { runtimeFolderOf } from './folders.ts'
import type { Standing } from './standing.ts'

/** The tokenizers that the configuration names, read. Rejects with CONFIG_INVALID as `Tokenizers.prepare` does. */
export async function openTokenizers(
  { clock, telemetry }: Pick<Standing, 'clock' | 'telemetry'>,
  loaded: LoadedConfig,
): Promise<Tokenizers> {
  const folder = resolve(loaded.folder, loaded.config.store.folder)
  // Where Strata is developed, it has the encodings itself.
  const folders = [runtimeFolderOf(folder, 'tokenizers'), resolve(import.meta.dirname, '../..')]
  const tokenizers = createTokenizers({ folders, configFolder: loaded.folder, clock, log: telemetry.log })
  await tokenizers.prepare(loaded.config)
  return tokenizers
}
