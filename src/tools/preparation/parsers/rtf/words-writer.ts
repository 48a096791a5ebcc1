import type { InlineBuilder } from '../../canonical/index.ts'
import type { Span } from '../parser.ts'
import type { Marks, State } from './state.ts'

interface Piece {
  readonly text: string
  /** Where it stands in the source; absent for what stands nowhere. */
  readonly span: Span | undefined
}

interface Run extends Piece {
  readonly words: InlineBuilder
  readonly marks: Marks
  readonly isRaised: boolean
}

/** Longest run of characters that stand for others, which has one place in the source. */
const runUnitsMax = 48
/** Longest fallback that may stand between two of them. */
const fallbackMax = 12

/** Gathers pieces with the same looks that follow each other in the source, so that each has its place there. */
export class WordsWriter {
  /** Written so far. */
  runs = 0
  #run: Run | undefined
  #words: InlineBuilder | undefined
  #begun = ''

  /** How the paragraph begins that was last written to. */
  get begun(): string {
    return this.#begun
  }

  write(words: InlineBuilder, { marks, isRaised }: Pick<State, 'marks' | 'isRaised'>, { text, span }: Piece): void {
    if (words !== this.#words) {
      this.#words = words
      this.#begun = ''
    }
    if (this.#begun.length < 8) this.#begun += text.slice(0, 8)
    const before = this.#run
    const piece = { text, span }
    if (before?.words === words && before.marks === marks && before.isRaised === isRaised && isNext(before, piece)) {
      const start = before.span?.start ?? 0
      this.#run = {
        ...before,
        text: before.text + text,
        span: span === undefined ? undefined : { start, end: span.end },
      }
      return
    }
    this.flush()
    this.#run = { words, marks, isRaised, text, span }
  }

  flush(): void {
    const run = this.#run
    if (run === undefined) return
    this.#run = undefined
    this.runs++
    const { words, marks, text, span: source } = run
    const style = { marks, origin: source === undefined ? undefined : { source } }
    if (run.isRaised) words.raised(text, style)
    else words.run(text, style)
  }
}

/** Whether two pieces have one place together as well as each for itself. */
function isNext(before: Piece, after: Piece): boolean {
  if (before.span === undefined || after.span === undefined) return before.span === after.span
  if (isItself(before) !== isItself(after)) return false
  const gap = after.span.start - before.span.end
  if (isItself(before)) return gap === 0
  return gap <= fallbackMax && before.text.length < runUnitsMax && !/[。！？；\s]$/.test(before.text)
}

/** Whether each character stands for itself. */
function isItself({ text, span }: Piece): boolean {
  return span !== undefined && span.end - span.start === text.length
}
