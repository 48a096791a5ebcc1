/** Watches bytes as they pass. `add` answers false once a bound was passed. */
export interface ByteBound {
  add(chunk: Buffer): boolean
}

/** Of a whole body. */
export function boundWhole(bytesMax: number): ByteBound {
  let bytes = 0
  return {
    add(chunk) {
      bytes += chunk.length
      return bytes <= bytesMax
    },
  }
}

/** Of one line of server-sent events: what comes between two line feeds or carriage returns. */
export function boundLines(bytesMax: number): ByteBound {
  let bytes = 0
  return {
    add(chunk) {
      const last = Math.max(chunk.lastIndexOf(lineFeed), chunk.lastIndexOf(carriageReturn))
      if (last === -1) {
        bytes += chunk.length
        return bytes <= bytesMax
      }
      const isWithin = bytes + firstEnd(chunk) <= bytesMax
      bytes = chunk.length - last - 1
      return isWithin && bytes <= bytesMax
    },
  }
}

/** Of one frame of Amazon's event streams, which begins with its length: four bytes, the highest first. */
export function boundFrames(bytesMax: number): ByteBound {
  /** Bytes of the present frame still to come; while its length is not known, none. */
  let left = 0
  let length = 0
  let lengthBytes = 0
  return {
    add(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (left > 0) {
          const taken = Math.min(left, chunk.length - at)
          left -= taken
          at += taken
          continue
        }
        length = length * 256 + (chunk[at++] ?? 0)
        if (++lengthBytes < 4) continue
        if (length > bytesMax || length < 4) return false
        left = length - 4
        length = 0
        lengthBytes = 0
      }
      return true
    },
  }
}

/** Where the first line ends; the chunk holds an end of a line. */
function firstEnd(chunk: Buffer): number {
  const [feed, carriage] = [chunk.indexOf(lineFeed), chunk.indexOf(carriageReturn)]
  return feed === -1 || carriage === -1 ? Math.max(feed, carriage) : Math.min(feed, carriage)
}

const lineFeed = 10
const carriageReturn = 13
