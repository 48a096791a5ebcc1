import { PlatformError } from '../../../../core/errors.ts'
import type { SourceConnection } from '../../source.ts'

/** What a server says: lines, and stretches of bytes within them. */
export class Incoming {
  readonly #connection: SourceConnection
  #chunks: Buffer[] = []

  constructor(connection: SourceConnection) {
    this.#connection = connection
  }

  /** Something is here that nobody has taken yet. */
  get isWaiting(): boolean {
    return this.#chunks.length > 0
  }

  /** The next line without its end. Rejects with UPSTREAM_INVALID when it is longer than allowed, UPSTREAM_CUT at the end. */
  async takeLine(bytesMax: number): Promise<Buffer> {
    let length = 0
    for (let index = 0; ; index++) {
      const chunk = this.#chunks[index] ?? (await this.#next())
      const end = chunk.indexOf(0x0a)
      if (end !== -1) {
        const line = this.#cut(length + end + 1)
        return line.subarray(0, line.at(-2) === 0x0d ? -2 : -1)
      }
      length += chunk.length
      if (length > bytesMax)
        throw new PlatformError('UPSTREAM_INVALID', `the mail server sent a line of more than ${bytesMax} bytes`)
    }
  }

  async takeBytes(count: number): Promise<Buffer> {
    let length = 0
    for (let index = 0; length < count; index++) length += (this.#chunks[index] ?? (await this.#next())).length
    return this.#cut(count)
  }

  async #next(): Promise<Buffer> {
    const chunk = await this.#connection.read()
    if (chunk === undefined) throw new PlatformError('UPSTREAM_CUT', 'the mail server closed the connection')
    this.#chunks.push(chunk)
    return chunk
  }

  #cut(count: number): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks)
    this.#chunks = all.length > count ? [all.subarray(count)] : []
    return all.subarray(0, count)
  }
}
