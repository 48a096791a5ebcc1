import { createRequire } from 'node:module'
import type * as HanTables from './han-tables.ts'

/**
 * Folds traditional characters to simplified ones, one character to one, so that either script finds the other. The
 * table is read when the first Han character comes along.
 */
export function createSimplifier(): (character: string) => string {
  let simplified: ReadonlyMap<string, string> | undefined
  return (character) => {
    if (character < firstHan) return character
    simplified ??= loadHanTables().simplifiedOf
    return simplified.get(character) ?? character
  }
}

/** The tables of Han characters, which are read once in a process, when first asked for: about two milliseconds. */
export function loadHanTables(): typeof HanTables {
  return require('./han-tables.ts') as typeof HanTables // the file beside this one
}

const firstHan = '\u3400'
const require = createRequire(import.meta.url)
