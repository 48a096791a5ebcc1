import { createReadStream } from 'node:fs'
import { PlatformError } from '../../core/errors.ts'

/** One line of a file or a pipe, with its number from 1. */
export interface Line {
  readonly text: string
  readonly number: number
}

const lineBytesMax = 16_777_216

/**
 * The lines of a stream of UTF-8, one after another, without line ends; empty ones are passed over but counted. Throws
 * INVALID_REQUEST for a line of more than 16 MiB and for what is not UTF-8.
 */
export async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let number = 0
  for await (const chunk of bytes) {
    rest += decode(decoder, chunk, number)
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > lineBytesMax) throw refuse(number + 1, `longer than ${lineBytesMax} bytes`)
    for (const text of lines) {
      number++
      if (text.trim() !== '') yield { text, number }
    }
  }
  rest += decode(decoder, undefined, number)
  if (rest.trim() !== '') yield { text: rest, number: number + 1 }
}

/**
 * The lines of a file exactly as they stand there, each with its LF; nothing else ends a line, and only the last may be without.
 * Throws NOT_FOUND when the file cannot be read and INVALID_REQUEST for what is not UTF-8.
 */
export async function* readExactLines(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest = ''
  let number = 0
  for await (const chunk of readChunks(path)) {
    rest += decode(decoder, chunk, number)
    if (rest.length > lineBytesMax && !rest.includes('\n'))
      throw refuse(number + 1, `longer than ${lineBytesMax} bytes`)
    let from = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
      number++
      yield rest.slice(from, end + 1)
      from = end + 1
    }
    rest = rest.slice(from)
  }
  rest += decode(decoder, undefined, number)
  if (rest !== '') yield rest
}

/** The lines of a file. Throws NOT_FOUND when it cannot be read. */
export async function* readFileLines(path: string): AsyncGenerator<Line> {
  yield* readLines(readChunks(path))
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path)
  try {
    for await (const chunk of stream) yield chunk as Uint8Array // no encoding was set
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason'
    throw new PlatformError('NOT_FOUND', `the file ${path} cannot be read: ${reason}`, { cause: thrown })
  } finally {
    stream.destroy()
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array | undefined, number: number): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch (cause) {
    throw refuse(number + 1, 'not UTF-8', cause)
  }
}

function refuse(number: number, what: string, cause?: unknown): PlatformError {
  return new PlatformError('INVALID_REQUEST', `line ${number} is ${what}`, { param: `line ${number}`, cause })
}
