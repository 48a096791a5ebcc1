// Loaded before a command (`--import`), notes every module that its main thread imports, and adds them to the file that
// STRATA_MODULE_NOTES names when the process ends.
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import { root } from '../bin/kept-modules.js'

const notesPath = process.env.STRATA_MODULE_NOTES
if (isMainThread && notesPath !== undefined) noteTo(notesPath)

function noteTo(path) {
  const imports = new Map()
  const loaded = new Set()
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      const isOurs = context.parentURL !== undefined && context.conditions.includes('import') && found.url.startsWith('file:')
      if (isOurs) imports.set(JSON.stringify([toPath(context.parentURL), specifier]), toPath(found.url))
      return found
    },
    load(url, context, next) {
      const found = next(url, context)
      if (url.startsWith('file:') && (found.format === 'module' || found.format === 'module-typescript')) loaded.add(toPath(url))
      return found
    },
  })
  process.on('exit', () => {
    const lines = [...loaded].map((each) => ['loaded', each])
    for (const [from, to] of imports) lines.push(['import', ...JSON.parse(from), to])
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { flag: 'a' })
  })
}

function toPath(url) {
  return url.startsWith(root) ? url.slice(root.length) : url
}
