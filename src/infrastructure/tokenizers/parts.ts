/** What a tokenizer is made of, as plain data and typed arrays, so that a thread can make it and give it away. */
export interface TokenizerParts {
  /** Texts that are a token wherever they stand, whatever is around them. */
  readonly added: readonly AddedToken[]
  /** What is done to a text before it is split, in this order. */
  readonly normal: readonly NormalStep[]
  /** How a text is split, each step within the pieces of the one before: no token is larger than a piece. */
  readonly splits: readonly SplitStep[]
  readonly model: RanksModel | MergesModel
}

export interface AddedToken {
  readonly content: string
  /** Whether it takes the blanks before or behind it. */
  readonly takesLeft: boolean
  readonly takesRight: boolean
}

export type NormalStep =
  | { readonly type: 'unicode'; readonly form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' }
  | { readonly type: 'prepend'; readonly text: string }
  | { readonly type: 'replace'; readonly pattern: Pattern; readonly content: string }
  | { readonly type: 'lowercase' }

/** A text as it stands, or the source of a regular expression. */
export type Pattern = { readonly text: string } | { readonly source: string }

export type SplitStep =
  | {
      readonly type: 'pattern'
      readonly pattern: Pattern
      /** What becomes of what matches; with `isInverted`, of what lies between. */
      readonly behaviour: 'isolated' | 'removed' | 'with-previous' | 'with-next'
      readonly isInverted: boolean
    }
  /** Puts a blank, or what stands for it, before a piece that has none. */
  | { readonly type: 'prefix'; readonly text: string; readonly isFirstOnly: boolean }
  | { readonly type: 'replace'; readonly pattern: Pattern; readonly content: string }

/** Byte strings, each with a number: those of the tokens of a vocabulary. */
export interface SpanParts {
  /** All of them, one after another in the order of their numbers. */
  readonly bytes: Uint8Array
  /** Where each begins, and where the last one ends. An empty one is a number without a token. */
  readonly starts: Uint32Array
  /** Numbers plus one by the hash of their bytes, open addressing; a power of two of them, at most half in use. */
  readonly slots: Uint32Array
}

/** Two neighbours become one when their bytes together are a token; the token with the lowest number first. */
export interface RanksModel {
  readonly type: 'ranks'
  readonly tokens: SpanParts
}

/** Two neighbours become one when a merge says so; the first merge of the list first. */
export interface MergesModel {
  readonly type: 'merges'
  readonly tokens: SpanParts
  readonly merges: PairParts
  /** What words are made of at first. */
  readonly alphabet: 'bytes' | 'characters'
  /** Numbers of the tokens that stand for single bytes; -1 where there is none. */
  readonly byteTokens: Int32Array
  /** The token of characters that are in no vocabulary; -1 for none: then they are left out. */
  readonly unknown: number
  /** Whether neighbours of that token are one. */
  readonly fusesUnknown: boolean
  /** Whether a piece that is a token as it stands is one, whatever the merges make of it. */
  readonly ignoresMerges: boolean
}

/** Merges, each with its place in the list. */
export interface PairParts {
  readonly left: Uint32Array
  readonly right: Uint32Array
  readonly merged: Uint32Array
  /** Places plus one by the hash of the pair, as in `SpanParts`. */
  readonly slots: Uint32Array
}
