import type { AnswerEvent, Citation } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { Passage } from '../../../core/ports.ts'
import type { Overlap, OverlapMeter, OverlapReader } from './overlap-meter.ts'

export interface GuardOptions {
  readonly meter: OverlapMeter
  readonly passages: readonly Passage[]
  /** By passage: what a citation of it says of its rights, and whether it may be given again at length. */
  readonly rights: readonly PassageRights[]
  readonly bounds: GuardBounds
}

export interface PassageRights {
  readonly mayCopy: boolean
  readonly licence: string | undefined
  readonly attribution: string | undefined
}

export interface GuardBounds {
  /** From here on a stretch is a quotation: it is cited. */
  readonly citeTokensMin: number
  readonly citeCharactersMin: number
  /** More than this is not given again without a licence. */
  readonly limitTokensMax: number
  /** The same of code, in characters that are not blank. */
  readonly codeCharactersMax: number
  readonly beyondLimit: 'cut' | 'refuse'
}

/** Holds the events of one answer against its passages, as they come. */
export async function* guardEvents(
  events: AsyncIterable<AnswerEvent>,
  options: GuardOptions,
): AsyncGenerator<AnswerEvent> {
  const watch = new Watch(options)
  for await (const event of events) {
    if (event.type === 'text-delta') yield* watch.read(event.text)
    else if (event.type === 'citation') yield watch.pass(event.citation)
    else {
      if (event.type === 'finish') yield* watch.end()
      yield event
    }
  }
  yield* watch.end()
}

const cutMark = ' […] '
/** What one more word, with the marks before it, may add to a stretch. */
const wordTokensMax = 8
const wordCharactersMax = 64

class Watch {
  readonly #options: GuardOptions
  readonly #reader: OverlapReader
  /** Text that has come and not gone out: what may be part of a stretch that is beyond the limit. */
  #held = ''
  /** Offset of the held text in the text that came. */
  #heldAt = 0
  /** Where text was left out or put in, in the text that came, and by how much what goes out is longer from there on. */
  readonly #shifts: { readonly at: number; readonly growth: number }[] = []
  #growth = 0
  /** Where the stretch that is being cut was cut, so that it is marked once. */
  #cutAt: number | undefined
  #cited: Citation[] = []

  constructor(options: GuardOptions) {
    this.#options = options
    const { bounds } = options
    this.#reader = options.meter.createReader({
      tokensMin: bounds.citeTokensMin,
      charactersMin: Math.min(bounds.citeCharactersMin, bounds.codeCharactersMax),
      tokensMax: bounds.limitTokensMax,
      charactersMax: bounds.codeCharactersMax,
    })
  }

  *read(text: string): Generator<AnswerEvent> {
    this.#held += text
    yield* this.#release(this.#reader.read(text), false)
  }

  *end(): Generator<AnswerEvent> {
    yield* this.#release(this.#reader.end(), true)
  }

  /** A citation that the answer has already: its rights are added, and its place in what went out. */
  pass(citation: Citation): AnswerEvent {
    this.#cited.push(citation)
    const index = this.#options.passages.findIndex(({ version }) => version === citation.version)
    return { type: 'citation', citation: this.#place(withRights(citation, this.#options.rights[index])) }
  }

  *#release(ended: readonly Overlap[], isEnd: boolean): Generator<AnswerEvent> {
    const current = isEnd ? undefined : this.#reader.current
    for (const overlap of ended) {
      yield* this.#letOut(this.#limitOf(overlap) ?? overlap.answerEnd, overlap)
      if (this.#limitOf(overlap) !== undefined) this.#skip(overlap.answerEnd)
      this.#cutAt = undefined
      yield* this.#cite(overlap)
    }
    if (current === undefined || !this.#isNearLimit(current)) {
      yield* this.#letOut(this.#heldAt + this.#held.length, undefined)
      return
    }
    const limit = this.#limitOf(current)
    yield* this.#letOut(limit ?? current.answerEnd, limit === undefined ? undefined : current)
    if (limit !== undefined) this.#skip(current.answerEnd)
  }

  /** Whether the next word may be one too many: then what follows the last whole word waits until it is known. */
  #isNearLimit({ source, tokens, characters }: Overlap): boolean {
    const { rights, bounds } = this.#options
    if (rights[source]?.mayCopy !== false) return false
    return tokens + wordTokensMax > bounds.limitTokensMax || characters + wordCharactersMax > bounds.codeCharactersMax
  }

  /** Where a stretch has to be cut; `undefined` when it may go on. */
  #limitOf(overlap: Overlap): number | undefined {
    const { rights, passages } = this.#options
    if (rights[overlap.source]?.mayCopy !== false) return undefined
    if (overlap.beyondTokens !== undefined) return overlap.beyondTokens
    if (overlap.beyondCharacters === undefined) return undefined
    const stretch = passages[overlap.source]?.text.slice(overlap.start, overlap.end) ?? ''
    return looksLikeCode(stretch) ? overlap.beyondCharacters : undefined
  }

  /** Everything held up to a place goes out; at the limit of a stretch the cut is marked, or the answer ends. */
  *#letOut(until: number, stretch: Overlap | undefined): Generator<AnswerEvent> {
    const text = this.#held.slice(0, Math.max(0, until - this.#heldAt))
    this.#held = this.#held.slice(text.length)
    this.#heldAt += text.length
    if (text !== '') yield { type: 'text-delta', text }
    if (stretch === undefined || this.#limitOf(stretch) === undefined || this.#cutAt !== undefined) return
    const { passages, bounds } = this.#options
    if (bounds.beyondLimit === 'refuse') {
      const source = passages[stretch.source]?.source ?? 'a source'
      throw new PlatformError(
        'COPYRIGHT_REFUSED',
        `the answer gives more of ${source} than may be given again without a licence`,
        { details: { tokens: stretch.tokens, document: passages[stretch.source]?.document } },
      )
    }
    this.#cutAt = until
    this.#shift(until, cutMark.length)
    yield { type: 'text-delta', text: cutMark }
  }

  /** What is held up to a place is left out. */
  #skip(until: number): void {
    const length = Math.min(this.#held.length, Math.max(0, until - this.#heldAt))
    if (length === 0) return
    this.#held = this.#held.slice(length)
    this.#heldAt += length
    this.#shift(this.#heldAt, -length)
  }

  #shift(at: number, by: number): void {
    this.#growth += by
    this.#shifts.push({ at, growth: this.#growth })
  }

  *#cite(overlap: Overlap): Generator<AnswerEvent> {
    const { passages, rights, bounds } = this.#options
    const passage = passages[overlap.source]
    if (passage === undefined) return
    const isLong = overlap.tokens >= bounds.citeTokensMin || overlap.characters >= bounds.citeCharactersMin
    const text = passage.text.slice(overlap.start, overlap.end)
    if (!isLong && !looksLikeCode(text)) return
    const { collection, document, source, version } = passage
    const [start, end] = [passage.start + overlap.start, passage.start + overlap.end]
    if (this.#cited.some((known) => known.version === version && known.start <= start && end <= known.end)) return
    const { answerStart, answerEnd } = overlap
    const citation: Citation = { collection, document, source, version, start, end, text, answerStart, answerEnd }
    this.#cited.push(citation)
    yield { type: 'citation', citation: this.#place(withRights(citation, rights[overlap.source])) }
  }

  #place(citation: Citation): Citation {
    const toGone = (offset: number | undefined): number | undefined =>
      offset === undefined ? undefined : offset + (this.#shifts.findLast(({ at }) => at <= offset)?.growth ?? 0)
    return { ...citation, answerStart: toGone(citation.answerStart), answerEnd: toGone(citation.answerEnd) }
  }
}

function withRights(citation: Citation, rights: PassageRights | undefined): Citation {
  if (rights === undefined) return citation
  const { licence, attribution } = rights
  return {
    ...citation,
    ...(licence === undefined ? {} : { licence }),
    ...(attribution === undefined ? {} : { attribution }),
  }
}

/** Brackets, semicolons, operators: one mark of code in twelve characters or less. */
function looksLikeCode(text: string): boolean {
  const marks = text.match(/[{}()[\];=<>|&$@#\\]|=>|\/\/|::/g)?.length ?? 0
  return text.length > 0 && marks * 12 >= text.replace(/\s/g, '').length
}
