import { brotliDecompressSync, inflateSync } from 'node:zlib'
import { nameActualTexts } from './actual-text.ts'

/** How much the packed streams of one PDF may hold, and whether any held more. */
export interface Inflation {
  readonly bytesMax: number
  /** Streams that were left out, since they unpack to more. */
  tooLarge: number
  /** Whether marks say what is written within them. */
  hasActualTexts: boolean
}

/**
 * What the engine takes for `DecompressionStream`: unpacks in the thread that asks, at a third of the cost of sending
 * each of the many small streams of a PDF to another one, and no further than the bound. What is damaged throws, as with the
 * platform's own, and the engine reads as far as it goes; what is too large is empty and counted. It has what the engine
 * uses of a stream: the platform's own spends more on each than unpacking takes.
 */
export function createDecompression(inflation: Inflation): new (format: string) => Decompression {
  return class implements Decompression {
    readonly writable: Decompression['writable']
    readonly readable: Decompression['readable']

    constructor(format: string) {
      const unpack = unpackers[format]
      if (unpack === undefined) throw new TypeError(`no such compression: ${format}`)
      const packed: Uint8Array[] = []
      const { promise: closed, resolve: close } = Promise.withResolvers<void>()
      const ready = Promise.resolve()
      this.writable = {
        getWriter: () => ({ ready, write: async (part) => void packed.push(part), close: async () => close() }),
      }
      this.readable = {
        async *[Symbol.asyncIterator]() {
          await closed
          yield unpackWithin(inflation, unpack, Buffer.concat(packed))
        },
      }
    }
  }
}

/** A stream as far as the engine uses it. */
interface Decompression {
  readonly writable: {
    readonly getWriter: () => {
      readonly ready: Promise<void>
      readonly write: (part: Uint8Array) => Promise<void>
      readonly close: () => Promise<void>
    }
  }
  readonly readable: AsyncIterable<Uint8Array>
}

type Unpack = (packed: Uint8Array, options: { readonly maxOutputLength: number }) => Buffer

const unpackers: Readonly<Record<string, Unpack>> = { deflate: inflateSync, brotli: brotliDecompressSync }

function unpackWithin(inflation: Inflation, unpack: Unpack, packed: Uint8Array): Uint8Array {
  try {
    const unpacked = unpack(packed, { maxOutputLength: inflation.bytesMax })
    const named = nameActualTexts(unpacked)
    inflation.hasActualTexts ||= named !== unpacked
    return named
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    inflation.tooLarge++
    return new Uint8Array(0)
  }
}
