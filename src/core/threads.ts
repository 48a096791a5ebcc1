import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'

/**
 * The environment of a thread of our own: of that of the process only where compiled code is kept, if it keeps any. Without it a thread
 * loads the compiler of TypeScript a second time, 13 MB; the rest is no business of a thread that reads what strangers have written.
 */
export function toThreadEnvironment(): NodeJS.Dict<string> {
  const folder = getCompileCacheDir()
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) } // below it lies one folder a version
}
