import type { Call } from '../../core/call.ts'
import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { GuardLate, type Guard, type Inspection } from './guard.ts'
import { throwIfLeft, toInspection, type ScreenParts } from './screen.ts'
import { VerdictBook } from './verdicts.ts'
import { Window, type Reader } from './window.ts'

export interface WatchedAnswer {
  readonly guards: readonly Guard[]
  readonly request: ChatRequest
  readonly call: Call
  /** Leaves the answer: what was generated is charged. */
  readonly cancel: (reason: unknown) => void
}

/** Most characters of an answer that is held back as a whole. */
const heldLengthMax = 4_000_000

/**
 * The events of one answer as they may go out. Guards that scan read along; those that need the whole text look at its end, and
 * where such a guard blocks, nothing goes out before. Throws GUARD_REFUSED, GUARD_FAILED.
 */
export async function* watchEvents(
  parts: ScreenParts,
  events: AsyncIterable<AnswerEvent>,
  watched: WatchedAnswer,
): AsyncGenerator<AnswerEvent> {
  const stream = new AnswerStream(parts, watched)
  const whole = new WholeAnswer(parts, watched)
  const held: AnswerEvent[] = []
  for await (const event of events) {
    for (const out of stream.read(event)) {
      whole.add(out)
      if (out.type === 'finish') {
        stream.say()
        await whole.inspect()
        yield* held.splice(0)
      }
      if (whole.mustHold) held.push(out)
      else yield out
    }
    if (!stream.isCut) continue
    watched.cancel(new PlatformError('CANCELLED', 'the answer is longer than a guard allows'))
    stream.say()
    await whole.inspect()
    yield* held
    yield { type: 'finish', reason: 'length' }
    return
  }
  yield* held
}

type TextEvent = 'text-delta' | 'reasoning-delta' | 'refusal-delta'

/** The guards that read along: a window for each text of the answer and for the arguments of each tool. */
class AnswerStream {
  readonly #parts: ScreenParts
  readonly #call: Call
  readonly #readers: readonly Reader[]
  readonly #books: readonly VerdictBook[]
  readonly #failed = new Set<Guard>()
  readonly #texts: Record<TextEvent, Window>
  readonly #calls = new Map<number, Window>()

  constructor(parts: ScreenParts, { guards, call }: WatchedAnswer) {
    this.#parts = parts
    this.#call = call
    const scanning = guards.filter(({ look }) => look.type === 'scan')
    this.#books = scanning.map((guard) => new VerdictBook(guard, 'answer'))
    this.#readers = scanning.map((guard, index) => this.#toReader(guard, this.#books[index]))
    this.#texts = {
      'text-delta': new Window(this.#readers),
      'reasoning-delta': new Window(this.#readers),
      'refusal-delta': new Window(this.#readers),
    }
  }

  get isCut(): boolean {
    return this.#texts['text-delta'].isCut
  }

  /** Puts on record what was found, once. */
  say(): void {
    for (const book of this.#books) book.say(this.#call, this.#parts.observe)
  }

  *read(event: AnswerEvent): Generator<AnswerEvent> {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
        return yield* toDelta(event.type, this.#texts[event.type].read(event.text))
      case 'reasoning-end':
        yield* toDelta('reasoning-delta', this.#end('reasoning-delta'))
        return yield event
      case 'tool-call-start':
        yield* toDelta('text-delta', this.#end('text-delta'))
        this.#calls.set(event.index, new Window(this.#readers))
        return yield event
      case 'tool-call-delta':
        return yield* toArguments(event.index, this.#calls.get(event.index)?.read(event.arguments) ?? '')
      case 'tool-call-end':
        yield* toArguments(event.index, this.#calls.get(event.index)?.end() ?? '')
        this.#calls.delete(event.index)
        return yield event
      case 'citation': {
        const { answerStart, answerEnd } = event.citation
        const places = { answerStart: this.#toOut(answerStart), answerEnd: this.#toOut(answerEnd) }
        return yield { type: 'citation', citation: { ...event.citation, ...places } }
      }
      case 'unsupported': {
        const window = this.#texts['text-delta']
        const { answerStart, answerEnd } = event.statement
        const span = { answerStart: window.toOut(answerStart), answerEnd: window.toOut(answerEnd) }
        return yield { type: 'unsupported', statement: { ...event.statement, ...span } }
      }
      case 'usage':
        return yield event
      case 'finish':
        for (const kind of ['reasoning-delta', 'text-delta', 'refusal-delta'] as const)
          yield* toDelta(kind, this.#texts[kind].end())
        for (const [index, window] of this.#calls) yield* toArguments(index, window.end())
        return yield event
    }
  }

  #toOut(offset: number | undefined): number | undefined {
    return offset === undefined ? undefined : this.#texts['text-delta'].toOut(offset)
  }

  /** A text that is interrupted ends: what follows is another one. */
  #end(kind: TextEvent): string {
    return this.#texts[kind].pause()
  }

  #toReader(guard: Guard, book: VerdictBook | undefined): Reader {
    const { clock, observe } = this.#parts
    let spentMs = 0
    return {
      guard,
      found: (findings) => {
        book?.add(findings)
        if (guard.does !== 'block' || book === undefined) return
        book.say(this.#call, observe)
        throw book.toRefusal()
      },
      within: (work) => {
        if (this.#failed.has(guard)) return undefined
        const startedMs = clock.monotonicMs()
        const result = work()
        spentMs += clock.monotonicMs() - startedMs
        if (spentMs <= guard.msMax) return result
        this.#failed.add(guard)
        book?.say(this.#call, observe, true)
        if (guard.onError === 'closed') throw book?.toFailure(new GuardLate(guard.msMax))
        return undefined
      },
    }
  }
}

function* toDelta(type: TextEvent, text: string): Generator<AnswerEvent> {
  if (text !== '') yield { type, text }
}

function* toArguments(index: number, text: string): Generator<AnswerEvent> {
  if (text !== '') yield { type: 'tool-call-delta', index, arguments: text }
}

/** The guards that need the whole text. */
class WholeAnswer {
  /** Whether nothing may go out before they have looked. */
  readonly mustHold: boolean
  readonly #parts: ScreenParts
  readonly #watched: WatchedAnswer
  readonly #guards: readonly Guard[]
  #text = ''
  #callsTools = false

  constructor(parts: ScreenParts, watched: WatchedAnswer) {
    this.#parts = parts
    this.#watched = watched
    this.#guards = watched.guards.filter(({ look }) => look.type !== 'scan')
    this.mustHold = this.#guards.some(({ does }) => does !== 'observe')
  }

  add(event: AnswerEvent): void {
    if (this.#guards.length === 0) return
    if (event.type === 'tool-call-start') this.#callsTools = true
    if (event.type === 'text-delta' && this.#text.length <= heldLengthMax) this.#text += event.text
  }

  async inspect(): Promise<void> {
    for (const guard of this.#guards) await this.#inspectWith(guard)
  }

  async #inspectWith(guard: Guard): Promise<void> {
    const { call } = this.#watched
    const book = new VerdictBook(guard, 'answer')
    try {
      if (this.#text.length > heldLengthMax) throw new RangeError('the answer is too long to be looked at')
      const { findings, score } = await look(guard, this.#text, this.#toInspection(guard))
      book.add(findings, score)
    } catch (thrown) {
      throwIfLeft(thrown)
      book.say(call, this.#parts.observe, true)
      if (guard.onError === 'closed') throw book.toFailure(thrown)
      return
    }
    book.say(call, this.#parts.observe)
    if (book.hasFound && guard.does !== 'observe') throw book.toRefusal()
  }

  #toInspection(guard: Guard): Inspection {
    const { call, request } = this.#watched
    return toInspection(this.#parts, guard, { place: 'answer', call, request, callsTools: this.#callsTools })
  }
}

async function look(guard: Guard, text: string, around: Inspection) {
  if (guard.look.type === 'judge') return guard.look.judge(text, around)
  return guard.look.type === 'inspect' ? guard.look.inspect(text, around) : { findings: [] }
}
