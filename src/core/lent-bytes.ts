import type { ByteList } from './byte-list.ts'
import { PlatformError } from './errors.ts'

/** A piece of less is left to the garbage collector, which is quicker with what is small. */
const pieceBytesMin = 8_192

/** On the memory of each piece: whose it is. */
const owner = Symbol('owner')
type Owned = ArrayBufferLike & { [owner]?: LentBytes }

/**
 * Large bytes whose memory is given back at a time that is known, instead of when garbage is next collected: buffers lie
 * outside V8's heap, and V8 marks that whole heap whenever some 64 MB of them have come together. Whoever may still read
 * them holds them; when the last one lets go they are gone, and reading them fails.
 */
export class LentBytes implements ByteList {
  readonly length: number
  readonly #chunks: readonly Buffer[]
  #holders = 1

  /** Held once, by who makes it. The pieces must be nobody else's. */
  constructor(chunks: readonly Buffer[], length: number) {
    this.#chunks = chunks
    this.length = length
    for (const { buffer } of chunks.filter(ownsItsMemory)) (buffer as Owned)[owner] = this
  }

  /** Throws INTERNAL when they are gone. */
  get chunks(): readonly Buffer[] {
    if (this.#holders === 0) throw gone()
    return this.#chunks
  }

  /** Throws INTERNAL when they are gone. */
  hold(): void {
    if (this.#holders === 0) throw gone()
    this.#holders++
  }

  /** Once for each hold. */
  letGo(): void {
    if (this.#holders === 0) throw gone()
    this.#holders--
    if (this.#holders > 0) return
    for (const { buffer } of this.#chunks.filter(ownsItsMemory)) if (buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}

/** The lent bytes that a piece, or a view of one, is part of. */
export function lentBytesOf(piece: Uint8Array): LentBytes | undefined {
  const { buffer } = piece
  return buffer.byteLength < pieceBytesMin ? undefined : (buffer as Owned)[owner]
}

/** A view of memory that others have views of too is not given back. */
function ownsItsMemory(chunk: Buffer): boolean {
  return chunk.length >= pieceBytesMin && chunk.length === chunk.buffer.byteLength
}

function gone(): PlatformError {
  return new PlatformError('INTERNAL', 'bytes were asked for after their memory was given back')
}
