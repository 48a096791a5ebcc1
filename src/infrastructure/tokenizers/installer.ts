import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { encodingNames } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import { loadTokenizer } from './loading.ts'

/** Puts OpenAI's encodings into the data folder. An operator's act: npm talks to the registry it is configured for. */
export interface TokenizersInstaller {
  /** Installs and loads each once. Throws RUNTIME_MISSING when npm fails, RUNTIME_FAILED when one does not load. */
  install(options: {
    /** One line of progress, for people. */
    readonly onProgress: (line: string) => void
    readonly signal: AbortSignal
  }): Promise<{ readonly version: string }>
}

export interface TokenizersInstallerDeps {
  /** `<data folder>/runtimes/tokenizers`. */
  readonly folder: string
  /** Puts packages into the folder by npm, and resolves with the version of the first. */
  readonly installPackages: (
    packages: readonly string[],
    options: { readonly onProgress: (line: string) => void; readonly signal: AbortSignal },
  ) => Promise<string>
}

/** The version whose files `ranks.ts` reads. */
export const ranksVersion = '1.0.21'

const library = 'js-tiktoken'

export function createTokenizersInstaller({ folder, installPackages }: TokenizersInstallerDeps): TokenizersInstaller {
  return {
    async install({ onProgress, signal }) {
      const version = await installPackages([`${library}@${ranksVersion}`], { onProgress, signal })
      const dist = join(folder, 'node_modules', library, 'dist')
      removeOthers(dist)
      for (const encoding of encodingNames) {
        const path = join(dist, 'ranks', `${encoding}.js`)
        if (!existsSync(path))
          throw new PlatformError('RUNTIME_MISSING', `${library} ${version} came without ${encoding}`)
        onProgress(`loading ${encoding} once`)
        await loadTokenizer({ type: 'ranks', path })
      }
      onProgress(`${encodingNames.join(' and ')} are ready`)
      return { version }
    },
  }
}

/** The package brings every encoding several times, 22 MB; the two that are read are 3.5. */
function removeOthers(dist: string): void {
  const kept = new Set(encodingNames.map((encoding) => `${encoding}.js`))
  for (const folder of [dist, join(dist, 'ranks')]) {
    if (!existsSync(folder)) continue
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isFile() && !kept.has(entry.name)) rmSync(join(folder, entry.name))
    }
  }
}
