import { createRequire } from 'node:module'

/** Traditional characters, each with its simplified one (OpenCC's table of 4,000). */
export const simplifiedOf: ReadonlyMap<string, string> = readPairs()
/** Characters that are written only where traditional ones are not. */
export const simplifiedHan: ReadonlySet<string> = new Set(
  [...simplifiedOf.values()].filter((each) => !simplifiedOf.has(each)),
)

function readPairs(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url)
  const table = require('opencc-js/dict/TSCharacters') as { readonly default: string } // `丟 丢|並 并|…`; it has no types
  const pairs = new Map<string, string>()
  for (const entry of table.default.split('|')) {
    const [from = '', to = ''] = entry.split(' ')
    if (from !== '' && to !== '') pairs.set(from, to)
  }
  return pairs
}
