/** Keeps track of the statement an answer is making, so that a citation can say what it supports. */
export interface Statements {
  /** Text of the answer, as it goes out. */
  add(text: string): void
  /** Text that goes out and is no part of any statement. */
  skip(length: number): void
  /** The last sentence that is not blank, in offsets of the whole answer; `undefined` before there is any. */
  last(): StatementSpan | undefined
  /** The text of the last statement; empty before there is any. */
  lastText(): string
}

export interface StatementSpan {
  readonly start: number
  readonly end: number
}

/** Sentence ends, Chinese and English. A full stop counts when a blank follows. */
const sentenceEnd = /[。！？!?…\n]+["'”’」』）)]*|\.["'”’)]*(?=\s)/g
/** Of a longer statement the end is kept. */
const statementLengthMax = 2_000

export function createStatements(): Statements {
  let length = 0
  /** What has gone out since the last mark; of much text the end. */
  let recent = ''
  let beforeMark: StatementSpan | undefined
  let textBeforeMark = ''
  const last = (): StatementSpan | undefined => findLast(recent.slice(-statementLengthMax), length) ?? beforeMark
  const lastText = (): string => {
    const span = findLast(recent.slice(-statementLengthMax), length)
    return span === undefined
      ? textBeforeMark
      : recent.slice(recent.length - (length - span.start), recent.length - (length - span.end) || undefined)
  }
  return {
    add(text) {
      length += text.length
      recent += text
      if (recent.length > 4 * statementLengthMax) recent = recent.slice(-statementLengthMax)
    },
    skip(skipped) {
      textBeforeMark = lastText()
      beforeMark = last()
      length += skipped
      recent = ''
    },
    last,
    lastText,
  }
}

/** The last sentence of a text that ends at an offset. */
function findLast(text: string, end: number): StatementSpan | undefined {
  const offset = end - text.length
  const cuts = Array.from(text.matchAll(sentenceEnd), ({ index, 0: closing }) => index + closing.length)
  let to = text.length
  for (const from of [...cuts.toReversed(), 0]) {
    const sentence = trim(text.slice(from, to), offset + from)
    if (sentence !== undefined) return sentence
    to = from
  }
  return undefined
}

/** The span without blanks around it; `undefined` when nothing but punctuation is left. */
function trim(text: string, offset: number): StatementSpan | undefined {
  if (!/[\p{L}\p{N}]/u.test(text)) return undefined
  const start = text.length - text.trimStart().length
  return { start: offset + start, end: offset + text.trimEnd().length }
}
