import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The files that reading pictures needs, on this disk: nothing is ever fetched. */
export interface OcrRuntime {
  /** What the result depends on: `tesseract.js-core@7.0.0 eng+chi_sim`. */
  readonly id: string
  /** The engine's module. */
  readonly core: string
  /** Packed data of each language that is there, by its name: `chi_sim`. In the order in which they were asked for. */
  readonly languages: Readonly<Record<string, string>>
}

export interface OcrRuntimeQuery {
  /** Folders whose `node_modules` are looked into, in this order; then those of Strata itself. */
  readonly folders: readonly string[]
  /** As Tesseract names them. */
  readonly languages: readonly string[]
}

/** The first folder that has the engine and data of one language at least; `undefined` when none has. */
export function findOcrRuntime({ folders, languages }: OcrRuntimeQuery): OcrRuntime | undefined {
  for (const folder of folders) {
    const found = findOcrRuntimeIn(join(folder, 'package.json'), languages)
    if (found !== undefined) return found
  }
  return findOcrRuntimeIn(import.meta.url, languages)
}

/** What a module at that place would get. */
export function findOcrRuntimeIn(place: string, languages: readonly string[]): OcrRuntime | undefined {
  const require = createRequire(place)
  const core = findPackage(require, 'tesseract.js-core')
  if (core === undefined) return undefined
  const found: Record<string, string> = {}
  for (const language of languages) {
    const folder = findPackage(require, `@tesseract.js-data/${language}`)?.folder
    const path = join(folder ?? '', '4.0.0_best_int', `${language}.traineddata.gz`)
    if (folder !== undefined && existsSync(path)) found[language] = path
  }
  const names = Object.keys(found)
  if (names.length === 0) return undefined
  const id = `tesseract.js-core@${core.version} ${names.join('+')}`
  return { id, core: join(core.folder, 'tesseract-core-simd-lstm.js'), languages: found }
}

function findPackage(
  require: NodeJS.Require,
  name: string,
): { readonly folder: string; readonly version: string } | undefined {
  try {
    const manifest = require.resolve(`${name}/package.json`)
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string } // npm's own file
    return { folder: dirname(manifest), version }
  } catch {
    return undefined // It is not installed there.
  }
}
