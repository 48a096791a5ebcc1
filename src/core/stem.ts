/**
 * The stem of an English word in lower case, by Porter's algorithm ("An algorithm for suffix stripping", 1980) with its
 * author's two later changes (`bli`, `logi`). Words that hold anything but a to z are given back as they are.
 */
export function stemWord(word: string): string {
  if (word.length <= 2 || !/^[a-z]+$/.test(word)) return word
  const singular = stripPast(stripPlural(word))
  const plain = singular.endsWith('y') && hasVowel(singular.slice(0, -1)) ? `${singular.slice(0, -1)}i` : singular
  return tidyEnd(stripLast(replaceSuffix(replaceSuffix(plain, doubleSuffixes), singleSuffixes)))
}

/** Suffixes with what stands for them; one that ends with another stands before it. */
type Suffixes = readonly (readonly [suffix: string, replacement: string])[]

const doubleSuffixes: Suffixes = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
]

const singleSuffixes: Suffixes = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]

const lastSuffix = /(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|(?<=[st])ion|ou|ism|ate|iti|ous|ive|ize)$/

function stripPlural(word: string): string {
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2)
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}

function stripPast(word: string): string {
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word
  const stem = word.replace(/(?:ed|ing)$/, '')
  if (stem === word || !hasVowel(stem)) return word
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/([^aeiouylsz])\1$/.test(stem)) return stem.slice(0, -1)
  return measure(stem) === 1 && endsShort(stem) ? `${stem}e` : stem
}

function replaceSuffix(word: string, suffixes: Suffixes): string {
  const found = suffixes.find(([suffix]) => word.endsWith(suffix))
  if (found === undefined) return word
  const kept = word.slice(0, word.length - found[0].length)
  return measure(kept) > 0 ? kept + found[1] : word
}

function stripLast(word: string): string {
  const kept = word.replace(lastSuffix, '')
  return measure(kept) > 1 ? kept : word
}

function tidyEnd(word: string): string {
  const kept = word.slice(0, -1)
  const isLoose = measure(kept) > 1 || (measure(kept) === 1 && !endsShort(kept))
  const stem = word.endsWith('e') && isLoose ? kept : word
  return stem.endsWith('ll') && measure(stem) > 1 ? stem.slice(0, -1) : stem
}

/** How many times a run of vowels is followed by a run of consonants. */
function measure(word: string): number {
  return toShape(word).match(/v+c+/g)?.length ?? 0
}

function hasVowel(word: string): boolean {
  return toShape(word).includes('v')
}

/** Consonant, vowel, consonant at the end, the last not w, x or y: `hop`, not `snow`. */
function endsShort(word: string): boolean {
  return toShape(word).endsWith('cvc') && !/[wxy]$/.test(word)
}

/** `c` for a consonant, `v` for a vowel; y is a vowel after a consonant. */
function toShape(word: string): string {
  let shape = ''
  for (const letter of word) {
    const isVowel = 'aeiou'.includes(letter) || (letter === 'y' && shape.endsWith('c'))
    shape += isVowel ? 'v' : 'c'
  }
  return shape
}
