import { signals, type Signal } from './signals.ts'
import { chinese, english, wordsOf, type Area, type Words } from './words/index.ts'

const latinWord = /[a-z]{2}/
const chineseCharacter = /[\u3400-\u9fff]/
/** How far around a subject an act may stand, in code units. */
const reach = { english: 140, chinese: 60 }
/** Subjects that are looked at in a text; one that has more is a long document, and its first ones tell. */
const subjectsMax = 48

/**
 * Which of the signals the words show: those whose subject stands in the text and whose act stands around it, unless the words there
 * only speak about such things.
 */
export function findSignals(text: string, among: readonly Signal[] = signals): readonly string[] {
  const wanted = new Set(among.map(({ id }) => id))
  const found = new Set<string>()
  const words = text.toLowerCase()
  if (latinWord.test(words)) englishFinder.find(words, wanted, found)
  const isChinese = chineseCharacter.test(text)
  if (isChinese) chineseFinder.find(words, wanted, found)
  for (const { id, phrases } of among) {
    if (phrases !== undefined && (phrases.english.test(words) || (isChinese && phrases.chinese.test(words))))
      found.add(id)
  }
  return among.map(({ id }) => id).filter((id) => found.has(id))
}

interface Finder {
  /** Adds to `found` what of `wanted` the words show. */
  find(text: string, wanted: ReadonlySet<string>, found: Set<string>): void
}

function createFinder(words: Words, reach: number, subjectsOf: (text: string) => readonly Place[]): Finder {
  const areasOf = new Map(
    Object.entries(words.subjects).flatMap(([name, list]) => {
      const own = words.areas.filter(({ about }) => about.includes(name))
      return wordsOf(list).map((word): [string, readonly Area[]] => [word, own])
    }),
  )

  function look(near: string, areas: readonly Area[], found: Set<string>): void {
    const hits = areas.filter(({ act }) => act.test(near))
    if (hits.length === 0 || words.fiction.test(near)) return
    const isTalk = words.talk.test(near) && !words.atHand.test(near)
    for (const { id, isPlain } of hits) if (isPlain === true || !isTalk) found.add(id)
  }

  return {
    find(text, wanted, found) {
      for (const { word, at } of subjectsOf(text)) {
        const open = (areasOf.get(word) ?? []).filter(({ id }) => wanted.has(id) && !found.has(id))
        if (open.length > 0) look(text.slice(Math.max(0, at - reach), at + word.length + reach), open, found)
      }
    },
  }
}

interface Place {
  readonly word: string
  readonly at: number
}

/** Whole words, by one expression of all of them. */
function createLatinSubjects({ subjects }: Words): (text: string) => readonly Place[] {
  // In the order of the alphabet, so that the expression is made a tree of beginnings; a longer word before those it begins with.
  const alternatives = allWords(subjects).toSorted().toReversed().join('|')
  // `\b` first: it is tried at every unit, and alone it rules out most of them in half the time.
  const subject = new RegExp(`\\b(?<![\u00df-\u024f])(?:${alternatives})(?![a-z0-9\u00df-\u024f])`, 'g')
  return (text) => {
    const places: Place[] = []
    const parted = text.replaceAll('_', '/') // which to `\b` is a letter, and parts words here
    subject.lastIndex = 0
    for (let match = subject.exec(parted); match !== null; match = subject.exec(parted)) {
      if (places.push({ word: match[0], at: match.index }) === subjectsMax) break
    }
    return places
  }
}

/** By the first character, since a word may begin at any: an expression of so many is slower. */
function createHanSubjects({ subjects }: Words): (text: string) => readonly Place[] {
  const begins = new Uint8Array(65_536)
  const byFirst = new Map<number, string[]>()
  for (const word of allWords(subjects)) {
    const first = word.charCodeAt(0)
    begins[first] = 1
    byFirst.set(first, [...(byFirst.get(first) ?? []), word])
  }
  return (text) => {
    const places: Place[] = []
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (begins[unit] !== 1) continue
      const word = findWord(byFirst.get(unit) ?? [], text, at)
      if (word === undefined) continue
      if (places.push({ word, at }) === subjectsMax) break
      at += word.length - 1
    }
    return places
  }
}

function findWord(words: readonly string[], text: string, at: number): string | undefined {
  for (const word of words) if (text.startsWith(word, at)) return word
  return undefined
}

/** The longest first. */
function allWords(subjects: Words['subjects']): readonly string[] {
  return Object.values(subjects)
    .flatMap(wordsOf)
    .toSorted((left, right) => right.length - left.length)
}

const englishFinder = createFinder(english, reach.english, createLatinSubjects(english))
const chineseFinder = createFinder(chinese, reach.chinese, createHanSubjects(chinese))
