import type { CallFacts } from '../../core/call.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { compareSamples, intervalOf, testShares, toSample, type Difference, type Sample } from './statistics.ts'

/** What is compared of the arms. Score: feedback of 0…1 · cost: USD of the whole request · latency: until its end. */
export const figures = ['score', 'cost', 'latencyMs', 'failures'] as const
export type Figure = (typeof figures)[number]

export interface ArmReport {
  readonly name: string
  /** The share of subjects that is meant to fall into it, 0…1. */
  readonly share: number
  readonly subjects: number
  readonly calls: number
  /** Of each figure the mean over subjects, with its 95 % interval at this one look; absent where nobody has one. */
  readonly means: Readonly<Partial<Record<Figure, Mean>>>
}

export interface Mean {
  readonly subjects: number
  readonly mean: number
  readonly low95: number | undefined
  readonly high95: number | undefined
}

export interface Comparison {
  readonly arm: string
  readonly control: string
  readonly differences: Readonly<Partial<Record<Figure, Difference>>>
}

export interface ExperimentReport {
  readonly model: string
  /** By what subjects were drawn, the most frequent first. */
  readonly by: readonly string[]
  readonly arms: readonly ArmReport[]
  /** Every arm against the first by name, or against the control that is asked for. */
  readonly comparisons: readonly Comparison[]
  /** P-value of "subjects fall into the arms by their shares"; differences are not given below 0.001. */
  readonly sharesPValue: number | undefined
  /** Subjects left out because they were in more than one arm: the experiment was changed in between. */
  readonly moved: number
  /** Whether there was more than could be read. */
  readonly isCut: boolean
}

export interface ReportOptions {
  readonly model: string
  /** Whole trees of the calls of one tenant. */
  readonly trees: AsyncIterable<{ readonly root: CallFacts; readonly nodes: readonly CallFacts[] }>
  /** Mean score that was given to a call. */
  readonly scores: ReadonlyMap<string, number>
  readonly control?: string | undefined
}

/** Subjects and requests that one report reads at most. */
const subjectsMax = 200_000
const callsMax = 2_000_000
const sharesPValueMin = 0.001

/**
 * Compares the arms of an experiment by their subjects: those were drawn, and each counts once, however often it asked.
 * Cost: O(calls); one subject is some hundred bytes.
 */
export async function reportExperiment(options: ReportOptions): Promise<ExperimentReport> {
  const gathered = await gather(options)
  const arms = [...gathered.arms].toSorted(([one], [other]) => (one < other ? -1 : 1))
  const samples = new Map(arms.map(([name, { subjects }]) => [name, toSamples([...subjects.values()])]))
  const reports = arms.map(([name, { share, subjects, calls }]) => ({
    name,
    share,
    subjects: subjects.size,
    calls,
    means: toMeans(samples.get(name) ?? {}),
  }))
  const sharesPValue = testShares(reports)
  const control = options.control ?? reports[0]?.name ?? ''
  const others = reports.filter(({ name }) => name !== control)
  const isFair = sharesPValue === undefined || sharesPValue >= sharesPValueMin
  return {
    model: options.model,
    by: [...gathered.by].toSorted((one, other) => other[1] - one[1]).map(([name]) => name),
    arms: reports,
    comparisons: others.map(({ name }) => ({
      arm: name,
      control,
      differences: isFair ? compare(samples.get(name) ?? {}, samples.get(control) ?? {}, others.length) : {},
    })),
    sharesPValue,
    moved: gathered.moved,
    isCut: gathered.isCut,
  }
}

/** Sums and counts of one subject. */
interface Subject {
  readonly sums: Record<Figure, number>
  readonly counts: Record<Figure, number>
}

interface GatheredArm {
  share: number
  calls: number
  readonly subjects: Map<string, Subject>
}

interface Gathered {
  readonly arms: ReadonlyMap<string, GatheredArm>
  readonly by: ReadonlyMap<string, number>
  readonly moved: number
  readonly isCut: boolean
}

async function gather({ model, trees, scores }: ReportOptions): Promise<Gathered> {
  const arms = new Map<string, GatheredArm>()
  const armOf = new Map<string, string>()
  const moved = new Set<string>()
  const by = new Map<string, number>()
  let calls = 0
  let isCut = false
  for await (const { root, nodes } of trees) {
    const draw = findDraw(model, root, nodes)
    if (draw === undefined || root.status === 'cancelled') continue
    if (++calls > callsMax || (armOf.size >= subjectsMax && !armOf.has(draw.unit))) {
      isCut = true
      break
    }
    const former = armOf.get(draw.unit)
    if (former !== undefined && former !== draw.arm) moved.add(draw.unit)
    armOf.set(draw.unit, draw.arm)
    by.set(draw.by, (by.get(draw.by) ?? 0) + 1)
    const arm = arms.get(draw.arm) ?? { share: draw.share, calls: 0, subjects: new Map<string, Subject>() }
    arms.set(draw.arm, arm)
    arm.share = draw.share
    arm.calls++
    const subject = arm.subjects.get(draw.unit) ?? createSubject()
    arm.subjects.set(draw.unit, subject)
    count(subject, root, scores.get(root.id))
  }
  for (const arm of arms.values()) for (const unit of moved) arm.subjects.delete(unit)
  return { arms, by, moved: moved.size, isCut }
}

interface Draw {
  readonly arm: string
  readonly share: number
  readonly by: string
  readonly unit: string
}

/** What the node of that name noted in the tree; `undefined` when the tree has no such node. */
function findDraw(model: string, root: CallFacts, nodes: readonly CallFacts[]): Draw | undefined {
  for (const { detail } of [root, ...nodes]) {
    const said = detail?.['experiment']
    if (said === undefined || !isJsonObject(said) || said['name'] !== model) continue
    const { arm, share, by, unit }: JsonObject = said
    if (typeof arm !== 'string' || typeof share !== 'number' || typeof by !== 'string' || typeof unit !== 'string')
      continue
    return { arm, share, by, unit }
  }
  return undefined
}

function createSubject(): Subject {
  const none = { score: 0, cost: 0, latencyMs: 0, failures: 0 }
  return { sums: { ...none }, counts: { ...none } }
}

/** Absent is not zero: what is not known of a call says nothing of its subject. */
function count(subject: Subject, root: CallFacts, score: number | undefined): void {
  const add = (figure: Figure, value: number | undefined): void => {
    if (value === undefined) return
    subject.sums[figure] += value
    subject.counts[figure]++
  }
  add('score', score)
  add('cost', root.cost === undefined ? undefined : Number(root.cost) / 1e12)
  add('latencyMs', root.status === 'ok' ? root.durationMs : undefined)
  add('failures', root.status === 'ok' ? 0 : 1)
}

type Samples = Readonly<Partial<Record<Figure, Sample>>>

function toSamples(subjects: readonly Subject[]): Samples {
  const samples: Partial<Record<Figure, Sample>> = {}
  for (const figure of figures) {
    const values = subjects.flatMap(({ sums, counts }) => (counts[figure] === 0 ? [] : [sums[figure] / counts[figure]]))
    const sample = toSample(values)
    if (sample !== undefined) samples[figure] = sample
  }
  return samples
}

function toMeans(samples: Samples): ArmReport['means'] {
  const means: Partial<Record<Figure, Mean>> = {}
  for (const figure of figures) {
    const sample = samples[figure]
    if (sample === undefined) continue
    const interval = intervalOf(sample)
    means[figure] = { subjects: sample.count, mean: sample.mean, low95: interval?.low, high95: interval?.high }
  }
  return means
}

function compare(arm: Samples, control: Samples, comparisons: number): Comparison['differences'] {
  const differences: Partial<Record<Figure, Difference>> = {}
  for (const figure of figures) {
    const [one, other] = [arm[figure], control[figure]]
    const difference = one === undefined || other === undefined ? undefined : compareSamples(one, other, comparisons)
    if (difference !== undefined) differences[figure] = difference
  }
  return differences
}
