import { createSimplifier } from '../../../core/han.ts'
import { foldLetters, toPlain, unspaced } from '../../../core/letters.ts'

/** Makes texts comparable: compatibility forms, case, accents, traditional Han and runs of blanks are folded, as for the index. */
export function createFold(): (text: string) => string {
  const simplify = createSimplifier()
  return (text) => {
    const plain = foldLetters(toPlain(text))
    const simple = han.test(plain) ? Array.from(plain, simplify).join('') : plain
    return simple.replaceAll(/\s+/g, ' ').trim()
  }
}

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
