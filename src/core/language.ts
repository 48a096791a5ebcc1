import { createRequire } from 'node:module'
import { loadHanTables } from './han.ts'
import type * as Tables from './language-tables.ts'

/**
 * The language a text is mostly in, as BCP 47 names it (`en`, `zh-Hans`, `zh-Hant`, `ja`): by its script where that tells, else by
 * its sequences of letters. `undefined` when it does not show: in numbers, code, names, a word that several languages have. Norwegian is
 * `nb`; Croatian, Bosnian and Serbian in Latin letters are `hr`. Some 15 µs for a sentence, 300 for the longest text.
 */
export function findLanguage(text: string): string | undefined {
  const prose = toProse(text.slice(0, lengthMax))
  const counts = countScripts(prose)
  let [best, most] = ['', 0]
  for (const [script, count] of counts) if (count > most) [best, most] = [script, count]
  if (most === 0) return undefined
  if (best === 'east') return findEastAsian(prose)
  if (best === 'latin' || best === 'cyrillic' || best === 'arabic' || best === 'devanagari') {
    return findInTable(prose, loadTables()[best], best === 'latin' ? latinCertainty : certainty)
  }
  return best
}

/** The language without its script: `zh` of `zh-Hant`. */
export function toPrimary(language: string | undefined): string | undefined {
  return language?.split('-')[0]
}

/** Characters looked at; a language shows early. */
const lengthMax = 4_000
/** Letters read in a table: more tell nothing more. */
const lettersMax = 300
/** As often it is looked whether one language is so far before the next that reading on changes nothing. */
const wordsBetween = 8
/** In natural logarithms of odds. */
const leadEnough = 12
/** The least probability at which a language is named. Among languages of one script that are close, more is asked. */
const latinCertainty = 0.6
const certainty = 0.7

/** Code, addresses and marks say nothing of the language they stand in. */
function toProse(text: string): string {
  if (!/[`<:/@\\]/.test(text)) return text
  return text
    .replace(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g, ' ')
    .replace(/\b[a-z][a-z\d+.-]*:\/\/\S+|\S+@\S+\.\S+|<\/?[a-z][^<>]*>|(?:[\w.-]*[\\/]){2,}[\w.-]*/gi, ' ')
}

/** Where a script says which language it is, its language stands for it. */
function scriptOf(code: number): string | undefined {
  if (code < 0x250)
    return code < 0x41 || (code > 0x5a && code < 0x61) || (code > 0x7a && code < 0xc0) ? undefined : 'latin'
  if (code >= 0x3040) {
    if (code <= 0x30ff || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff)) return 'east'
    return code >= 0xac00 && code <= 0xd7af ? 'east' : undefined
  }
  if (code >= 0x1e00 && code <= 0x1eff) return 'latin'
  return blocks.find(([start, end]) => code >= start && code <= end)?.[2]
}

const blocks: readonly (readonly [start: number, end: number, script: string])[] = [
  [0x370, 0x3ff, 'el'],
  [0x400, 0x52f, 'cyrillic'],
  [0x530, 0x58f, 'hy'],
  [0x590, 0x5ff, 'he'],
  [0x600, 0x6ff, 'arabic'],
  [0x900, 0x97f, 'devanagari'],
  [0x980, 0x9ff, 'bn'],
  [0xa00, 0xa7f, 'pa'],
  [0xa80, 0xaff, 'gu'],
  [0xb00, 0xb7f, 'or'],
  [0xb80, 0xbff, 'ta'],
  [0xc00, 0xc7f, 'te'],
  [0xc80, 0xcff, 'kn'],
  [0xd00, 0xd7f, 'ml'],
  [0xd80, 0xdff, 'si'],
  [0xe00, 0xe7f, 'th'],
  [0xe80, 0xeff, 'lo'],
  [0xf00, 0xfff, 'bo'],
  [0x1000, 0x109f, 'my'],
  [0x10a0, 0x10ff, 'ka'],
  [0x1100, 0x11ff, 'east'],
  [0x1200, 0x137f, 'am'],
  [0x1780, 0x17ff, 'km'],
  [0x1f00, 0x1fff, 'el'],
]

/** A character of East Asia says about as much as a syllable, that is three letters of an alphabet. */
const eastWeight = 3

function countScripts(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  let [latin, east] = [0, 0]
  for (let at = 0; at < text.length; at++) {
    const script = scriptOf(text.charCodeAt(at))
    if (script === 'latin') latin++
    else if (script === 'east') east += eastWeight
    else if (script !== undefined) counts.set(script, (counts.get(script) ?? 0) + 1)
  }
  if (latin > 0) counts.set('latin', latin)
  if (east > 0) counts.set('east', east)
  return counts
}

function findEastAsian(text: string): string {
  let [kana, hangul, han] = [0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (scriptOf(code) !== 'east') continue
    if (code >= 0x3040 && code <= 0x30ff) kana++
    else if (code < 0x1200 || (code >= 0xac00 && code <= 0xd7af)) hangul++
    else han++
  }
  // Both stand between Han; fewer than a tenth are a name in a Chinese text.
  if (Math.max(kana, hangul) * 10 >= han + kana + hangul) return hangul > kana ? 'ko' : 'ja'
  const { simplifiedOf, simplifiedHan } = loadHanTables()
  let [simplified, traditional] = [0, 0]
  for (const character of text) {
    if (simplifiedOf.has(character)) traditional++
    else if (simplifiedHan.has(character)) simplified++
  }
  // Characters that only Japan writes, in a text without kana: a title, an address.
  if ((text.match(japaneseOnly)?.length ?? 0) > Math.min(simplified, traditional)) return 'ja'
  return traditional > simplified ? 'zh-Hant' : 'zh-Hans'
}

/** The likeliest language by the table; `undefined` below the certainty asked for. */
function findInTable(text: string, table: Tables.LanguageTable, certain: number): string | undefined {
  const { languages, scale } = table
  const scores = new Int32Array(languages.length)
  let letters = 0
  let words = 0
  let best = 0
  for (const [token] of text.normalize('NFC').matchAll(tokens)) {
    if (isName(token)) continue
    letters += token.length
    addWord(`_${token.toLowerCase()}_`, table, scores)
    if (++words % wordsBetween !== 0) continue
    best = findBest(scores)
    if (letters > lettersMax || lead(scores, best) * scale > leadEnough) break
  }
  if (letters === 0) return undefined
  best = findBest(scores)
  const most = scores[best] ?? 0
  const sum = scores.reduce((total, score) => total + Math.exp((score - most) * scale), 0)
  const language = languages[best]
  return language === 'und' || 1 / sum < certain ? undefined : language
}

function findBest(scores: Int32Array): number {
  let best = 0
  for (let language = 1; language < scores.length; language++) {
    if ((scores[language] ?? 0) > (scores[best] ?? 0)) best = language
  }
  return best
}

/** How far the best is before the next. */
function lead(scores: Int32Array, best: number): number {
  const most = scores[best] ?? 0
  return scores.reduce(
    (least, score, language) => (language === best ? least : Math.min(least, most - score)),
    Infinity,
  )
}

const tokens = /[\p{L}\p{M}\p{N}_]+/gu

/** Of a program or a product: `find_one`, `readFile`, `x64`. */
function isName(token: string): boolean {
  return /[\d_]|\p{Ll}\p{Lu}/u.test(token)
}

const sequenceMax = 4
const wordMax = 17

/** Adds the weights of the sequences of two to four letters of a word with its ends marked, of its single letters and of the whole word. */
function addWord(word: string, { weights, mask }: Tables.LanguageTable, scores: Int32Array): void {
  const buckets: number[] = []
  for (let start = 0; start < word.length; start++) {
    let hash = firstHash
    for (let at = start; at < word.length && at < start + sequenceMax; at++) {
      hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
      if (at > start || (start > 0 && start < word.length - 1)) buckets.push((hash ^ (hash >>> 15)) & mask)
    }
  }
  if (word.length > sequenceMax && word.length <= wordMax) {
    let hash = firstWordHash
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
    buckets.push((hash ^ (hash >>> 15)) & mask)
  }
  const width = scores.length
  for (let language = 0; language < width; language++) {
    let sum = 0
    for (let index = 0; index < buckets.length; index++) sum += weights[(buckets[index] ?? 0) * width + language] ?? 0
    scores[language] = (scores[language] ?? 0) + sum
  }
}

/** FNV-1a, from another beginning for whole words. */
const firstHash = 0x811c9dc5
const firstWordHash = 0x9747b28c

/** The tables are read once in a process, when the first text comes that needs them: about 50 ms. */
function loadTables(): typeof Tables.tables {
  return (require('./language-tables.ts') as typeof Tables).tables // the file beside this one
}

const require = createRequire(import.meta.url)

const japaneseOnly =
  /[々駅円売読続転発県歩児価検険剣権観歓勧関営栄労単戦弾桜覚挙応恵択沢訳釈駆帰気楽薬込働畑峠辻図囲団隣両渋斎浜塩郷郎込雑齢抜仏拡総経済歴徳緑錬縄]/g
