import type { PersonalDatum } from '../../../core/ports-privacy.ts'

/** The tokens of one request: a value has one token, and no token stands in any of the texts as they came. */
export interface TokenBook {
  readonly mask: (text: string) => string
  /** Every token with its value. */
  readonly values: ReadonlyMap<string, string>
}

export interface TokenBookParts {
  /** What is masked in a text, in its order and not overlapping. */
  readonly find: (text: string) => readonly PersonalDatum[]
  /** The tenant's name for a value: the same at all times, and nothing can be told from it. `round` gives another one. */
  readonly nameValue: (type: string, value: string, round: number) => string
  /** Whether a text that is to be masked holds these characters already. */
  readonly holds: (token: string) => boolean
}

/** All tokens begin so; no token holds this twice, so no token can begin inside of another. */
export const tokenStart = 'PII_'

export function createTokenBook(parts: TokenBookParts): TokenBook {
  const { find, nameValue, holds } = parts
  const values = new Map<string, string>()
  const tokens = new Map<string, string>()

  function tokenOf(type: string, value: string): string {
    const known = tokens.get(value)
    if (known !== undefined) return known
    for (let round = 0; ; round++) {
      const token = `${tokenStart}${type.toUpperCase().replaceAll('-', '_')}_${nameValue(type, value, round)}`
      if (holds(token) || values.has(token)) continue
      tokens.set(value, token)
      values.set(token, value)
      return token
    }
  }

  return {
    values,
    mask(text) {
      let masked = ''
      let end = 0
      for (const datum of find(text)) {
        masked += text.slice(end, datum.start) + tokenOf(datum.type, text.slice(datum.start, datum.end))
        end = datum.end
      }
      return end === 0 ? text : masked + text.slice(end)
    },
  }
}
