import type { AnswerEvent } from '../../../core/chat.ts'
import { createRestorer, type Restorer } from './restorer.ts'

/** The events of an answer with its tokens turned back into values; each text, and each call of a tool, for itself. */
export async function* restoreEvents(
  events: AsyncIterable<AnswerEvent>,
  values: ReadonlyMap<string, string>,
): AsyncGenerator<AnswerEvent> {
  const restoration = new Restoration(values)
  for await (const event of events) yield* restoration.read(event)
  yield* restoration.end()
}

type Kind = 'text-delta' | 'reasoning-delta' | 'refusal-delta'

class Restoration {
  readonly #values: ReadonlyMap<string, string>
  readonly #texts: Record<Kind, Restorer>
  readonly #calls = new Map<number, Restorer>()

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values
    this.#texts = {
      'text-delta': createRestorer(values),
      'reasoning-delta': createRestorer(values),
      'refusal-delta': createRestorer(values),
    }
  }

  *read(event: AnswerEvent): Generator<AnswerEvent> {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
        return yield* toDelta(event.type, this.#texts[event.type].read(event.text))
      case 'reasoning-end':
        yield* toDelta('reasoning-delta', this.#texts['reasoning-delta'].flush())
        return yield event
      case 'tool-call-start':
        yield* toDelta('text-delta', this.#texts['text-delta'].flush())
        // Arguments are JSON, and a token stands inside of its strings.
        this.#calls.set(
          event.index,
          createRestorer(this.#values, (value) => JSON.stringify(value).slice(1, -1)),
        )
        return yield event
      case 'tool-call-delta':
        return yield* toArguments(event.index, this.#calls.get(event.index)?.read(event.arguments) ?? event.arguments)
      case 'tool-call-end':
        yield* toArguments(event.index, this.#calls.get(event.index)?.flush() ?? '')
        this.#calls.delete(event.index)
        return yield event
      case 'citation': {
        const { answerStart, answerEnd } = event.citation
        const { toRestored } = this.#texts['text-delta']
        const places = {
          answerStart: answerStart === undefined ? undefined : toRestored(answerStart),
          answerEnd: answerEnd === undefined ? undefined : toRestored(answerEnd),
        }
        return yield { type: 'citation', citation: { ...event.citation, ...places } }
      }
      case 'unsupported': {
        const { toRestored } = this.#texts['text-delta']
        const { answerStart, answerEnd } = event.statement
        const span = { answerStart: toRestored(answerStart), answerEnd: toRestored(answerEnd) }
        return yield { type: 'unsupported', statement: { ...event.statement, ...span } }
      }
      case 'usage':
        return yield event
      case 'finish':
        yield* this.end()
        return yield event
    }
  }

  /** What was held back anywhere. */
  *end(): Generator<AnswerEvent> {
    for (const kind of ['reasoning-delta', 'text-delta', 'refusal-delta'] as const) {
      yield* toDelta(kind, this.#texts[kind].flush())
    }
    for (const [index, restorer] of this.#calls) yield* toArguments(index, restorer.flush())
  }
}

function* toDelta(type: Kind, text: string): Generator<AnswerEvent> {
  if (text !== '') yield { type, text }
}

function* toArguments(index: number, text: string): Generator<AnswerEvent> {
  if (text !== '') yield { type: 'tool-call-delta', index, arguments: text }
}
