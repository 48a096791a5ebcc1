import { createHash } from 'node:crypto'
import { createSeededRandom } from '../../core/random.ts'
import type { TrainingPair } from './pairs.ts'

/** Prompts that speak of the same, and how each model does on them. */
export interface Topic {
  /** Words that tell the topic from the others, most telling first. */
  readonly words: readonly string[]
  readonly prompts: number
  readonly share: number
  /** One prompt that is typical of it. */
  readonly example: string
  readonly models: Readonly<Record<string, TopicModel>>
}

export interface TopicModel {
  readonly labels: number
  readonly meanScore: number
  /** `undefined` where no cost is known. */
  readonly meanCost: number | undefined
}

const promptsMax = 5_000
const rounds = 15

interface Vector {
  readonly words: readonly string[]
  readonly weights: readonly number[]
}

/**
 * Clusters prompts by their words: spherical k-means on tf-idf, started far apart, `count` topics at most. Of more than
 * 5,000 prompts, evenly chosen ones are read. Most frequent first. The same pairs and seed give the same topics.
 */
export function findTopics(
  pairs: readonly TrainingPair[],
  options: { readonly count: number; readonly seed: number },
): readonly Topic[] {
  const read = thin(pairs)
  const vectors = toVectors(read.map((pair) => pair.prompt))
  const count = Math.min(options.count, Math.floor(read.length / 2))
  if (count < 1) return []
  const random = createSeededRandom(options.seed)
  let centres = startCentres(vectors, count, random)
  let places: readonly number[] = []
  for (let round = 0; round < rounds; round++) {
    places = vectors.map((vector) => findNearest(vector, centres))
    centres = centres.map((_, centre) => average(vectors.filter((__, row) => places[row] === centre)))
  }
  return centres
    .map((centre, place) =>
      describe(centre, { rows: [...read.keys()].filter((row) => places[row] === place), read, vectors }),
    )
    .filter((topic) => topic.prompts > 0)
    .toSorted((one, other) => other.prompts - one.prompts)
}

function thin(pairs: readonly TrainingPair[]): readonly TrainingPair[] {
  if (pairs.length <= promptsMax) return pairs
  return Array.from(
    { length: promptsMax },
    (_, place) => pairs[Math.floor((place * pairs.length) / promptsMax)],
  ).filter((pair) => pair !== undefined)
}

/** Words of three letters and more, and pairs of Han characters. */
function toWords(text: string): readonly string[] {
  const folded = text.slice(0, 4_000).normalize('NFKC').toLowerCase()
  const words = folded.match(/[\p{L}\p{M}]{3,}/gu)?.filter((word) => !/\p{Script=Han}/u.test(word)) ?? []
  const han = folded.match(/\p{Script=Han}{2,}/gu) ?? []
  const pairs = han.flatMap((run) => Array.from({ length: run.length - 1 }, (_, place) => run.slice(place, place + 2)))
  return [...new Set([...words, ...pairs])]
}

function toVectors(texts: readonly string[]): readonly Vector[] {
  const words = texts.map(toWords)
  const documents = new Map<string, number>()
  for (const each of words) for (const word of each) documents.set(word, (documents.get(word) ?? 0) + 1)
  return words.map((each) => {
    // A word of one prompt joins nothing, one of most prompts parts nothing.
    const kept = each.filter(
      (word) => (documents.get(word) ?? 0) > 1 && (documents.get(word) ?? 0) < 0.4 * texts.length + 2,
    )
    const raw = kept.map((word) => Math.log((texts.length + 1) / (documents.get(word) ?? 1)))
    const length = Math.sqrt(raw.reduce((sum, weight) => sum + weight * weight, 0)) || 1
    return { words: kept, weights: raw.map((weight) => weight / length) }
  })
}

type Centre = ReadonlyMap<string, number>

/** Each new centre is a prompt that lies far from those there are (k-means++). */
function startCentres(vectors: readonly Vector[], count: number, random: { next(): number }): readonly Centre[] {
  const first = vectors[Math.floor(random.next() * vectors.length)]
  const centres: Centre[] = first === undefined ? [] : [average([first])]
  const distances = vectors.map(() => Number.POSITIVE_INFINITY)
  while (centres.length < count) {
    const last = centres.at(-1) ?? new Map<string, number>()
    for (const [row, vector] of vectors.entries()) {
      distances[row] = Math.min(distances[row] ?? 1, 1 - similarity(vector, last))
    }
    const total = distances.reduce((sum, distance) => sum + distance * distance, 0)
    let rest = random.next() * total
    const next = vectors.find((_, row) => (rest -= (distances[row] ?? 0) ** 2) <= 0)
    if (next === undefined) break
    centres.push(average([next]))
  }
  return centres
}

function findNearest(vector: Vector, centres: readonly Centre[]): number {
  let [best, nearest] = [-1, 0]
  for (const [place, centre] of centres.entries()) {
    const like = similarity(vector, centre)
    if (like > best) [best, nearest] = [like, place]
  }
  return nearest
}

function similarity(vector: Vector, centre: Centre): number {
  return vector.words.reduce((sum, word, place) => sum + (vector.weights[place] ?? 0) * (centre.get(word) ?? 0), 0)
}

function average(vectors: readonly Vector[]): Centre {
  const sums = new Map<string, number>()
  for (const { words, weights } of vectors) {
    for (const [place, word] of words.entries()) sums.set(word, (sums.get(word) ?? 0) + (weights[place] ?? 0))
  }
  const length = Math.sqrt([...sums.values()].reduce((sum, weight) => sum + weight * weight, 0)) || 1
  return new Map([...sums].map(([word, weight]) => [word, weight / length]))
}

interface Members {
  readonly rows: readonly number[]
  readonly read: readonly TrainingPair[]
  readonly vectors: readonly Vector[]
}

function describe(centre: Centre, { rows, read, vectors }: Members): Topic {
  const words = [...centre].toSorted((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1))
  const typical = rows.toSorted((one, other) => likeness(other) - likeness(one))[0]
  function likeness(row: number): number {
    const vector = vectors[row]
    return vector === undefined ? 0 : similarity(vector, centre)
  }
  const pairs = rows.flatMap((row) => read[row] ?? [])
  const models = [...new Set(pairs.flatMap((pair) => Object.keys(pair.scores)))].toSorted()
  return {
    words: words.slice(0, 6).map(([word]) => word),
    prompts: rows.length,
    share: rows.length / read.length,
    example: typical === undefined ? '' : (read[typical]?.prompt.slice(0, 200) ?? ''),
    models: Object.fromEntries(models.map((model) => [model, describeModel(pairs, model)])),
  }
}

function describeModel(pairs: readonly TrainingPair[], model: string): TopicModel {
  const scores = pairs.flatMap((pair) => pair.scores[model] ?? [])
  const costs = pairs.flatMap((pair) => pair.costs?.[model] ?? [])
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return { labels: scores.length, meanScore: mean(scores), meanCost: costs.length === 0 ? undefined : mean(costs) }
}

/** The topic's own name: stays the same as long as its words do. */
export function nameTopic(topic: Topic): string {
  return `topic_${createHash('sha256').update(topic.words.join(' ')).digest('hex').slice(0, 12)}`
}
