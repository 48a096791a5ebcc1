import type { CallFacts } from '../../core/call.ts'
import type { OutcomeSource } from '../../core/ports-replay.ts'

export interface Outcomes extends OutcomeSource {
  learn(nodes: readonly CallFacts[]): void
}

/** Of one endpoint, so many outcomes are remembered; of more, ever fewer of each stretch of time. */
const rememberedMax = 8_192

interface Outcome {
  readonly atMs: number
  readonly firstByteMs: number
  readonly durationMs: number
}

interface Memory {
  kept: Outcome[]
  /** Every so-manieth is kept. */
  every: number
  seen: number
}

/** What each endpoint did when it answered, in the order of time. */
export function createOutcomes(): Outcomes {
  const memories = new Map<string, Memory>()
  return {
    learn(nodes) {
      for (const { kind, name, status, firstByteMs, durationMs, startedAtMs } of nodes) {
        if (kind !== 'dispatch' || status !== 'ok') continue
        const memory = memories.get(name) ?? { kept: [], every: 1, seen: 0 }
        memories.set(name, memory)
        if (memory.seen++ % memory.every !== 0) continue
        memory.kept.push({ atMs: startedAtMs, firstByteMs: firstByteMs ?? durationMs, durationMs })
        if (memory.kept.length < rememberedMax) continue
        memory.kept = memory.kept.filter((_, index) => index % 2 === 0)
        memory.every *= 2
      }
    },
    nearest(endpoint, atMs) {
      const kept = memories.get(endpoint)?.kept ?? []
      let [low, high] = [0, kept.length - 1]
      while (low < high) {
        const middle = (low + high) >> 1
        if ((kept[middle]?.atMs ?? 0) < atMs) low = middle + 1
        else high = middle
      }
      const [after, before] = [kept[low], kept[low - 1]]
      if (after === undefined || before === undefined) return after ?? before
      return after.atMs - atMs < atMs - before.atMs ? after : before
    },
  }
}
