import { readFileSync, realpathSync, watch, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'

export interface WatchOptions {
  /** The file, absolute. */
  readonly path: string
  /** Its content has changed, or it is gone: load it again, and go on with what is running when it is refused. */
  readonly onChange: () => void
  /** How long the file must have been quiet before it is looked at, milliseconds; 100 when absent. */
  readonly quietMs?: number
}

export interface ConfigWatch {
  close(): void
}

/**
 * Follows a configuration file. The folder is watched, not the file, so that editors which write a new file and rename
 * it, and orchestrators which swap a link, are followed too. Nothing is called when the content is what it was.
 */
export function watchConfig(options: WatchOptions): ConfigWatch {
  const watchers: FSWatcher[] = []
  let lastText = readText(options.path)
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const check = (): void => {
    // The folder may be another one by now, or the link may point elsewhere.
    arm()
    const text = readText(options.path)
    if (text === lastText) return
    lastText = text
    options.onChange()
  }
  const schedule = (delayMs: number): void => {
    clearTimeout(timer)
    if (isClosed) return
    timer = setTimeout(check, delayMs)
    timer.unref()
  }
  const arm = (): void => {
    disarm()
    for (const [folder, names] of watchedNames(options.path)) {
      try {
        const watcher = watch(folder, (_, name) => {
          if (name === null || names.has(name) || name.startsWith('..')) schedule(options.quietMs ?? quietMsDefault)
        })
        watcher.on('error', () => schedule(rearmMs))
        watcher.unref()
        watchers.push(watcher)
      } catch {
        schedule(rearmMs) // The folder is gone for the moment.
      }
    }
  }
  const disarm = (): void => {
    for (const watcher of watchers.splice(0)) watcher.close()
  }

  arm()
  return {
    close() {
      isClosed = true
      clearTimeout(timer)
      disarm()
    },
  }
}

const quietMsDefault = 100
const rearmMs = 1_000

/** The folders to watch, each with the names that matter in it: the path's own and, through a link, the target's. */
function watchedNames(path: string): ReadonlyMap<string, ReadonlySet<string>> {
  const folders = new Map<string, Set<string>>()
  for (const each of [path, realPath(path)]) {
    const folder = dirname(each)
    const names = folders.get(folder) ?? new Set([basename(folder)])
    folders.set(folder, names.add(basename(each)))
  }
  return folders
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
