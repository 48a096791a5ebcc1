/** A citation as the model writes it: `【2: "words"】` or `[2: "words"]`, or a bare `[2]`. */
export interface Mark {
  /** As it stood in the text, the blanks before it included. */
  readonly text: string
  /** The blanks before it. */
  readonly space: string
  readonly number: number
  readonly quote: string | undefined
}

export interface MarkReading {
  /** Text that is no mark, to go out. */
  readonly before: string
  /** The first whole mark after that; `undefined` when there is none yet. */
  readonly mark: Mark | undefined
  /** What is still to be read: after the mark, or the text that may yet become one. */
  readonly rest: string
}

/** A mark is shorter than this; what is longer is text that happens to begin like one. */
const markLengthMax = 1_000

const wholeMark = /^([ \t]*)[[【]\s*(?:passage\s+)?(\d{1,3})\s*(?:[:：,，]\s*["“”「『]([^【】]*?)["”“」』]\s*)?[\]】]/iu
const openMark = /^[ \t]*(?:[[【]\s*(?:p[a-z]*\s*)?(?:\d{1,3}\s*(?:[:：,，]\s*(?:["“”「『][^【】]*)?)?)?)?$/iu

export interface MarkContext {
  /** The character before the text; empty at the beginning of the answer and after a mark. */
  readonly before: string
  /** Whether no more text will come. */
  readonly isEnd: boolean
}

/** Reads up to the first mark. */
export function readMark(text: string, context: MarkContext): MarkReading {
  for (const { index } of text.matchAll(/(?:(?<![ \t])[ \t]+)?[[【]|(?<![ \t])[ \t]+$/g)) {
    const tail = text.slice(index, index + markLengthMax)
    const [whole, space = '', digits = '', quote] = wholeMark.exec(tail) ?? []
    const mayGrow = !context.isEnd && tail.length < markLengthMax
    if (mayGrow && (whole === undefined ? openMark.test(tail) : quote === undefined && whole === tail)) {
      return { before: text.slice(0, index), mark: undefined, rest: text.slice(index) }
    }
    const before = index === 0 ? context.before : text.charAt(index - 1)
    if (whole === undefined || (quote === undefined && isOther(before + tail.slice(0, whole.length + 1)))) continue
    const mark = { text: whole, space, number: Number(digits), quote }
    return { before: text.slice(0, index), mark, rest: text.slice(index + whole.length) }
  }
  return { before: text, mark: undefined, rest: '' }
}

/** A bare number that is an index in code (`a[1]`), the text of a link (`[1](…)`) or its address (`[1]: …`). */
function isOther(around: string): boolean {
  return /^[\w)\]]\[/.test(around) || /\][(:]$/.test(around)
}
