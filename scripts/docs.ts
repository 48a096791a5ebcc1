import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { toCommandsPage } from './docs/cli.ts'
import { toConfigurationPage, toConfigurationSchema } from './docs/configuration.ts'
import { toErrorsPage } from './docs/errors.ts'
import { toRoutesPage } from './docs/http.ts'
import { toMetricsPage } from './docs/metrics.ts'
import { toRolesPage } from './docs/roles.ts'
import { toVerifierPage } from './docs/verifier/build.ts'

/**
 * `npm run docs` writes docs/reference from the code that it describes; `npm run docs -- --check` fails when what is
 * there is not what would be written.
 */
const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'configuration.md': toConfigurationPage,
  'strata.schema.json': toConfigurationSchema,
  'errors.md': toErrorsPage,
  'metrics.md': toMetricsPage,
  'http.md': toRoutesPage,
  'roles.md': toRolesPage,
  'cli.md': toCommandsPage,
  'audit-verifier.html': toVerifierPage,
}

const folder = resolve(import.meta.dirname, '../docs/reference')
process.exitCode = await main(process.argv.slice(2))

/** The exit code: 0 in step, 1 stale, 2 not understood. */
async function main(words: readonly string[]): Promise<number> {
  if (words.some((word) => word !== '--check')) {
    console.error('usage: npm run docs -- [--check]')
    return 2
  }
  const texts = new Map<string, string>()
  for (const [name, render] of Object.entries(pages)) texts.set(name, await render())
  return words.includes('--check') ? check(texts) : write(texts)
}

function write(texts: ReadonlyMap<string, string>): number {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of texts) writeFileSync(join(folder, name), text)
  console.log(`docs/reference: ${texts.size} files written`)
  return 0
}

function check(texts: ReadonlyMap<string, string>): number {
  const stale = [...texts].filter(([name, text]) => readPage(name) !== text).map(([name]) => name)
  const unknown = listPages().filter((name) => !texts.has(name))
  for (const name of stale) console.error(`docs/reference/${name} is stale: npm run docs`)
  for (const name of unknown) console.error(`docs/reference/${name} is not generated: remove it, or add its source`)
  return stale.length + unknown.length === 0 ? 0 : 1
}

function listPages(): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // Never written: every page is stale.
  }
}

function readPage(name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}
