import { createPatternScanner } from '../pattern/index.ts'
import type { Scanner } from '../scan.ts'
import { secretLengthMax, secretTypes } from './secret-types.ts'

/** Every type of secret that is recognised, each once. */
export const secretTypeNames: readonly string[] = [...new Set(secretTypes.map(({ what }) => what))]

/** Finds secrets of these types; of all when absent. Private keys and tokens longer than 8192 units are found in pieces of that. */
export function createSecretScanner(types?: readonly string[]): Scanner {
  const wanted = secretTypes.filter(({ what }) => types === undefined || types.includes(what))
  return createPatternScanner(wanted, secretLengthMax)
}
