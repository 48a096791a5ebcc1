// Keeps the modules of a start, for bin/kept-modules.js.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { indexPath, keptFolder, lockPath, root, stampOf } from '../bin/kept-modules.js'

/** Keeps the modules that were noted in a file (scripts/note-modules.js). */
export function keepModules(notesPath) {
  const lines = readFileSync(notesPath, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
  const paths = [...new Set(lines.filter(([kind]) => kind === 'loaded').map(([, path]) => path))]
  const places = new Map(paths.map((path, place) => [path, place]))
  const texts = []
  const modules = []
  let at = 0
  for (const path of paths) {
    const file = fileURLToPath(new URL(path, root))
    const text = readFileSync(file, 'utf8')
    const bytes = Buffer.from(file.endsWith('.ts') ? stripTypeScriptTypes(text) : text)
    modules.push([path, path.includes('node_modules/') ? null : stampOf(file), at, bytes.length])
    texts.push(bytes)
    at += bytes.length
  }
  const imports = {}
  for (const [kind, from, specifier, to] of lines) {
    if (kind !== 'import' || !places.has(to)) continue
    imports[from] ??= {}
    imports[from][specifier] = places.get(to)
  }
  mkdirSync(keptFolder, { recursive: true })
  const name = `modules-${process.pid}-${at}.text`
  writeFileSync(join(keptFolder, name), Buffer.concat(texts))
  const index = { node: process.version, packages: stampOf(lockPath()), texts: name, modules, imports }
  // Under its own name at once: a start that reads meanwhile finds the former or this.
  writeFileSync(`${indexPath}.new`, JSON.stringify(index))
  renameSync(`${indexPath}.new`, indexPath)
  for (const other of readdirSync(keptFolder)) {
    if (/^modules-.*\.text$/.test(other) && other !== name) rmSync(join(keptFolder, other), { force: true })
  }
}
