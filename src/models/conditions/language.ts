/** Scripts that tell the language by themselves. Han is last: Japanese and Korean texts hold it too. */
const scripts: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\u3040-\u30ff]/g],
  ['ko', /[\uac00-\ud7af\u1100-\u11ff]/g],
  ['ru', /[\u0400-\u04ff]/g],
  ['ar', /[\u0600-\u06ff]/g],
  ['hi', /[\u0900-\u097f]/g],
  ['th', /[\u0e00-\u0e7f]/g],
  ['el', /[\u0370-\u03ff]/g],
  ['he', /[\u0590-\u05ff]/g],
]
const han = /[\u3400-\u9fff\uf900-\ufaff]/g
const latinWord = /[a-z\u00df-\u024f]+/g

/** The commonest words that the other languages here do not have. */
const commonWords: Readonly<Record<string, ReadonlySet<string>>> = {
  en: new Set(
    'the of and to is in that it for with was are this have be what how you can i my do does why which when where who not from please write explain if a an on your me we he she they his her would there their at by all'.split(
      ' ',
    ),
  ),
  de: new Set(
    'der die das und ist nicht ein eine mit für auf den dem wie was ich sie wir zu von im werden bitte kann'.split(' '),
  ),
  fr: new Set(
    'le la les des est une et dans pour que qui pas vous je nous avec sur comment quel quelle ce cette du au'.split(
      ' ',
    ),
  ),
  es: new Set(
    'el los las una y es en por para que con no cómo qué cuál su del al está son como más pero yo'.split(' '),
  ),
  it: new Set(
    'il lo gli una e è di che per con non come cosa sono della del nel alla più ma anche questo quale'.split(' '),
  ),
  pt: new Set('o os as uma e é em por para que com não como qual do da dos na no são mais mas você isto'.split(' ')),
  nl: new Set(
    'de het een en is van niet dat op met voor zijn wat hoe ik je wij aan te er maar ook dit kunnen'.split(' '),
  ),
}

/** Characters looked at; a language shows early. */
const lengthMax = 4_000

/**
 * The language a text is mostly in: by its script, and within the Latin one by its commonest words. `undefined` when it
 * does not show: a text of numbers, of code, of a few names.
 */
export function findLanguage(text: string): string | undefined {
  const seen = text.slice(0, lengthMax).toLowerCase()
  const words = seen.match(latinWord) ?? []
  const latin = words.reduce((sum, word) => sum + word.length, 0)
  const hanCount = count(seen, han)
  const found = scripts.map(([language, pattern]) => [language, count(seen, pattern)] as const)
  const [language, most] = found.reduce((best, next) => (next[1] > best[1] ? next : best), ['', 0] as const)
  // A character of these scripts says about as much as a syllable, that is three Latin letters.
  if ((most + hanCount) * 3 < latin || most + hanCount === 0) return findLatin(words)
  if (most === 0) return 'zh'
  // Kana are at least a tenth of a Japanese text; fewer are a name in a Chinese one.
  return most * 10 < hanCount ? 'zh' : language
}

function findLatin(words: readonly string[]): string | undefined {
  let best: string | undefined
  let bestCount = 0
  let isTied = false
  for (const [language, common] of Object.entries(commonWords)) {
    const hits = words.reduce((sum, word) => sum + (common.has(word) ? 1 : 0), 0)
    if (hits > bestCount) [best, bestCount, isTied] = [language, hits, false]
    else if (hits === bestCount) isTied = true
  }
  const isEnough = bestCount * 12 >= words.length
  return isEnough && !isTied ? best : undefined
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
