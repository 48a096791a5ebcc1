/** Joins and breaks that are not seen: soft hyphens, joiners, marks of byte order. */
const unseen = /\u00ad|\u200d|\u2060|\ufeff/g
const foreignDigits = /[^\P{Nd}0-9]/gu

/** Compatibility forms, digits of any script and thousands are folded; what is not seen goes. */
export function toPlain(text: string): string {
  const plain = text.normalize('NFKC').replaceAll(unseen, '')
  return plain.replaceAll(foreignDigits, toDigit).replace(/(\d),(?=\d{3}(?!\d))/g, '$1')
}

/** Digits stand ten in a row, from nought on. */
function toDigit(character: string): string {
  const code = character.codePointAt(0) ?? 0
  let value = 0
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value++
  return `${value}`
}

/**
 * Letters beyond ASCII: case; accents over Latin and Greek letters and over the Russian `ё`; points of Arabic and Hebrew and the forms in
 * which Arabic letters are mixed up (as Lucene folds them); Latin letters with a stroke or of two.
 */
export function foldLetters(part: string): string {
  return part
    .toLowerCase()
    .normalize('NFKD')
    .replace(marks, '')
    .normalize('NFC')
    .replace(letterForms, (letter) => plainForms.get(letter) ?? letter)
}

const marks = /(?<=[a-zα-ω])[\u0300-\u036f]+|(?<=е)\u0308|\u0640|[\u0591-\u05c7\u064b-\u0655\u0670]/g
const plainForms: ReadonlyMap<string, string> = new Map([
  ...Object.entries({ ß: 'ss', ı: 'i', ø: 'o', đ: 'd', ł: 'l', ħ: 'h', ð: 'd', æ: 'ae', œ: 'oe', þ: 'th', ς: 'σ' }),
  ...Object.entries({ ٱ: 'ا', ى: 'ي', ة: 'ه', ک: 'ك', ی: 'ي' }),
])
const letterForms = new RegExp(`[${[...plainForms.keys()].join('')}]`, 'g')

/** Scripts whose words are not parted and whose letters say little by themselves; of a class of characters. */
const spelt = String.raw`\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`
/** A run of letters of such scripts, kept when a text is split by it. */
export const speltRun = new RegExp(`([${spelt}]+)`, 'u')
/** What such a run is found by: every three neighbours; what is shorter as it is. */
export function toThrees(run: string): readonly string[] {
  const letters = Array.from(run)
  return letters.length < 3 ? [run] : letters.slice(2).map((_, at) => letters.slice(at, at + 3).join(''))
}

/** A letter of such a script. */
export function isSpelt(character: string): boolean {
  return character >= '\u0e00' && speltLetter.test(character)
}

const speltLetter = new RegExp(`^[${spelt}]$`, 'u')
/** A character of a script that does not part its words by blanks. Korean does. */
export const unspaced = new RegExp(String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}${spelt}]`, 'u')

/** Letters by which words of scripts other than Latin meet in their forms (McNamee and Mayfield, 2004: as good as stems). */
export const prefixLength = 5

/** What the forms of a folded word that is not written in Latin letters have in common. */
export function toCommonForm(word: string): string {
  if (/^\p{Script=Arabic}/u.test(word)) return stripArabic(word)
  return Array.from(word).slice(0, prefixLength).join('')
}

const articles = ['وال', 'بال', 'كال', 'فال', 'ال', 'لل']
const endings = ['ها', 'ان', 'ات', 'ون', 'ين', 'يه', 'ه', 'ي']

/** Articles with their conjunctions before a word, and endings behind it, as light10 takes them off (Larkey, Ballesteros and Connell, 2007). */
function stripArabic(word: string): string {
  const article = articles.find((each) => word.startsWith(each) && word.length - each.length >= 2)
  let stem = word.slice(article?.length ?? 0)
  if (article === undefined && word.startsWith('و') && word.length >= 4) stem = word.slice(1)
  for (const ending of endings) {
    if (stem.endsWith(ending) && stem.length - ending.length >= 2) stem = stem.slice(0, -ending.length)
  }
  return stem
}
