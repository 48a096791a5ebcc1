import { createSimplifier } from '../../core/han.ts'

/** Makes texts that look the same the same. */
export interface Folder {
  /**
   * One code point without case, width, accents and script variants: lower case, Latin for the letters of other scripts that look
   * like it, simplified for traditional Han, a space for every blank. Empty for what is not seen: zero-width characters, marks.
   */
  fold(codePoint: number): string
  foldText(text: string): FoldedText
}

export interface FoldedText {
  readonly text: string
  /** Where each unit of the folded text stands in the original; one more than it has units. */
  readonly places: Uint32Array
  /** Characters that nobody sees: zero-width ones, tags, marks of direction. */
  readonly unseen: number
}

export function createFolder(): Folder {
  const simplify = createSimplifier()
  const known = new Map<number, string>()
  const ascii = Array.from({ length: 128 }, (_, code) => foldOne(code, simplify))
  const asciiUnits = Uint16Array.from(ascii, (one) => (one === '' ? space : one.charCodeAt(0)))
  const fold = (codePoint: number): string => {
    const plain = ascii[codePoint]
    if (plain !== undefined) return plain
    let folded = known.get(codePoint)
    if (folded === undefined) {
      folded = foldOne(codePoint, simplify)
      if (known.size < knownMax) known.set(codePoint, folded)
    }
    return folded
  }
  return {
    fold,
    foldText(text) {
      const units = new Units(text.length)
      let unseen = 0
      for (let index = 0; index < text.length; index++) {
        const unit = text.charCodeAt(index)
        if (unit < 128) {
          units.add(asciiUnits[unit] ?? unit, index)
          continue
        }
        const codePoint = unit >= 0xd800 && unit <= 0xdbff ? (text.codePointAt(index) ?? 0) : unit
        const one = fold(codePoint)
        if (one === '') unseen++
        for (let part = 0; part < one.length; part++) units.add(one.charCodeAt(part), index)
        if (codePoint > 0xffff) index++
      }
      return { ...units.end(text.length), unseen }
    },
  }
}

const space = 0x20

/** Folded units with their places. */
class Units {
  #units: Uint16Array
  #places: Uint32Array
  #count = 0

  constructor(size: number) {
    this.#units = new Uint16Array(size)
    this.#places = new Uint32Array(size + 1)
  }

  /** Blanks after each other are one: a phrase may be parted by any of them. */
  add(unit: number, place: number): void {
    if (unit === space && this.#units[this.#count - 1] === space) return
    if (this.#count === this.#units.length) this.#grow()
    this.#units[this.#count] = unit
    this.#places[this.#count++] = place
  }

  end(place: number): { readonly text: string; readonly places: Uint32Array } {
    this.#places[this.#count] = place
    const { buffer } = this.#units
    return {
      text: Buffer.from(buffer, 0, this.#count * 2).toString('utf16le'),
      places: this.#places.subarray(0, this.#count + 1),
    }
  }

  #grow(): void {
    const units = new Uint16Array(this.#units.length * 2 + 16)
    const places = new Uint32Array(units.length + 1)
    units.set(this.#units)
    places.set(this.#places)
    this.#units = units
    this.#places = places
  }
}

const knownMax = 65_536
const hidden = /^[\p{Cf}\p{Mn}\p{Me}\u115f\u1160\u3164\uffa0]$/u

function foldOne(codePoint: number, simplify: (character: string) => string): string {
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return '\ufffd'
  const character = String.fromCodePoint(codePoint)
  if (hidden.test(character)) return ''
  if (/^\s$/u.test(character)) return ' '
  let folded = ''
  for (const part of character.normalize('NFKD').toLowerCase().normalize('NFKD')) {
    if (!hidden.test(part)) folded += lookalikes.get(part) ?? simplify(part)
  }
  return folded
}

/** Letters that look like Latin ones. Not complete: those that are used to hide words. */
const lookalikes: ReadonlyMap<string, string> = new Map(
  [
    ['a', 'аαɑᴀ'],
    ['b', 'вβьʙ'],
    ['c', 'сϲᴄ'],
    ['d', 'ԁɗđᴅ'],
    ['e', 'еεҽєᴇ'],
    ['f', 'ғƒꜰ'],
    ['g', 'ɡɢ'],
    ['h', 'һнʜ'],
    ['i', 'іιıɪ'],
    ['j', 'јᴊ'],
    ['k', 'кκᴋ'],
    ['l', 'ӏłʟ'],
    ['m', 'мᴍ'],
    ['n', 'пηɴո'],
    ['o', 'оοøσօᴏ'],
    ['p', 'рρᴘ'],
    ['q', 'ԛ'],
    ['r', 'гʀ'],
    ['s', 'ѕꜱ'],
    ['t', 'тτᴛ'],
    ['u', 'υսᴜ'],
    ['v', 'νѵᴠ'],
    ['w', 'ѡωԝᴡ'],
    ['x', 'хχ'],
    ['y', 'уγүʏ'],
    ['z', 'ᴢ'],
  ].flatMap(([latin = '', others = '']) => others.split('').map((other) => [other, latin] as const)),
)
