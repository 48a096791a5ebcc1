import { PlatformError } from '../../../../core/errors.ts'
import type { Incoming } from './incoming.ts'

/** A value of a response: an atom or a text, bytes that came with their length, nothing, or a list of values. */
export type Value = string | Buffer | null | readonly Value[]

export interface Response {
  /** `*`, `+`, or the tag of the command that it answers. */
  readonly tag: string
  /** What stands behind the tag, for people and by form; bytes that came with their length are left out. */
  readonly text: string
  /** The same as values. */
  readonly values: readonly Value[]
}

export interface ResponseBounds {
  readonly lineBytesMax: number
  /** Of what comes with its length. */
  readonly literalBytesMax: number
}

const depthMax = 16

/** The next response (RFC 3501, 7). Rejects with UPSTREAM_INVALID for what is none, or is larger than its bounds. */
export async function readResponse(incoming: Incoming, bounds: ResponseBounds): Promise<Response> {
  const pieces: (string | Buffer)[] = []
  let length = 0
  for (;;) {
    const line = await incoming.takeLine(bounds.lineBytesMax)
    length += line.length
    if (length > bounds.lineBytesMax) throw invalid('a response is too long')
    const text = line.toString('utf8')
    const bytes = /\{(\d{1,10})\+?\}$/.exec(text)
    if (bytes === null) {
      pieces.push(text)
      break
    }
    const count = Number(bytes[1])
    if (count > bounds.literalBytesMax) throw invalid('it sent more than it was asked for')
    pieces.push(text.slice(0, bytes.index), await incoming.takeBytes(count))
  }
  const [tag = '', ...words] = pieces
    .map((piece) => (typeof piece === 'string' ? piece : ''))
    .join('')
    .split(' ')
  const [first, ...rest] = pieces
  const behind = [typeof first === 'string' ? first.slice(tag.length + 1) : '', ...rest]
  return { tag, text: words.join(' '), values: isStatus(words) ? [] : toValues(behind) }
}

/** What is told to people may hold any characters. */
function isStatus([kind = '']: readonly string[]): boolean {
  return /^(?:OK|NO|BAD|BYE|PREAUTH)$/i.test(kind)
}

function toValues(pieces: readonly (string | Buffer)[]): readonly Value[] {
  const lists: Value[][] = [[]]
  const add = (value: Value): void => void lists.at(-1)?.push(value)
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      add(piece)
      continue
    }
    for (const [token] of piece.matchAll(/"(?:[^"\\]|\\.)*"|[()]|[^\s()"]+/g)) {
      if (token === '(') {
        if (lists.push([]) > depthMax) throw invalid('lists in lists')
      } else if (token === ')') {
        const done = lists.pop()
        if (done === undefined || lists.length === 0) throw invalid('a list ends that has not begun')
        add(done)
      } else if (token.startsWith('"')) add(token.slice(1, -1).replaceAll(/\\(.)/g, '$1'))
      else add(token.toUpperCase() === 'NIL' ? null : token)
    }
  }
  if (lists.length !== 1) throw invalid('a list does not end')
  return lists[0] ?? []
}

export function invalid(what: string): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', `the mail server does not speak IMAP as it should: ${what}`)
}
