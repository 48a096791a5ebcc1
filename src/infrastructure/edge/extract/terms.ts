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

const wordPattern = /[\p{L}\p{N}]/u
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

/** Takes the content of a question apart: folded, stemmed words and pairs of them; Han characters and pairs of them. */
export function createTermMatcher(question: string, folder: Folder): TermMatcher {
  const index = indexQuestion(question, folder)
  const known = new Map<string, number>()
  /** The number of a word's term; `otherWord` or `stopWord` for words that are none. */
  const findWord = (raw: string): number => {
    let number = known.get(raw)
    if (number === undefined) {
      const word = folder.foldText(raw)
      number = stopWords.has(word) ? stopWord : (index.words.get(stemWord(word)) ?? otherWord)
      known.set(raw, number)
    }
    return number
  }
  return {
    terms: index.terms,
    scan(text, span, found) {
      let lastUnit = -1
      let lastWord = otherWord
      forEachToken(text, span, (token) => {
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
        const number = findWord(text.slice(token.start, token.end))
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
  readonly words: ReadonlyMap<string, number>
  readonly wordPairs: ReadonlyMap<number, number>
  readonly units: ReadonlyMap<number, number>
  readonly unitPairs: ReadonlyMap<number, number>
}

function indexQuestion(question: string, folder: Folder): TermIndex {
  const terms: Term[] = []
  const words = new Map<string, number>()
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
  forEachToken(parted, { start: 0, end: parted.length }, (token) => {
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
    const word = parted.slice(token.start, token.end)
    if (stopWords.has(word)) return
    const stem = stemWord(word)
    const stemmed = number(words, stem, { text: stem, kind: /^\d/.test(stem) ? 'number' : 'word' })
    if (lastWord !== otherWord) {
      const text = `${terms[lastWord]?.text} ${stem}`
      number(wordPairs, toPair(lastWord, stemmed), { text, kind: 'words' })
    }
    lastWord = stemmed
  })
  return { terms, words, wordPairs, units, unitPairs }
}

type Token =
  | { readonly type: 'unit'; readonly unit: number; readonly isAdjacent: boolean }
  | { readonly type: 'word'; readonly start: number; readonly end: number }

/** Characters of scripts written without spaces one by one, other letters and digits as whole words. */
function forEachToken(text: string, span: Span, visit: (token: Token) => void): void {
  let isAdjacent = false
  for (let position = span.start; position < span.end; ) {
    const unit = text.charCodeAt(position)
    if (isUnspaced(unit)) {
      visit({ type: 'unit', unit, isAdjacent })
      isAdjacent = true
      position++
      continue
    }
    if (!isWordUnit(unit)) {
      isAdjacent = false
      position++
      continue
    }
    const start = position
    while (position < span.end && continuesWord(text, position)) position++
    isAdjacent = false
    visit({ type: 'word', start, end: position })
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

/** A light English stem, so that leave/leaves, apply/applies, book/booked/booking meet. Numbers lose their commas. */
function stemWord(word: string): string {
  if (/^\d/.test(word)) return word.replaceAll(',', '')
  if (word.length <= 3 || !/^[a-z]+$/.test(word)) return word
  let stem = word
  if (stem.endsWith('ies') && stem.length > 4) stem = `${stem.slice(0, -3)}y`
  else if (/(?:ss|sh|ch|x|z)es$/.test(stem)) stem = stem.slice(0, -2)
  else if (/[^su]s$/.test(stem)) stem = stem.slice(0, -1)
  if (stem.length > 5 && stem.endsWith('ing')) stem = undouble(stem.slice(0, -3))
  else if (stem.length > 4 && stem.endsWith('ied')) stem = `${stem.slice(0, -3)}y`
  else if (stem.length > 4 && stem.endsWith('ed')) stem = undouble(stem.slice(0, -2))
  if (stem.length > 5 && stem.endsWith('ly')) stem = stem.slice(0, -2)
  if (stem.length > 4 && stem.endsWith('e')) stem = stem.slice(0, -1)
  return stem.length > 5 && stem.endsWith('y') ? `${stem.slice(0, -1)}i` : stem
}

function undouble(stem: string): string {
  return /([bdfgmnprt])\1$/.test(stem) ? stem.slice(0, -1) : stem
}
