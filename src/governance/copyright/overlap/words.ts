const [none, letter, alone, mark, accent] = [0, 1, 2, 3, 4]

/** What a code unit is part of: nothing, a word, a word of its own, a mark. */
function kindOf(unit: number): number {
  if (unit < 0x80) {
    const isLetter =
      (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95
    return isLetter ? letter : unit <= 32 || unit === 127 ? none : mark
  }
  if (unit >= 0x3400 && unit <= 0x9fff) return alone
  if ((unit >= 0x3040 && unit <= 0x30ff) || (unit >= 0xf900 && unit <= 0xfaff)) return alone
  if (unit === 0xa0 || unit === 0x3000 || (unit >= 0x2000 && unit <= 0x200f) || unit === 0xfeff) return none
  // Punctuation, arrows, mathematical and other signs; among them numbers that are one sign (Ⅳ, ①, ²) and the Han signs 々 and 〇.
  if (unit >= 0x2010 && unit <= 0x206f) return mark
  if (unit >= 0x2070 && unit <= 0x2bff) return isLetterOrNumber(unit) ? letter : mark
  if (unit >= 0x3001 && unit <= 0x303f) return isLetterOrNumber(unit) ? alone : mark
  if (unit >= 0xa1 && unit <= 0xbf)
    return /[\u00aa\u00b2\u00b3\u00b5\u00b9\u00ba\u00bc-\u00be]/.test(String.fromCharCode(unit)) ? letter : mark
  if (unit === 0xd7 || unit === 0xf7) return mark
  if (unit >= 0xe000 && unit <= 0xf8ff) return mark // of nobody's: icons and bullets of fonts
  if ((unit >= 0x2e00 && unit <= 0x2e7f) || (unit >= 0xfe10 && unit <= 0xfe6f)) return mark
  if (unit >= 0xff01 && unit <= 0xff5e) return kindOf(unit - 0xfee0)
  return letter // of any other script; both halves of a pair
}

function isLetterOrNumber(unit: number): boolean {
  return /[\p{L}\p{N}\p{M}]/u.test(String.fromCharCode(unit))
}

/** Case and width do not tell words apart. */
function foldUnit(unit: number): number {
  const narrow = unit >= 0xff01 && unit <= 0xff5e ? unit - 0xfee0 : unit
  return narrow >= 65 && narrow <= 90 ? narrow + 32 : narrow
}

/** Accents that stand behind their letter: a text may have them so or in one piece, so they tell no words apart. */
function isAccent(unit: number): boolean {
  return (unit >= 0x300 && unit <= 0x36f) || unit === 0x3099 || unit === 0x309a
}

/** A letter of Latin, Greek, Cyrillic or kana without its accents and in small. */
function toBare(unit: number): number {
  const isAccented = unit < 0x530 || (unit >= 0x1e00 && unit < 0x2000) || (unit >= 0x3040 && unit < 0x3100)
  if (!isAccented || isAccent(unit)) return unit
  const base = String.fromCharCode(unit).normalize('NFD').charAt(0).toLowerCase().charCodeAt(0)
  return base === 0x3c2 ? 0x3c3 : base // the sigma at the end of a word
}

/** Of ASCII, which most answers are most of, the kinds and the folded units are looked up. */
const asciiKinds = Uint8Array.from({ length: 128 }, (_, unit) => kindOf(unit))
const asciiFolds = Uint8Array.from({ length: 128 }, (_, unit) => foldUnit(unit))
const bareFolds = Uint16Array.from({ length: 0x3100 }, (_, unit) => toBare(unit))

function foldWide(unit: number): number {
  return unit < bareFolds.length ? (bareFolds[unit] ?? unit) : foldUnit(unit)
}

/**
 * Reads the words of a text in pieces as they come: a run of letters and digits, or one Han or kana character. Calls back for each one
 * that is complete with its number, the same for the same word in any case and width and with accents or without, and where it stands in the text so far. A
 * class with tables of numbers, for it runs for every character of every answer that is checked.
 */
export class WordReader {
  readonly #onWord: (id: number, start: number, end: number) => void
  #offset = 0
  #hash = 0
  #start = -1
  /** Words and marks so far. */
  count = 0
  /** Characters that are not blank so far. */
  characters = 0

  constructor(onWord: (id: number, start: number, end: number) => void) {
    this.#onWord = onWord
  }

  /** May end inside of a word: the next piece goes on with it. */
  read(text: string): void {
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      const kind = unit < 128 ? asciiKinds[unit] : unit < bareFolds.length && isAccent(unit) ? accent : kindOf(unit)
      if (kind === accent) continue
      if (kind === letter) {
        if (this.#start === -1) {
          this.#start = this.#offset + index
          this.#hash = seed
        }
        this.#hash = Math.imul(this.#hash ^ (unit < 128 ? (asciiFolds[unit] ?? 0) : foldWide(unit)), prime)
        this.characters++
        continue
      }
      if (this.#start !== -1) this.#close(this.#offset + index)
      if (kind === none) continue
      this.characters++
      this.count++
      if (kind === alone)
        this.#onWord(
          Math.imul(seed ^ (unit < bareFolds.length ? foldWide(unit) : unit), prime) >>> 0,
          this.#offset + index,
          this.#offset + index + 1,
        )
    }
    this.#offset += text.length
  }

  /** The last word, now that nothing follows. */
  end(): void {
    if (this.#start !== -1) this.#close(this.#offset)
  }

  #close(end: number): void {
    const start = this.#start
    this.#start = -1
    this.count++
    this.#onWord(this.#hash >>> 0, start, end)
  }
}

const seed = 0x811c9dc5
const prime = 0x01000193
