import { randomFillSync } from 'node:crypto'

/** Injected wherever chance decides, so that a run can be repeated from its seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** `count` random bytes. Unpredictable for the system source, repeatable for a seeded one. */
  bytes(count: number): Uint8Array
}

/** The operating system's source, fit for keys and ids. Bytes are drawn in blocks: one system call serves many ids. */
export function createSystemRandom(): Random {
  const block = new Uint8Array(4096)
  let used = block.length
  return {
    next: () => Math.random(),
    bytes(count) {
      if (count > block.length) return randomFillSync(new Uint8Array(count))
      if (used + count > block.length) {
        randomFillSync(block)
        used = 0
      }
      const taken = block.slice(used, used + count)
      block.fill(0, used, used + count)
      used += count
      return taken
    },
  }
}

/** Repeatable chance for tests and scorecards: mulberry32 (Tommy Ettinger, public domain). Never for secrets. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { next, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) }
}
