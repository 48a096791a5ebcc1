import { findLanguage, toPrimary } from './language.ts'
import { prefixLength, toCommonForm } from './letters.ts'
import { stemWord } from './stem.ts'

/** By what the forms of a word meet, in documents and in questions. Keeps the stems it has met, since texts repeat a few thousand. */
export class WordForms {
  readonly #stems = new Map<string, string>()

  /** Of a folded word: the English stem of Latin letters, in other scripts what its forms have in common. */
  toCommon(word: string): string {
    return /^\w+$/.test(word) ? this.toStem(word) : toCommonForm(word)
  }

  /** The English stem of a word of letters and digits of ASCII in lower case. */
  toStem(word: string): string {
    let stem = this.#stems.get(word)
    if (stem === undefined) {
      stem = stemWord(word)
      if (this.#stems.size >= stemsMax) this.#stems.clear()
      this.#stems.set(word, stem)
    }
    return stem
  }
}

/** The first letters of a longer word of plain Latin letters: what its forms share where `changesAtEnds`. */
export function toBeginning(word: string): string | undefined {
  return word.length > prefixLength && /^[a-z]+$/.test(word) ? word.slice(0, prefixLength) : undefined
}

/** Whether the words of a language of Latin letters change at their ends otherwise than in English. */
export function changesAtEnds(language: string | undefined): boolean {
  return language !== undefined && language !== 'en' && language !== toned
}

/** The language in which another accent makes another word: there what is written counts, and its plain letters little. */
export const toned = 'vi'

/** The language by which the Latin words of a text meet; undefined where none shows, and for other scripts, which need none. */
export function findWordLanguage(text: string): string | undefined {
  const sample = text.slice(0, sampleLength)
  let letters = 0
  for (let at = 0; at < sample.length; at++) {
    const code = sample.charCodeAt(at) | 0x20
    if ((code >= 0x61 && code <= 0x7a) || (code >= 0xe0 && code < 0x250)) letters++
  }
  return letters * 3 < sample.length ? undefined : toPrimary(findLanguage(sample))
}

/** Characters of a text by which its language is told. */
const sampleLength = 400
/** Words whose stems are kept in memory. */
const stemsMax = 50_000
