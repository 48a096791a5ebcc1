import type { Line, PageItem } from './layout.ts'
import type { ReadPage } from './compose.ts'

/**
 * Pages that wait to be written, since headings and running heads are known only when all have been read: lines as numbers
 * and bytes outside of the heap, a third of what they take as objects. What is unpacked equals what was packed.
 */
export class PackedPages {
  readonly #pages: PackedPage[] = []
  readonly #sizes = new Numbering<number>()
  readonly #fonts = new Numbering<string>()
  readonly #columns = new Numbering<string>()

  get count(): number {
    return this.#pages.length
  }

  add({ items, size, verdict }: ReadPage): void {
    const lines = items.flatMap((item) => (item.type === 'line' ? [item.line] : []))
    const numbers = new Int32Array(lines.length * numbersPerLine)
    for (const [index, line] of lines.entries()) numbers.set(this.#toNumbers(line), index * numbersPerLine)
    const others = items.map((item) => (item.type === 'line' ? undefined : item))
    this.#pages.push({ size, verdict, numbers, texts: toBytes(lines.map(({ text }) => text).join('')), others })
  }

  /** Gives a page out and forgets it. */
  take(index: number): ReadPage {
    const page = this.#pages[index]
    if (page === undefined) throw new RangeError(`there is no page ${index}`)
    this.#pages[index] = taken
    const { size, verdict, numbers, others } = page
    const texts = toText(page.texts)
    let [line, at] = [0, 0]
    const items = others.map((other): PageItem => {
      if (other !== undefined) return other
      const [length = 0, ...rest] = numbers.subarray(line * numbersPerLine, ++line * numbersPerLine)
      return { type: 'line', line: this.#toLine(texts.slice(at, (at += length)), rest) }
    })
    return { items, size, verdict }
  }

  #toNumbers({ text, box, size, font, isTurned, column }: Line): readonly number[] {
    const places = [this.#sizes.numberOf(size), this.#fonts.numberOf(font), this.#columns.numberOf(column.join(' '))]
    return [text.length, ...box.map((value) => Math.round(value * 10)), ...places, Number(isTurned)]
  }

  #toLine(text: string, [left = 0, top = 0, right = 0, bottom = 0, ...rest]: readonly number[]): Line {
    const [size = 0, font = 0, column = 0, isTurned = 0] = rest
    const [columnLeft = 0, columnRight = 0] = (this.#columns.get(column) ?? '').split(' ').map(Number)
    return {
      text,
      box: [left / 10, top / 10, right / 10, bottom / 10],
      size: this.#sizes.get(size) ?? 0,
      font: this.#fonts.get(font) ?? '',
      isTurned: isTurned === 1,
      column: [columnLeft, columnRight],
    }
  }
}

interface PackedPage {
  readonly size: ReadPage['size']
  readonly verdict: ReadPage['verdict']
  readonly numbers: Int32Array
  readonly texts: Bytes
  /** What is no line, at its place. */
  readonly others: readonly (Exclude<PageItem, { readonly type: 'line' }> | undefined)[]
}

/** Length of its text, four edges of its box in tenths of a point, numbers of size, font and column, whether it is turned. */
const numbersPerLine = 9

/** Values that come again and again, by number. */
class Numbering<Value> {
  readonly #numbers = new Map<Value, number>()
  readonly #values: Value[] = []

  numberOf(value: Value): number {
    const known = this.#numbers.get(value)
    if (known !== undefined) return known
    this.#numbers.set(value, this.#values.length)
    return this.#values.push(value) - 1
  }

  get(number: number): Value | undefined {
    return this.#values[number]
  }
}

interface Bytes {
  readonly encoding: 'latin1' | 'utf16le'
  readonly bytes: Buffer
}

/** Half surrogates included, which UTF-8 would not keep. */
function toBytes(text: string): Bytes {
  const encoding = /^[\0-\u00ff]*$/.test(text) ? 'latin1' : 'utf16le'
  // Not from the shared pool, which would be held as a whole by one small part of it.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text, encoding))
  bytes.write(text, encoding)
  return { encoding, bytes }
}

function toText({ encoding, bytes }: Bytes): string {
  return bytes.toString(encoding)
}

const taken: PackedPage = Object.freeze({
  size: [0, 0] as const,
  verdict: { state: 'ok' } as const,
  numbers: new Int32Array(0),
  texts: toBytes(''),
  others: [],
})
