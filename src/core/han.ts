import { createRequire } from 'node:module'

/**
 * Folds traditional characters to simplified ones, one character to one (OpenCC's table of 4,000), so that either
 * script finds the other. The table is read when the first Han character comes along: about two milliseconds.
 */
export function createSimplifier(): (character: string) => string {
  let pairs: ReadonlyMap<string, string> | undefined
  return (character) => {
    if (character < firstHan) return character
    pairs ??= readPairs()
    return pairs.get(character) ?? character
  }
}

const firstHan = '\u3400'

/** Traditional characters, each with its simplified one. */
export function readPairs(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url)
  const table = require('opencc-js/dict/TSCharacters') as { readonly default: string } // `丟 丢|並 并|…`; it has no types
  const pairs = new Map<string, string>()
  for (const entry of table.default.split('|')) {
    const [from = '', to = ''] = entry.split(' ')
    if (from !== '' && to !== '') pairs.set(from, to)
  }
  return pairs
}
