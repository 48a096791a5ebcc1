import { skimJsonObject } from '../../../core/json-skim.ts'
import { toAnswerId } from '../../../core/ports-lookups.ts'

/** How OpenAI and nearly all who follow it begin every chunk. */
const usualStart = Buffer.from('{"id":"', 'latin1')
const quote = 34
/** Where the first events of the dialects have the answer they belong to. */
const holders = ['response', 'message']

/**
 * The vendor's id of the answer that an event belongs to, by the event's data, bytes `start…end`; `undefined` where it names none.
 * Azure's first chunk, for example, has an empty one.
 */
function findAnswerId(buffer: Buffer, start: number, end: number): string | undefined {
  const from = start + usualStart.length
  if (from < end && buffer.compare(usualStart, 0, usualStart.length, start, from) === 0) {
    const to = buffer.indexOf(quote, from)
    return to === -1 || to >= end ? undefined : toAnswerId(buffer.toString('latin1', from, to))
  }
  return findMember(buffer.subarray(start, end), holders)
}

function findMember(bytes: Buffer, within: readonly string[]): string | undefined {
  const skim = skimJsonObject({ chunks: [bytes], length: bytes.length })
  if (!('members' in skim)) return undefined
  const own = skim.members.find(({ key }) => key === 'id')
  const text = own === undefined ? '' : bytes.toString('utf8', own.valueStart, own.valueEnd)
  if (text.startsWith('"')) return toAnswerId(text.slice(1, -1))
  const holder = skim.members.find(({ key }) => within.includes(key))
  return holder === undefined ? undefined : findMember(bytes.subarray(holder.valueStart, holder.valueEnd), [])
}

/** Events that are looked at; an answer that has not said its id by then has none. */
const eventsMax = 4

/** Looks at the first events of a stream for its id, and tells it once. A class because it counts. */
export class AnswerIdFinder {
  readonly #onAnswerId: (id: string) => void
  #left = eventsMax

  constructor(onAnswerId: (id: string) => void) {
    this.#onAnswerId = onAnswerId
  }

  /** The event itself, once looked at. */
  show<Event extends { readonly data: string }>(event: Event): Event {
    if (this.#left <= 0) return event
    const bytes = Buffer.from(event.data)
    this.look(bytes, 0, bytes.length)
    return event
  }

  look(buffer: Buffer, start: number, end: number): void {
    if (this.#left <= 0) return
    this.#left--
    const id = findAnswerId(buffer, start, end)
    if (id === undefined) return
    this.#left = 0
    this.#onAnswerId(id)
  }
}
