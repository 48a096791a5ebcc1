import { createSeededRandom, type Random } from '../../src/core/random.ts'
import {
  certifyThreshold,
  createRiskTest,
  findParity,
  trainRouter,
  type Guarantee,
  type LossKind,
  type Trained,
  type TrainingPair,
} from '../../src/models/index.ts'
import type { Measurement } from '../kit/report.ts'
import { readRoutingSet, type RoutingSet } from '../kit/routing-sets.ts'
import type { Scorecard } from '../kit/scorecard.ts'

/** Whether certificates hold, and what they cost, over simulated deployments. */
export const scorecard: Scorecard = {
  name: 'certificate',
  purpose: `a certified threshold keeps its bound on quality loss, in ${deployments()} simulated deployments of each setting (RouteLLM sets)`,
  async run({ dataFolder, seed, print }): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    for (const name of ['mmlu', 'gsm8k'] as const) {
      const set = readRoutingSet(dataFolder, name)
      const chosen = settings.filter((setting) => setting.set === name)
      if (set === undefined) {
        unmeasured.push(...chosen.flatMap(({ key }) => [`${key}.brokenShare`, `${key}.strongShare`]))
        continue
      }
      const world = createWorld(set, seed)
      for (const setting of chosen) {
        const found = simulate(world, setting, seed)
        for (const [measure, figure] of Object.entries(found)) figures[`${setting.key}.${measure}`] = figure
        print(`${setting.key}: ${JSON.stringify(found)}`)
      }
    }
    return { figures, promised, unmeasured }
  },
}

/** How often a deployment is simulated for each setting. */
function deployments(): number {
  return 1_000
}

interface Setting {
  readonly key: string
  readonly set: 'mmlu' | 'gsm8k'
  readonly loss: LossKind
  readonly epsilon: number
  /** Labels that may be spent. */
  readonly labels: number
  /**
   * What always goes to the strong model, so that it needs no label: a share, or what the training half expects to lose
   * no more than ε with. Fixed beforehand.
   */
  readonly strongShareMin?: number | 'expected'
  readonly test?: 'betting'
}

const settings: readonly Setting[] = [
  { key: 'net2.n500', set: 'mmlu', loss: 'net', epsilon: 0.02, labels: 500 },
  { key: 'net2.n2000', set: 'mmlu', loss: 'net', epsilon: 0.02, labels: 2_000 },
  { key: 'net2.n5000', set: 'mmlu', loss: 'net', epsilon: 0.02, labels: 5_000 },
  { key: 'net2.n2000.betting', set: 'mmlu', loss: 'net', epsilon: 0.02, labels: 2_000, test: 'betting' },
  { key: 'net2.n2000.half', set: 'mmlu', loss: 'net', epsilon: 0.02, labels: 2_000, strongShareMin: 0.5 },
  { key: 'net2.n2000.expected', set: 'mmlu', loss: 'net', epsilon: 0.02, labels: 2_000, strongShareMin: 'expected' },
  { key: 'net3.n2000', set: 'mmlu', loss: 'net', epsilon: 0.03, labels: 2_000 },
  { key: 'net5.n2000', set: 'mmlu', loss: 'net', epsilon: 0.05, labels: 2_000 },
  { key: 'oneSided5.n2000', set: 'mmlu', loss: 'one-sided', epsilon: 0.05, labels: 2_000 },
  { key: 'cascadeNet2.n500', set: 'gsm8k', loss: 'net', epsilon: 0.02, labels: 500 },
  { key: 'cascadeNet2.n2000', set: 'gsm8k', loss: 'net', epsilon: 0.02, labels: 2_000 },
  { key: 'cascadeNet5.n500', set: 'gsm8k', loss: 'net', epsilon: 0.05, labels: 500 },
]

const delta = 0.1

/** The bound may be broken as often as δ says; what a share of a thousand trials can show is two points more or less. */
const promised = Object.fromEntries([
  ...settings.map(({ key }) => [`${key}.brokenShare`, ['<=', 0.1]] as const),
  ['net2.n2000.strongShare', ['<=', 0.72]] as const,
])

/** All traffic there is, and what is true of it: gains of routers that have not seen the prompt, and both qualities. */
interface World {
  readonly gains: Float64Array
  readonly weak: Float64Array
  readonly strong: Float64Array
  readonly thresholds: readonly number[]
  /** What the first router's training half expects of it, by predictions for prompts it had not seen. */
  readonly expectedShare: (epsilon: number) => number
}

/** Two routers, each trained on one half, each asked about the other. */
function createWorld(set: RoutingSet, seed: number): World {
  const train = (pairs: readonly TrainingPair[]): Trained =>
    trainRouter({ pairs, seed, nowMs: 0, weak: 'weak', strong: 'strong' })
  const first = train(set.train)
  const { heldOut } = first
  const gains = heldOut.gainsAfterAnswer ?? heldOut.gains
  // Not every pair was held out where there are many.
  const rows = [...gains.keys()].filter((row) => !Number.isNaN(gains[row]))
  const choose = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? Number.NaN)
  const routed = { gains: choose(gains), weak: choose(heldOut.weak), strong: choose(heldOut.strong) }
  const [one, other] = [first.router, train(set.test).router]
  const all = [
    ...set.test.map((pair) => ({ pair, router: one })),
    ...set.train.map((pair) => ({ pair, router: other })),
  ]
  return {
    gains: Float64Array.from(all, ({ pair, router }) => router.gain(pair.prompt, pair.answers?.['weak'])),
    weak: Float64Array.from(all, ({ pair }) => pair.scores['weak'] ?? Number.NaN),
    strong: Float64Array.from(all, ({ pair }) => pair.scores['strong'] ?? Number.NaN),
    expectedShare: (epsilon) => findParity(routed, epsilon)?.strongShare ?? 0,
    thresholds: one.thresholds[one.judges.includes('weak') ? 'answer' : 'question'],
  }
}

interface Found {
  /** Deployments whose true loss is above ε, of certificates and of thresholds that merely looked good on the labels. */
  readonly brokenShare: number
  /** The 95 % interval of the first, by Wilson: what so many deployments can tell. */
  readonly brokenLow95: number
  readonly brokenHigh95: number
  readonly pluginBrokenShare: number
  /** Mean share of strong calls in the whole traffic; where nothing was certified, everything. */
  readonly strongShare: number
  readonly idealStrongShare: number
  readonly uncertifiedShare: number
}

function simulate(world: World, setting: Setting, seed: number): Found {
  const { loss, epsilon } = setting
  const { strongShareMin = 0 } = setting
  const settled = strongShareMin === 'expected' ? world.expectedShare(epsilon) : strongShareMin
  const kept = world.thresholds.slice(0, Math.ceil(world.thresholds.length * (1 - settled)))
  const risks = kept.map((threshold) => measureRisk(world, threshold, loss))
  const cap = kept.at(-1) ?? 2
  const labelled = world.gains.filter((gain) => gain < cap).length / world.gains.length
  // What lies above every threshold needs no label, so that the same labels judge more cases.
  const count = setting.strongShareMin === undefined ? setting.labels : Math.floor(setting.labels / labelled)
  const guarantee: Guarantee = { epsilon, delta, loss }
  const test = createRiskTest({ kind: loss, epsilon, delta, count, isWhole: setting.test !== 'betting' })
  const random = createSeededRandom(seed * 1_000 + setting.labels)
  const totals = { broken: 0, pluginBroken: 0, strong: 0, uncertified: 0 }
  for (let trial = 0; trial < deployments(); trial++) {
    const drawn = draw(world, count, random)
    const verdict = certifyThreshold({ guarantee, thresholds: kept, ...drawn, test })
    const threshold = verdict.type === 'certified' ? verdict.threshold : Number.NEGATIVE_INFINITY
    totals.uncertified += Number(verdict.type !== 'certified')
    totals.broken += Number(measureRisk(world, threshold, loss) > epsilon)
    totals.strong += strongShareAt(world, threshold)
    const plugin = chooseLast(kept.map((each) => measureRisk({ ...world, ...drawn }, each, loss) <= epsilon))
    totals.pluginBroken += Number((risks[plugin] ?? 0) > epsilon)
  }
  const ideal = chooseLast(risks.map((risk) => risk <= epsilon))
  const interval = toInterval(totals.broken, deployments())
  return {
    brokenShare: totals.broken / deployments(),
    brokenLow95: interval.low,
    brokenHigh95: interval.high,
    pluginBrokenShare: totals.pluginBroken / deployments(),
    strongShare: totals.strong / deployments(),
    idealStrongShare: strongShareAt(world, kept[ideal] ?? Number.NEGATIVE_INFINITY),
    uncertifiedShare: totals.uncertified / deployments(),
  }
}

function toInterval(count: number, trials: number): { readonly low: number; readonly high: number } {
  const z2 = 1.959_964 ** 2
  const middle = (count + z2 / 2) / (trials + z2)
  const reach = Math.sqrt(z2 * ((count * (trials - count)) / trials + z2 / 4)) / (trials + z2)
  return { low: middle - reach, high: middle + reach }
}

type Cases = Pick<World, 'gains' | 'weak' | 'strong'>

function draw({ gains, weak, strong }: World, count: number, random: Random): Cases {
  const rows = Array.from({ length: count }, () => Math.floor(random.next() * gains.length))
  const choose = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? 0)
  return { gains: choose(gains), weak: choose(weak), strong: choose(strong) }
}

function measureRisk({ gains, weak, strong }: Cases, threshold: number, loss: LossKind): number {
  let sum = 0
  for (const [row, gain] of gains.entries()) {
    const lost = gain >= threshold ? 0 : (strong[row] ?? 0) - (weak[row] ?? 0)
    sum += loss === 'net' ? lost : Math.max(0, lost)
  }
  return sum / gains.length
}

function strongShareAt({ gains }: Cases, threshold: number): number {
  return gains.filter((gain) => gain >= threshold).length / gains.length
}

/** The last place that is true; −1 when none is. */
function chooseLast(flags: readonly boolean[]): number {
  return flags.lastIndexOf(true)
}
