import { findDates } from '../../core/dates.ts'
import { createSimplifier } from '../../core/han.ts'
import { foldLetters, speltRun, toPlain, toThrees } from '../../core/letters.ts'
import { stemWord } from '../../core/stem.ts'
import { changesAtEnds, findWordLanguage, toBeginning, toned, WordForms } from '../../core/word-forms.ts'

/** From text to the terms of the index, the same for documents and questions. Deterministic. */
export interface Analyser {
  /** Changes whenever the terms of any text change: an index made under another id has to be built anew. */
  readonly id: string
  /** The language by which the Latin words of a text are brought together; undefined where none shows. */
  findLanguage(text: string): string | undefined
  /** Terms in order, with repetitions. `language` is that of the text it is part of. */
  analyse(text: string, language?: string): readonly string[]
  /** The distinct terms that stand wherever the text does, with whatever accents and in whatever language. */
  analyseFolded(text: string): readonly string[]
  /** The distinct terms a question is searched by, at most `queryTermsMax`. */
  analyseQuery(text: string): readonly QueryTerm[]
}

export interface QueryTerm {
  readonly term: string
  /** What the term counts for, beside how rare it is. */
  readonly weight: number
}

/** More distinct terms than a question of a hundred words or a hundred Han characters has. */
const queryTermsMax = 256
/** A longer run of letters is cut: it is no word. */
const wordLengthMax = 64
/** An exact word counts little beside its stem: it tells `universal` from `university`. */
const exactWeight = 0.2

/** Before a word as it is written, where that is not its stem; before a whole name of several words; before a date; before the beginning of a word. */
const exactMark = '='
const nameMark = '#'
const dateMark = '@'
const prefixMark = '^'

/**
 * Compatibility forms, case and accents are folded; traditional Han becomes simplified; Han, kana and Hangul give single
 * characters and pairs of neighbours, Thai, Lao, Khmer and Burmese threes of letters; words of Latin letters give their
 * English stem, and themselves where that is another, in other languages their first letters too; words of other scripts
 * what their forms have in common; names of code (`both_require`, `OomObserver`) and codes (`AB-1234`) give their words and
 * the whole; dates give one term however they are written.
 */
export function createAnalyser(): Analyser {
  const writer = new TermWriter()
  return {
    id: 'terms@4',
    findLanguage: findWordLanguage,
    analyse: (text, language) => writer.write(text, language),
    analyseFolded: (text) => [...new Set(writer.write(text, undefined))].filter((term) => !term.startsWith(exactMark)),
    analyseQuery(text) {
      const language = findWordLanguage(text)
      const terms = [...new Set(writer.write(text, language))]
      const telling = terms.filter((term) => !stopTerms.has(term))
      return (telling.length > 0 ? telling : terms)
        .slice(0, queryTermsMax)
        .map((term) => ({ term, weight: weightOf(term, language) }))
    },
  }
}

/** What a question is made of and not about: English words and their stems, Chinese characters as single terms. */
const stopTerms: ReadonlySet<string> = new Set([
  ...(
    'a an and are as at be been but by can could did do does for from had has have how i if in into is it its may me ' +
    'might much many must my no not of on or our shall should so some such than that the their them then there these ' +
    'they this those to us was we were what when where which who whom whose why will with would you your'
  )
    .split(' ')
    .flatMap((word) => [stemWord(word), `${exactMark}${word}`]),
  ...Array.from('的了是在和与之于为以而及也就都等被其这那哪什么吗呢个何几谁有所或由从到对中'),
])

function weightOf(term: string, language: string | undefined): number {
  if (language === toned) return term.startsWith(exactMark) ? 1 : exactWeight
  return term.startsWith(exactMark) ? exactWeight : 1
}

const characters = /([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々〇]+)/u
/** Up to six short parts of letters and digits, joined by one kind of mark or another. */
const codes = /(?<![\w.-])[a-z\d]{1,12}(?:[-./][a-z\d]{1,12}){1,5}(?![\w-])/gi
const nameParts = /_+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/

/** Keeps the folded characters it has met, since texts repeat a few thousand. */
class TermWriter {
  readonly #simplify = createSimplifier()
  readonly #forms = new WordForms()
  readonly #characters = new Map<string, string>()
  #terms: string[] = []
  #isPrefixed = false
  #isToned = false

  write(text: string, language: string | undefined): readonly string[] {
    const terms: string[] = []
    this.#terms = terms
    this.#isPrefixed = changesAtEnds(language)
    this.#isToned = language === toned
    const plain = toPlain(text)
    for (const { 0: run } of plain.matchAll(/[\p{L}\p{M}\p{N}_]+/gu)) this.#addRun(run)
    if (/\d[-./]\w|\w[-./]\d/.test(plain)) for (const [code] of plain.matchAll(codes)) this.#addCode(code)
    if (/\d{4}/.test(plain)) for (const { date } of findDates(plain)) terms.push(dateMark + date)
    return terms
  }

  /** `AB-1234` is one term more: the one that `AB1234` gives. Of a date or a number the parts are enough. */
  #addCode(code: string): void {
    if (/[a-z]/i.test(code) && /\d/.test(code)) {
      this.#terms.push(code.replaceAll(/[-./]/g, '').toLowerCase().slice(0, wordLengthMax))
    }
  }

  #addRun(run: string): void {
    if (/^[a-z0-9]+$/.test(run)) return this.#addWord(run)
    if (/^\w+$/.test(run)) return this.#addName(run)
    for (const [index, part] of run.split(characters).entries()) {
      if (part === '') continue
      if (index % 2 === 1) this.#addCharacters(part)
      else if (/^\w+$/.test(part)) this.#addName(part)
      else this.#addForeignRun(part)
    }
  }

  /** Letters beyond ASCII: words of Latin letters with accents, words of other scripts, texts without blanks that are spelt. */
  #addForeignRun(run: string): void {
    for (const [index, piece] of run.split(speltRun).entries()) {
      if (piece === '') continue
      if (index % 2 === 1) for (const three of toThrees(piece)) this.#terms.push(three)
      else if (/^\w+$/.test(piece)) this.#addName(piece)
      else for (const word of piece.split('_')) if (word !== '') this.#addForeign(word)
    }
  }

  #addForeign(written: string): void {
    const exact = written.toLowerCase().slice(0, wordLengthMax)
    const word = foldLetters(exact).slice(0, wordLengthMax)
    const isLatin = /^\w+$/.test(word)
    const stem = this.#forms.toCommon(word)
    this.#terms.push(stem)
    if (isLatin) this.#addPrefix(word)
    const kept = isLatin ? exact : word
    if (stem !== kept || this.#isToned) this.#terms.push(exactMark + kept)
  }

  /** In languages whose words change at their ends otherwise than in English. */
  #addPrefix(word: string): void {
    const beginning = this.#isPrefixed ? toBeginning(word) : undefined
    if (beginning !== undefined) this.#terms.push(prefixMark + beginning)
  }

  #addName(name: string): void {
    const words = name.split(nameParts).filter((word) => word !== '')
    for (const word of words) this.#addWord(word.toLowerCase())
    if (words.length > 1) this.#terms.push(nameMark + words.join('').toLowerCase().slice(0, wordLengthMax))
  }

  #addWord(word: string): void {
    const cut = word.length > wordLengthMax ? word.slice(0, wordLengthMax) : word
    const stem = this.#forms.toStem(cut)
    this.#terms.push(stem)
    this.#addPrefix(cut)
    if (stem !== cut || this.#isToned) this.#terms.push(exactMark + cut)
  }

  #addCharacters(part: string): void {
    let previous = ''
    for (const character of part) {
      let term = this.#characters.get(character)
      if (term === undefined) {
        term = this.#simplify(character)
        this.#characters.set(character, term)
      }
      this.#terms.push(term)
      if (previous !== '') this.#terms.push(previous + term)
      previous = term
    }
  }
}
