import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import { findOcrRuntimeIn } from './runtime.ts'

/** Puts what reads pictures into the data folder. An operator's act: npm talks to the registry it is configured for. */
export interface OcrInstaller {
  /** Throws RUNTIME_MISSING when npm fails, or when a language is not there afterwards. */
  install(options: OcrInstallOptions): Promise<{ readonly version: string }>
}

export interface OcrInstallOptions {
  /** One line of progress, for people. */
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

export interface OcrInstallerDeps {
  /** `<data folder>/runtimes/ocr`. */
  readonly folder: string
  readonly languages: readonly string[]
  /** Runs a program to its end; resolves with its exit code. */
  readonly run: (
    command: string,
    options: {
      readonly args: readonly string[]
      readonly onLine: (line: string) => void
      readonly signal: AbortSignal
    },
  ) => Promise<number>
}

/** The version whose interface `engine.ts` follows. */
const ocrEngineVersion = '7.0.0'
const ocrDataVersion = '1.0.0'

export function createOcrInstaller({ folder, languages, run }: OcrInstallerDeps): OcrInstaller {
  return {
    async install({ onProgress, signal }) {
      const packages = [
        `tesseract.js-core@${ocrEngineVersion}`,
        ...languages.map((language) => `@tesseract.js-data/${language}@${ocrDataVersion}`),
      ]
      mkdirSync(folder, { recursive: true })
      const manifest = join(folder, 'package.json')
      // Its own package, so that npm looks for none above the folder.
      if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n')
      onProgress(`npm installs ${packages.join(', ')}`)
      const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact']
      const code = await run('npm', { args: [...args, ...packages], onLine: onProgress, signal })
      const isThere = existsSync(join(folder, 'node_modules', 'tesseract.js-core'))
      const found = isThere ? findOcrRuntimeIn(manifest, languages) : undefined
      const missing = languages.filter((language) => found?.languages[language] === undefined)
      if (code !== 0 || found === undefined || missing.length > 0) {
        const lacking = missing.length === 0 ? '' : `, ${missing.join(', ')} missing`
        const message = `npm could not install what reads pictures (exit code ${code}${lacking}); its output says why`
        throw new PlatformError('RUNTIME_MISSING', message)
      }
      return { version: ocrEngineVersion }
    },
  }
}
