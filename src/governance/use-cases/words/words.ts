/**
 * What the requests of an area speak of, and what they ask of it. Words are literal, in lower case; `(s)` is with and without. An
 * act is looked for in the words around a subject.
 */
export interface Area {
  /** The signal it hints at. */
  readonly id: string
  /** Names of subjects; one of them has to be there. */
  readonly about: readonly string[]
  readonly act: RegExp
  /** True where what is asked for leaves no doubt: also in a text that only speaks about the matter. */
  readonly isPlain?: true
}

/** What a language has for all areas. */
export interface Words {
  /** By name, words that are parted by `|`. No word has two names. */
  readonly subjects: Readonly<Record<string, string>>
  readonly areas: readonly Area[]
  /** Asks for an explanation, a text, advice. */
  readonly talk: RegExp
  /** Speaks of somebody or something that is at hand; it outweighs talk. */
  readonly atHand: RegExp
  /** Speaks of what somebody made up. */
  readonly fiction: RegExp
}

export function wordsOf(list: string): readonly string[] {
  return list.split('|').flatMap(withPlural)
}

function withPlural(word: string): readonly string[] {
  return word.endsWith('(s)') ? [word.slice(0, -3), `${word.slice(0, -3)}s`] : [word]
}
