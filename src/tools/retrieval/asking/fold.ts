import { createSimplifier } from '../../../core/han.ts'

/** Makes texts comparable: compatibility forms, case, Latin accents, traditional Han and runs of blanks are folded. */
export function createFold(): (text: string) => string {
  const simplify = createSimplifier()
  return (text) => {
    const plain = text.normalize('NFKC').toLowerCase().normalize('NFKD').replaceAll(latinAccents, '').normalize('NFC')
    const simple = han.test(plain) ? Array.from(plain, simplify).join('') : plain
    return simple.replaceAll(/\s+/g, ' ').trim()
  }
}

const latinAccents = /(?<=[a-z])[\u0300-\u036f]+/g
const han = /[\u3400-\u9fff\uf900-\ufaff]/

/** Whether a folded text holds a folded phrase; where the phrase begins or ends with a letter of a word, so does the word. */
export function holdsPhrase(text: string, phrase: string): boolean {
  for (let at = text.indexOf(phrase); at >= 0; at = text.indexOf(phrase, at + 1)) {
    const isWhole =
      !(isSpaced(phrase, 0) && isSpaced(text, at - 1)) &&
      !(isSpaced(phrase, phrase.length - 1) && isSpaced(text, at + phrase.length))
    if (isWhole) return true
  }
  return false
}

/** A letter or digit of a script that parts its words. */
function isSpaced(text: string, at: number): boolean {
  return /^[\p{L}\p{N}_]$/u.test(text.charAt(at)) && !unspaced.test(text.charAt(at))
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u
