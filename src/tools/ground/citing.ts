import type { AnswerEvent, Citation } from '../../core/chat.ts'
import { placeOf } from '../../core/places.ts'
import type { Passage } from '../../core/ports.ts'
import { readMark, type Mark } from './marks.ts'
import { createJudge } from './judging.ts'
import { findQuote, type QuotePlace } from './quote.ts'
import { createStatements } from './statements.ts'

export interface CitingOptions {
  readonly passages: readonly Passage[]
  /** Whether to read marks in the text; citations that the model itself gives are checked in any case. */
  readonly marks: boolean
}

/**
 * The events of an answer with its citations checked. A mark whose quote stands in a passage becomes `[n]` and a citation
 * of the exact span; one whose quote stands nowhere is taken out; a bare `[n]` cites the whole passage. Text is held
 * back only while it may still be the beginning of a mark. Citations of a model that quotes by itself are let through
 * when they are exact, and dropped otherwise.
 */
export async function* citeAnswer(
  events: AsyncIterable<AnswerEvent>,
  options: CitingOptions,
): AsyncGenerator<AnswerEvent> {
  const citer = new Citer(options)
  for await (const event of events) {
    switch (event.type) {
      case 'text-delta':
        yield* citer.read(event.text)
        break
      case 'citation':
        yield* citer.check(event.citation)
        break
      case 'tool-call-start':
      case 'finish':
        yield* citer.flush()
        yield event
        break
      default:
        yield event
    }
  }
  yield* citer.flush()
}

/** Holds the state of one answer: text that may be a mark, how much has gone out, the statement that is being made. */
class Citer {
  readonly #options: CitingOptions
  readonly #statements = createStatements()
  readonly #judge = createJudge()
  #pending = ''
  /** The last character that went out; empty after a mark. */
  #before = ''
  /** How much longer the text that went out is than the text that came in. */
  #growth = 0
  /** Bare marks wait for the next event: a model that gives citations itself means nothing by them. */
  #waiting: AnswerEvent[] = []
  #quotesItself = false

  constructor(options: CitingOptions) {
    this.#options = options
  }

  *read(text: string): Generator<AnswerEvent> {
    yield* this.#release()
    if (!this.#options.marks || this.#quotesItself) {
      yield* this.#write(text)
      return
    }
    this.#pending += text
    yield* this.#readPending(false)
  }

  /** Lets an exact citation of one of the passages through. */
  *check(citation: Citation): Generator<AnswerEvent> {
    this.#waiting = []
    this.#quotesItself = true
    yield* this.#write(this.#pending)
    this.#pending = ''
    const passage = this.#options.passages.find(
      ({ version, start, end, text }) =>
        version === citation.version &&
        start <= citation.start &&
        citation.end <= end &&
        text.slice(citation.start - start, citation.end - start) === citation.text,
    )
    if (passage === undefined || citation.text === '') return
    const { answerStart, answerEnd } = citation
    yield {
      type: 'citation',
      citation: {
        ...citation,
        ...toPlace(passage, citation),
        answerStart: answerStart === undefined ? undefined : answerStart + this.#growth,
        answerEnd: answerEnd === undefined ? undefined : answerEnd + this.#growth,
      },
    }
  }

  /** What was held back, now that nothing follows it. */
  *flush(): Generator<AnswerEvent> {
    yield* this.#release()
    yield* this.#readPending(true)
    yield* this.#release()
    if (!this.#quotesItself) yield* this.#judge.flush()
  }

  *#readPending(isEnd: boolean): Generator<AnswerEvent> {
    while (this.#pending !== '') {
      const { before, mark, rest } = readMark(this.#pending, { before: this.#before, isEnd })
      yield* this.#write(before)
      this.#pending = rest
      if (mark === undefined) return
      yield* this.#cite(mark)
    }
  }

  *#release(): Generator<AnswerEvent> {
    const waiting = this.#waiting
    this.#waiting = []
    yield* waiting
  }

  *#write(text: string): Generator<AnswerEvent> {
    if (text === '') return
    this.#before = text.slice(-1)
    this.#statements.add(text)
    yield { type: 'text-delta', text }
  }

  *#cite(mark: Mark): Generator<AnswerEvent> {
    const { passages } = this.#options
    const place =
      mark.quote === undefined ? findWhole(passages, mark.number - 1) : findQuote(passages, mark.number - 1, mark.quote)
    const passage = place === undefined ? undefined : passages[place.passage]
    if (place === undefined || passage === undefined) {
      // A number that is no passage's is the text's own; a quote that stands nowhere is taken out.
      const kept = mark.quote === undefined ? mark.text : ''
      if (mark.quote !== undefined) yield* this.#judge.drop(this.#statements.last(), this.#statements.lastText())
      this.#growth += kept.length - mark.text.length
      return yield* this.#write(kept)
    }
    const statement = this.#statements.last()
    const citation = toCitation(passage, place, statement)
    yield* this.#judge.cite(statement, this.#statements.lastText(), widen(passage, place))
    const label = `[${place.passage + 1}]`
    this.#growth += mark.space.length + label.length - mark.text.length
    this.#statements.skip(mark.space.length + label.length)
    this.#before = ''
    yield { type: 'text-delta', text: mark.space + label }
    if (mark.quote === undefined) {
      this.#waiting.push({ type: 'citation', citation })
    } else {
      yield* this.#release()
      yield { type: 'citation', citation }
    }
  }
}

/** The whole sentences a quote stands in, with what the passage stands under. */
function widen({ text, headings, source }: Passage, { start, end }: QuotePlace): string {
  let from = 0
  let to = text.length
  for (const { 0: mark, index } of text.matchAll(/[。！？；!?\n]+|\.(?=\s)/g)) {
    const cut = index + mark.length
    if (cut <= start) from = cut
    else if (cut >= end) {
      to = cut
      break
    }
  }
  return [source, ...headings, text.slice(from, to)].join('\n')
}

/** Where a span of a passage stands in its file; nothing where that is not known. */
function toPlace(
  { places = [] }: Passage,
  span: { readonly start: number; readonly end: number },
): Pick<Citation, 'place'> {
  const place = placeOf(places, span)
  return Object.keys(place).length === 0 ? {} : { place }
}

function findWhole(passages: readonly Passage[], index: number): QuotePlace | undefined {
  const passage = passages[index]
  return passage === undefined ? undefined : { passage: index, start: 0, end: passage.text.length }
}

function toCitation(
  passage: Passage,
  place: QuotePlace,
  statement: { readonly start: number; readonly end: number } | undefined,
): Citation {
  const { collection, document, source, version } = passage
  return {
    collection,
    document,
    source,
    version,
    start: passage.start + place.start,
    end: passage.start + place.end,
    text: passage.text.slice(place.start, place.end),
    answerStart: statement?.start,
    answerEnd: statement?.end,
    ...(place.verdict === undefined ? {} : { verdict: place.verdict }),
    ...toPlace(passage, { start: passage.start + place.start, end: passage.start + place.end }),
  }
}
