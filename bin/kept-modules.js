// Modules as the last installation kept them: where each import leads to, and the text that Node runs, without types. A server is some 1,500
// modules, and to find, read and strip each of them costs more than half of a start. A module of Strata whose file has changed since,
// and every package after another installation, is looked for as if nothing had been kept.
// JavaScript, as the command itself is, and for the same reason.
import { openSync, readFileSync, readSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = new URL('..', import.meta.url).href
/** Where compiled code is kept too. */
export const keptFolder = process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('node_modules/.cache/strata', root))
export const indexPath = join(keptFolder, 'modules.json')

/**
 * From now on imports of this thread find what was kept. Does nothing where nothing was, or not by this Node, or where something was
 * loaded before (`--import`, `--require`, `--loader`): what watches or changes modules has to see them.
 */
export function useKeptModules() {
  const kept = hasPreloads() ? undefined : readKept()
  if (kept === undefined) return
  registerHooks({
    resolve(specifier, context, next) {
      const found = context.conditions.includes('import') ? kept.find(context.parentURL, specifier) : undefined
      return found === undefined ? next(specifier, context) : { url: found.url, format: 'module', shortCircuit: true }
    },
    load(url, context, next) {
      const found = kept.byUrl(url)
      return found === undefined ? next(url, context) : { format: 'module', source: kept.read(found), shortCircuit: true }
    },
  })
}

/** Whether what is kept is of this Node and this installation, and none of its files has changed. */
export function isKept() {
  return readKept()?.isWhole() ?? false
}

function hasPreloads() {
  return /(?:^|\s)(?:--import|--require|-r|--loader|--experimental-loader)\b/.test(
    [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '),
  )
}

function readKept() {
  try {
    const index = JSON.parse(readFileSync(indexPath, 'utf8'))
    if (index.node !== process.version) return undefined
    return new Kept(index, openSync(join(keptFolder, index.texts), 'r'))
  } catch {
    return undefined // nothing was kept, or somebody is just keeping it
  }
}

class Kept {
  #modules
  #imports
  #file
  #byUrl = new Map()
  #areSamePackages

  constructor({ modules, imports, packages }, file) {
    this.#file = file
    this.#areSamePackages = packages !== null && packages === stampOf(lockPath())
    this.#modules = modules.map(([path, stamp, at, length]) => ({ url: new URL(path, root).href, stamp, at, length, isCurrent: undefined }))
    for (const module of this.#modules) this.#byUrl.set(module.url, module)
    this.#imports = new Map(Object.entries(imports).map(([path, found]) => [new URL(path, root).href, found]))
  }

  /** Where an import leads to; `undefined` where it has to be looked for. */
  find(parentUrl, specifier) {
    const found = this.#modules[this.#imports.get(parentUrl)?.[specifier]]
    return found !== undefined && this.#isCurrent(found) ? found : undefined
  }

  byUrl(url) {
    const found = this.#byUrl.get(url)
    return found !== undefined && this.#isCurrent(found) ? found : undefined
  }

  read({ at, length }) {
    const bytes = Buffer.allocUnsafe(length)
    for (let read = 0; read < length; ) {
      const count = readSync(this.#file, bytes, read, length - read, at + read)
      if (count === 0) throw new Error(`${indexPath} and what it names do not belong together; remove ${keptFolder}`)
      read += count
    }
    return bytes.toString()
  }

  isWhole() {
    return this.#modules.every((module) => this.#isCurrent(module))
  }

  /** Files of packages have the time of their publication, so that they are told by the installation. */
  #isCurrent(module) {
    module.isCurrent ??= module.stamp === null ? this.#areSamePackages : module.stamp === stampOf(fileURLToPath(module.url))
    return module.isCurrent
  }
}

/** Written by every installation. */
export function lockPath() {
  return fileURLToPath(new URL('node_modules/.package-lock.json', root))
}

/** When a file was written, in seconds, since images of containers keep no more, and how long it is; `null` without one. */
export function stampOf(path) {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? null : `${Math.floor(found.mtimeMs / 1_000)}:${found.size}`
}
