import { isSpelt, toThrees } from '../../../core/letters.ts'
import { changesAtEnds, toBeginning, WordForms } from '../../../core/word-forms.ts'
import { isHanUnit, type Folder } from './fold.ts'

/** The terms of one question, and a way to find them in text. */
export interface TermMatcher {
  readonly terms: readonly Term[]
  /** Sets `found[i]` for every term i in the span. */
  scan(text: string, span: Span, found: Uint8Array): void
}

export interface Span {
  readonly start: number
  readonly end: number
}

export interface Term {
  readonly text: string
  readonly kind: 'word' | 'words' | 'number' | 'character' | 'characters'
}

const wordPattern = /[\p{L}\p{M}\p{N}]/u
const stopWords = new Set(
  'a an the of in on at to for from by with as is are was were be been being am do does did done has have had having and or not no nor but if then than that this these those it its they them their theirs he him his she her hers i me my mine we us our ours you your yours what which who whom whose when where why how much many long often there here can could will would shall should may might must about into over under between during according please tell explain describe s t re ve ll d m also any some such per get gets got getting give given gives want wants need needs please'.split(
    ' ',
  ),
)
/** Question phrases and function words of simplified Chinese; they part the text, so that no pair of characters spans them. */
const stopPhrases =
  /什么时候|多少[钱元]|什么地方|什么样|为什么|怎么样|怎样|多长时间|是不是|有没有|能不能|可不可以|是否|请问|请|什么|哪一?[些个种位年天里儿家门次名座项条本款部场首支所]|哪|何时|何地|何人|何处|何种|如何|为何|多少|多久|几|怎么|谁|可以|能够|应该|以及|或者|还是|因为|由于|其中|当中|之中|之间|以下|下列|根据|关于|对于|[的了吗呢吧啊么是在有和与及其之于为以由被把从到向对将就都也还又而且或则但并所这那此该个等一]/g

/** Verbs that only complete the question word: the answer to "how much does it cost" seldom says "cost". */
const cueVerbs: readonly RegExp[] = [/\b(how much\b.*)\bcosts?\b/, /\b(how long\b.*)\b(?:takes?|lasts?)\b/]

interface Asked {
  readonly question: string
  /** By which its Latin words meet others of their forms. */
  readonly language: string | undefined
}

/**
 * Takes the content of a question apart: folded words, which stand for their other forms, and pairs of them; Han characters and pairs of them;
 * threes of letters where words are not parted.
 */
export function createTermMatcher(asked: Asked, folder: Folder): TermMatcher {
  const forms = new WordForms()
  const index = indexQuestion(asked, folder, forms)
  const known = new Map<string, number>()
  /** The number of a word's term; `otherWord` or `stopWord` for words that are none. */
  const findWord = (raw: string): number => {
    let number = known.get(raw)
    if (number === undefined) {
      const word = folder.foldText(raw)
      number = stopWords.has(word) ? stopWord : findForm(index, word, forms)
      known.set(raw, number)
    }
    return number
  }
  return {
    terms: index.terms,
    scan(text, span, found) {
      let lastUnit = -1
      let lastWord = otherWord
      forEachToken({ text, span, fold: (run) => folder.foldText(run) }, (token) => {
        if (token.type === 'unit') {
          const unit = folder.foldUnit(token.unit)
          const number = index.units.get(unit)
          if (number !== undefined) found[number] = 1
          const pair =
            token.isAdjacent && number !== undefined ? index.unitPairs.get(toPair(lastUnit, unit)) : undefined
          if (pair !== undefined) found[pair] = 1
          lastUnit = unit
          lastWord = otherWord
          return
        }
        const number = findWord(token.text)
        if (number === stopWord) return
        if (number !== otherWord) {
          found[number] = 1
          const pair = index.wordPairs.get(toPair(lastWord, number))
          if (pair !== undefined) found[pair] = 1
        }
        lastWord = number
      })
    },
  }
}

const otherWord = -1
const stopWord = -2

/** The terms of a question by what they are made of; the values number them. */
interface TermIndex {
  readonly terms: readonly Term[]
  /** By what the forms of a word have in common. */
  readonly words: ReadonlyMap<string, number>
  /** By their first letters, in a language whose words change at their ends. */
  readonly beginnings: ReadonlyMap<string, number>
  readonly wordPairs: ReadonlyMap<number, number>
  readonly units: ReadonlyMap<number, number>
  readonly unitPairs: ReadonlyMap<number, number>
}

function findForm({ words, beginnings }: TermIndex, word: string, forms: WordForms): number {
  return words.get(toCommon(word, forms)) ?? beginnings.get(toBeginning(word) ?? '') ?? otherWord
}

function indexQuestion({ question, language }: Asked, folder: Folder, forms: WordForms): TermIndex {
  const terms: Term[] = []
  const words = new Map<string, number>()
  const beginnings = new Map<string, number>()
  const wordPairs = new Map<number, number>()
  const units = new Map<number, number>()
  const unitPairs = new Map<number, number>()
  const number = <K>(map: Map<K, number>, key: K, term: Term): number => {
    const known = map.get(key)
    if (known !== undefined) return known
    map.set(key, terms.length)
    return terms.push(term) - 1
  }
  const folded = folder.foldText(question).replace(stopPhrases, '\n')
  const parted = cueVerbs.reduce((text, cue) => text.replace(cue, '$1 '), folded)
  let lastUnit = -1
  let lastWord = otherWord
  const asItIs = { text: parted, span: { start: 0, end: parted.length }, fold: (run: string) => run }
  forEachToken(asItIs, (token) => {
    if (token.type === 'unit') {
      const { unit } = token
      number(units, unit, { text: String.fromCharCode(unit), kind: 'character' })
      if (token.isAdjacent) {
        const text = String.fromCharCode(lastUnit, unit)
        number(unitPairs, toPair(lastUnit, unit), { text, kind: 'characters' })
      }
      lastUnit = unit
      return
    }
    const word = token.text
    if (stopWords.has(word)) return
    const stem = toCommon(word, forms)
    const stemmed = number(words, stem, { text: stem, kind: /^\d/.test(stem) ? 'number' : 'word' })
    const beginning = changesAtEnds(language) ? toBeginning(word) : undefined
    if (beginning !== undefined) beginnings.set(beginning, stemmed)
    if (lastWord !== otherWord) {
      const text = `${terms[lastWord]?.text} ${stem}`
      number(wordPairs, toPair(lastWord, stemmed), { text, kind: 'words' })
    }
    lastWord = stemmed
  })
  return { terms, words, beginnings, wordPairs, units, unitPairs }
}

interface Tokenized {
  readonly text: string
  readonly span: Span
  readonly fold: (run: string) => string
}

type Token =
  | { readonly type: 'unit'; readonly unit: number; readonly isAdjacent: boolean }
  | { readonly type: 'word'; readonly text: string }

/** Characters of scripts written without spaces one by one, or threes of their letters; other letters and digits as whole words. */
function forEachToken({ text, span, fold }: Tokenized, visit: (token: Token) => void): void {
  let isAdjacent = false
  for (let position = span.start; position < span.end; ) {
    const unit = text.charCodeAt(position)
    if (isUnspaced(unit)) {
      visit({ type: 'unit', unit, isAdjacent })
      isAdjacent = true
      position++
      continue
    }
    isAdjacent = false
    const start = position
    if (isSpelt(text.charAt(position))) {
      while (position < span.end && isSpelt(text.charAt(position))) position++
      for (const word of toThrees(fold(text.slice(start, position)))) visit({ type: 'word', text: word })
    } else if (isWordUnit(unit)) {
      while (position < span.end && continuesWord(text, position)) position++
      visit({ type: 'word', text: text.slice(start, position) })
    } else position++
  }
}

function continuesWord(text: string, position: number): boolean {
  const unit = text.charCodeAt(position)
  if (isWordUnit(unit)) return true
  // 3,000 and 2.5 are one word each.
  return (
    (unit === 0x2c || unit === 0x2e) && isDigit(text.charCodeAt(position - 1)) && isDigit(text.charCodeAt(position + 1))
  )
}

/** Han, kana and Hangul, and either half of a pair outside the basic plane. */
function isUnspaced(unit: number): boolean {
  return isHanUnit(unit) || (unit >= 0x3041 && unit <= 0x30ff) || (unit >= 0xac00 && unit <= 0xdfff)
}

function isWordUnit(unit: number): boolean {
  if (unit < 0x80) return isDigit(unit) || (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a)
  return !isUnspaced(unit) && (wordPattern.test(String.fromCharCode(unit)) || (unit >= 0x300 && unit <= 0x36f))
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}

function toPair(left: number, right: number): number {
  return left * 0x10000 + right
}

/** Numbers lose their commas. */
function toCommon(word: string, forms: WordForms): string {
  return /^\d/.test(word) ? word.replaceAll(',', '') : forms.toCommon(word)
}
