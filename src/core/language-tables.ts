import { createRequire } from 'node:module'
import { inflateRawSync } from 'node:zlib'

/** What tells the languages of one script apart: a weight of every language for every bucket of letter sequences. */
export interface LanguageTable {
  /** `und` is code, names and letters of no language. */
  readonly languages: readonly string[]
  /** By bucket, then by language. */
  readonly weights: Int8Array
  /** What a weight of one is worth, as a natural logarithm of odds. */
  readonly scale: number
  /** Buckets less one, which are a power of two. */
  readonly mask: number
}

/**
 * Multinomial logistic regression over hashed letter sequences, made from frequencies of words (OpenSubtitles 2018 by
 * hermitdave/FrequencyWords) and half of the test sentences of pemistahl/lingua and Tatoeba. Only the weights are kept, in 16 levels
 * of four bits, by language and then by bucket.
 */
export const tables: Readonly<Record<'latin' | 'cyrillic' | 'arabic' | 'devanagari', LanguageTable>> = readTables()

interface Stored {
  readonly languages: readonly string[]
  readonly bits: number
  readonly scale: number
  readonly levels: readonly number[]
  readonly weights: string
}

function readTables(): typeof tables {
  // The file beside this one, written in that form.
  const stored = createRequire(import.meta.url)('./language-tables.json') as Record<keyof typeof tables, Stored>
  return {
    latin: unpack(stored.latin),
    cyrillic: unpack(stored.cyrillic),
    arabic: unpack(stored.arabic),
    devanagari: unpack(stored.devanagari),
  }
}

function unpack({ languages, bits, scale, levels, weights: packed }: Stored): LanguageTable {
  const bytes = inflateRawSync(Buffer.from(packed, 'base64'))
  const buckets = 1 << bits
  const weights = new Int8Array(buckets * languages.length)
  for (let language = 0, at = 0; language < languages.length; language++) {
    for (let bucket = 0; bucket < buckets; bucket++, at++) {
      const nibble = ((bytes[at >> 1] ?? 0) >> ((at & 1) * 4)) & 15
      weights[bucket * languages.length + language] = levels[nibble] ?? 0
    }
  }
  return { languages, weights, scale, mask: buckets - 1 }
}
