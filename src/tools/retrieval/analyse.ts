import { createSimplifier } from '../../core/han.ts'
import { stemWord } from './stem.ts'

/** From text to the terms of the index, the same for documents and questions. Pure and deterministic. */
export interface Analyser {
  /** Changes whenever the terms of any text change: documents taken in under another id are taken in anew. */
  readonly id: string
  /** Terms in order, with repetitions. Each is ASCII letters and digits only, so that every engine keeps it as it is. */
  analyse(text: string): readonly string[]
  /** The distinct terms a question is searched by, at most `queryTermsMax`. */
  analyseQuery(text: string): readonly string[]
}

/** More distinct terms than a question of a hundred words or a hundred Han characters has. */
const queryTermsMax = 256
/** A longer run of letters is cut: it is no word. */
const wordLengthMax = 64

/**
 * Compatibility forms, case and Latin accents are folded; traditional Han becomes simplified; scripts written without
 * spaces give single characters and pairs of neighbours; English words are stemmed.
 */
export function createAnalyser(): Analyser {
  const toTerm = createCharacterEncoder()
  const analyse = (text: string): string[] => {
    const terms: string[] = []
    for (const { 0: run } of fold(text).matchAll(/[\p{L}\p{M}\p{N}]+/gu)) addRun(terms, run, toTerm)
    return terms
  }
  return {
    id: 'terms@1',
    analyse,
    analyseQuery(text) {
      const terms = new Set(analyse(text))
      const telling = [...terms].filter((term) => !stopTerms.has(term))
      return (telling.length > 0 ? telling : [...terms]).slice(0, queryTermsMax)
    },
  }
}

/** What a question is made of and not about: English words as stems, Chinese characters as single terms. */
const stopTerms: ReadonlySet<string> = new Set([
  ...(
    'a an and are as at be been but by can could did do does for from had has have how i if in into is it its may me ' +
    'might much many must my no not of on or our shall should so some such than that the their them then there these ' +
    'they this those to us was we were what when where which who whom whose why will with would you your'
  )
    .split(' ')
    .map(stemWord),
  ...Array.from('的了是在和与之于为以而及也就都等被其这那哪什么吗呢个何几谁有所或由从到对中', toAscii),
])

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/(?<=[a-z])[\u0300-\u036f]+/g, '')
    .normalize('NFC')
    .replaceAll('ß', 'ss')
    .replaceAll('ς', 'σ')
    .replace(/(\d),(?=\d{3}(?!\d))/g, '$1')
}

const unspaced = /([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々〇]+)/u

function addRun(terms: string[], run: string, toTerm: (character: string) => string): void {
  if (/^[a-z0-9]+$/.test(run)) return addWord(terms, run)
  for (const [index, part] of run.split(unspaced).entries()) {
    if (part === '') continue
    if (index % 2 === 0) addWord(terms, part)
    else addCharacters(terms, part, toTerm)
  }
}

function addCharacters(terms: string[], part: string, toTerm: (character: string) => string): void {
  let previous = ''
  for (const character of part) {
    const term = toTerm(character)
    terms.push(term)
    if (previous !== '') terms.push(previous + term)
    previous = term
  }
}

function addWord(terms: string[], word: string): void {
  const stem = stemWord(word.slice(0, wordLengthMax))
  if (!/^[a-z0-9]+$/.test(stem)) terms.push(toAscii(stem))
  // A word that looks like an encoded character is marked, so that the two never meet.
  else terms.push(/^w*u[0-9a-f]{4}/.test(stem) ? `w${stem}` : stem)
}

/** The term of one character of a script without spaces; each is made once, since a text repeats a few thousand. */
function createCharacterEncoder(): (character: string) => string {
  const simplify = createSimplifier()
  const known = new Map<string, string>()
  return (character) => {
    let term = known.get(character)
    if (term === undefined) {
      term = toAscii(simplify(character))
      known.set(character, term)
    }
    return term
  }
}

/** Each code unit as `u` and four hexadecimal digits. */
function toAscii(text: string): string {
  let term = ''
  for (let index = 0; index < text.length; index++) term += `u${text.charCodeAt(index).toString(16).padStart(4, '0')}`
  return term
}
