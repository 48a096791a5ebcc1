import { createSimplifier } from '../../../core/han.ts'
import { foldLetters, toPlain } from '../../../core/letters.ts'

/** Folds what is written in several ways to one: full width, case, accents, traditional Chinese. */
export interface Folder {
  /** The text in compatibility form, lower case, without accents, simplified. May differ in length. */
  foldText(text: string): string
  /** One UTF-16 unit at a time, so that offsets stay: ASCII, full-width forms and characters of the basic plane. */
  foldUnit(unit: number): number
  /** Whether the text holds a character that, as a rule, only traditional Chinese writes. */
  isTraditional(text: string): boolean
}

export function createFolder(): Folder {
  const simplifyCharacter = createSimplifier()
  // A pair outside the basic plane would move offsets, so such a character stays.
  const simplify = (unit: number): number => {
    const simplified = simplifyCharacter(String.fromCharCode(unit))
    return simplified.length === 1 ? simplified.charCodeAt(0) : unit
  }
  const foldUnit = (unit: number): number => {
    if (unit < 0x80) return isUpperAscii(unit) ? unit + 32 : unit
    if (isHanUnit(unit)) return simplify(unit)
    if (unit >= 0xff01 && unit <= 0xff5e) return foldUnit(unit - 0xfee0)
    return unit
  }
  return {
    foldUnit,
    foldText(text) {
      const plain = foldLetters(toPlain(text))
      return plain.replace(/[\u3400-\u9fff]/g, (character) => String.fromCharCode(simplify(character.charCodeAt(0))))
    },
    isTraditional(text) {
      for (let index = 0; index < text.length; index++) {
        const unit = text.charCodeAt(index)
        if (isHanUnit(unit) && simplify(unit) !== unit && !sharedCharacters.has(unit)) return true
      }
      return false
    },
  }
}

/** Characters the table folds that simplified Chinese also writes: 乾坤, 著名, 瞭望, 藉口. */
const sharedCharacters: ReadonlySet<number> = new Set(Array.from('乾著瞭藉', (character) => character.charCodeAt(0)))

/** Han characters of the basic plane. */
export function isHanUnit(unit: number): boolean {
  return unit >= 0x3400 && unit <= 0x9fff
}

function isUpperAscii(unit: number): boolean {
  return unit >= 0x41 && unit <= 0x5a
}
