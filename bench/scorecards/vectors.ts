import { createSeededRandom } from '../../src/core/random.ts'
import { toUnitBytes, toUnitVector, VectorBlock } from '../../src/tools/retrieval/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const passages = 100_000
const dimensions = 384
const questions = 60
const nearest = 200

/** What it takes to compare a question with every vector of a collection. Random vectors: the time does not depend on them. */
export const scorecard: Scorecard = {
  name: 'vectors',
  purpose: `the ${nearest} nearest of ${passages} vectors of ${dimensions} dimensions, every one compared, all seen and a tenth seen`,
  async run({ seed, clock }): Promise<Measurement> {
    const random = createSeededRandom(seed)
    const make = (): readonly number[] => Array.from({ length: dimensions }, () => random.next() - 0.5)
    const block = new VectorBlock(dimensions)
    const rows = {
      listVectors: (_place: unknown, { from, limit }: { readonly from: number; readonly limit: number }) =>
        Promise.resolve(
          Array.from({ length: Math.max(0, Math.min(limit, passages + 1 - from)) }, (_, index) => {
            const number = from + index
            return { number, chunk: number, vector: toUnitBytes(make()) ?? new Uint8Array(0) }
          }),
        ),
    }
    await block.sync(rows, { collection: 1, number: 1 }, passages + 1)
    const measure = (maySee: (chunk: number) => boolean) => {
      const [times, cpuTimes]: [number[], number[]] = [[], []]
      for (let question = 0; question < questions; question++) {
        const vector = toUnitVector(make()) ?? new Float32Array(dimensions)
        const [startedMs, before] = [clock.monotonicMs(), process.cpuUsage()]
        block.search(vector, maySee, nearest)
        const { user, system } = process.cpuUsage(before)
        times.push(clock.monotonicMs() - startedMs)
        cpuTimes.push((user + system) / 1_000)
      }
      return { times: times.toSorted((a, b) => a - b), cpuTimes: cpuTimes.toSorted((a, b) => a - b) }
    }
    measure(() => true)
    const all = measure(() => true)
    const tenth = measure((chunk) => chunk % 10 === 0)
    const at = (list: readonly number[], share: number): number => list[Math.floor(list.length * share)] ?? Number.NaN
    return {
      figures: {
        passages,
        dimensions,
        p50Ms: at(all.times, 0.5),
        p95Ms: at(all.times, 0.95),
        p50CpuMs: at(all.cpuTimes, 0.5),
        'tenth.p50Ms': at(tenth.times, 0.5),
        'tenth.p50CpuMs': at(tenth.cpuTimes, 0.5),
        memoryMib: block.bytes / 2 ** 20,
      },
      promised: { p50Ms: ['<=', 60] },
      unmeasured: [],
    }
  },
}
