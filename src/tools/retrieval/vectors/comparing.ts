import type { Config } from '../../../config/index.ts'
import { intervalOfMean, mean } from '../../../core/bootstrap.ts'
import type { Principal } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { Passage, TextEmbedder } from '../../../core/ports.ts'
import { createSeededRandom } from '../../../core/random.ts'
import type { Store } from '../../../store/index.ts'
import type { SearchQuery, SearchResult } from '../searching/searching.ts'
import { createKnowledgeRows } from '../store.ts'
import { getCollection } from '../views.ts'
import { toUnitVector } from './block.ts'
import { checkForm, toKind } from './form.ts'
import type { GenerationName } from './generations.ts'
import { rankDepths, toScores, type RankScores, type Target } from './ranks.ts'
import { createVectorRows, type GenerationRow } from './store.ts'

/** Two generations held against each other before one takes the place of the other. */
export interface Comparing {
  /**
   * Searches every question with either generation, as it would be searched after the switch. Questions are embedded on the
   * account of whoever asks. Rejects with CONFLICT while passages of one of them are missing, NOT_FOUND for what is not there.
   */
  compareGenerations(wanted: NewComparison): Promise<GenerationComparison>
}

/** Questions whose answers are known, and who asks them. */
export interface Compared {
  readonly tenant: string
  readonly collection: string
  /** 1…`comparedQuestionsMax`. */
  readonly questions: readonly ComparedQuestion[]
  /** Who looks, and in which regions; everything of the tenant when absent. */
  readonly principals?: readonly string[] | undefined
  readonly regions?: readonly string[] | undefined
}

export interface NewComparison extends GenerationName, Compared {
  /** What it is held against; the live generation when absent, and words alone where there is none. */
  readonly against?: number | undefined
  readonly principal: Principal
}

export interface ComparedQuestion {
  readonly query: string
  /** What answers it: documents by their external id, or spans of their current version. At least one. */
  readonly expected: readonly {
    readonly document: string
    readonly span?: { readonly start: number; readonly end: number } | undefined
  }[]
}

/** Two ways to search, held against each other. */
export interface ScoreComparison {
  readonly questions: number
  /** Means over the questions. */
  readonly first: RankScores
  readonly second: RankScores
  /** Of the first minus the second, question by question, with the 95 % interval of a paired bootstrap. */
  readonly difference: Readonly<Record<string, { readonly mean: number; readonly low: number; readonly high: number }>>
  /** What the interval of nDCG@10 says of the first: `undecided` when it holds 0. */
  readonly verdict: 'better' | 'worse' | 'undecided'
}

export interface GenerationComparison extends ScoreComparison {
  /** `generation` is absent for words alone. */
  readonly first: RankScores & { readonly generation: number | undefined }
  readonly second: RankScores & { readonly generation: number | undefined }
}

export interface ComparingParts {
  readonly store: Pick<Store, 'sql'>
  readonly embedder: TextEmbedder
  readonly config: Config['knowledge']['dense']
  readonly search: (query: SearchQuery) => Promise<SearchResult>
}

/** Questions of one comparison: each is searched twice, one after another. */
const comparedQuestionsMax = 500
/** The deepest rank that counts is the twentieth document; a document has several passages. */
const passagesMax = 100
const embedMsMax = 120_000
const batchLengthMax = 100_000

export function createComparing(parts: ComparingParts): Comparing {
  return {
    async compareGenerations(wanted) {
      checkQuestions(wanted)
      const { first, second } = await findBoth(parts, wanted)
      const targets = await findTargets(parts, wanted)
      const [ours, theirs] = [
        await scoreAll(parts, { wanted, targets, row: first }),
        await scoreAll(parts, { wanted, targets, row: second }),
      ]
      const compared = compareScores(ours, theirs)
      return {
        ...compared,
        first: { generation: first.number, ...compared.first },
        second: { generation: second?.number, ...compared.second },
      }
    },
  }
}

interface Both {
  readonly first: GenerationRow
  /** Words alone when absent. */
  readonly second: GenerationRow | undefined
}

async function findBoth(
  { store, config }: ComparingParts,
  { tenant, collection: name, generation, against }: NewComparison,
): Promise<Both> {
  const rows = createVectorRows(store.sql)
  const { number } = await getCollection(createKnowledgeRows(store.sql), tenant, name)
  const known = await rows.listGenerations(number)
  const find = async (wanted: number): Promise<GenerationRow> => {
    const row = known.find((each) => each.number === wanted)
    if (row === undefined) throw new PlatformError('NOT_FOUND', `the collection has no generation ${wanted}`)
    const { missing } = await rows.countVectors(row)
    if (row.dimensions === null || missing > row.refused) {
      throw new PlatformError('CONFLICT', `generation ${wanted} has no vectors for ${missing} passages`)
    }
    if (row.indexed_next === null && row.vector_next * row.dimensions * 4 > config.inMemoryMib * 2 ** 20) {
      throw new PlatformError(
        'CONFLICT',
        `the vectors of generation ${wanted} need more than knowledge.dense.inMemoryMib`,
      )
    }
    return row
  }
  const other = against ?? known.find(({ state, number: each }) => state === 'live' && each !== generation)?.number
  return { first: await find(generation), second: other === undefined ? undefined : await find(other) }
}

/** The targets of each question, with documents by their ids. */
export async function findTargets(
  { store }: Pick<ComparingParts, 'store'>,
  { tenant, collection: name, questions }: Compared,
): Promise<readonly (readonly Target[])[]> {
  const rows = createKnowledgeRows(store.sql)
  const { number: collection } = await getCollection(rows, tenant, name)
  const names = [...new Set(questions.flatMap(({ expected }) => expected.map(({ document }) => document)))]
  const found = await rows.findByExternalIds({ tenant, collection }, names)
  const ids = new Map(found.map((row) => [row.external_id, row.id]))
  return questions.map(({ expected }, index) => {
    if (expected.length === 0) throw invalid(`questions[${index}].expected`, 'at least one document')
    return expected.map(({ document, span }, place): Target => {
      const id = ids.get(document)
      if (id !== undefined) return { document: id, span }
      throw new PlatformError('NOT_FOUND', `the collection has no document "${document}"`, {
        param: `questions[${index}].expected[${place}]`,
      })
    })
  })
}

interface Scoring {
  readonly wanted: NewComparison
  readonly targets: readonly (readonly Target[])[]
  readonly row: GenerationRow | undefined
}

async function scoreAll(parts: ComparingParts, { wanted, targets, row }: Scoring): Promise<readonly RankScores[]> {
  const vectors = row === undefined ? [] : await embedAll(parts, wanted, row)
  return scoreSearches(parts, { wanted, targets }, (index) => {
    const vector = vectors[index]
    return row === undefined || vector === undefined
      ? {}
      : { vectors: [{ collection: wanted.collection, generation: row.number, vector }] }
  })
}

/** How well the search of each question finds its targets; `toQuery` gives what is particular to it. */
export async function scoreSearches(
  { search }: Pick<ComparingParts, 'search'>,
  { wanted, targets }: { readonly wanted: Compared; readonly targets: Scoring['targets'] },
  toQuery: (index: number) => Partial<SearchQuery>,
): Promise<readonly RankScores[]> {
  const { tenant, collection, questions, principals, regions } = wanted
  const scores: RankScores[] = []
  for (const [index, { query }] of questions.entries()) {
    const asked = { tenant, collections: [collection], query, passagesMax, principals, regions, confidenceMin: 0 }
    const { passages } = await search({ ...asked, ...toQuery(index) })
    scores.push(toScores(passages.map(toPlaces), targets[index] ?? []))
  }
  return scores
}

/** Where a passage stands, and where else the same stands. */
function toPlaces({ document, start, end, why }: Passage): readonly Required<Target>[] {
  return [{ document, start, end }, ...(why?.copies ?? [])].map((place) => ({
    document: place.document,
    span: { start: place.start, end: place.end },
  }))
}

async function embedAll(
  { embedder, config }: ComparingParts,
  { questions, principal }: NewComparison,
  row: GenerationRow,
): Promise<readonly Float32Array[]> {
  const { model, dimensions } = row
  const vectors: Float32Array[] = []
  for (const inputs of toBatches(questions, config.batchMax)) {
    const request = { model, inputs, dimensions: dimensions ?? undefined, kind: toKind(row, 'query') }
    const given = await embedder.embed(request, { principal, durationMsMax: embedMsMax })
    checkForm(row, given)
    for (const numbers of given.vectors) {
      const vector = toUnitVector(numbers)
      if (vector?.length !== dimensions) throw new PlatformError('UPSTREAM_INVALID', `${model} gave no such vector`)
      vectors.push(vector)
    }
  }
  if (vectors.length === questions.length) return vectors
  throw new PlatformError(
    'UPSTREAM_INVALID',
    `${model} gave ${vectors.length} vectors for ${questions.length} questions`,
  )
}

function toBatches(questions: readonly ComparedQuestion[], countMax: number): readonly (readonly string[])[] {
  const batches: string[][] = []
  let length = 0
  for (const { query } of questions) {
    const open = batches.at(-1)
    length += query.length
    if (open === undefined || open.length === countMax || length > batchLengthMax) {
      batches.push([query])
      length = query.length
    } else open.push(query)
  }
  return batches
}

const figures = ['ndcg10', ...rankDepths.map((depth) => `recall${depth}` as const)] as const

function average(scores: readonly RankScores[]): RankScores {
  const meanOf = (figure: (typeof figures)[number]): number => mean(scores.map((score) => score[figure]))
  return {
    ndcg10: meanOf('ndcg10'),
    recall5: meanOf('recall5'),
    recall10: meanOf('recall10'),
    recall20: meanOf('recall20'),
  }
}

/** The scores of the same questions in two ways. */
export function compareScores(first: readonly RankScores[], second: readonly RankScores[]): ScoreComparison {
  const difference = Object.fromEntries(
    figures.map((figure) => {
      const pairs = first.map((score, index) => score[figure] - (second[index]?.[figure] ?? 0))
      // The same questions give the same interval.
      const [low, high] = intervalOfMean(pairs, createSeededRandom(pairs.length))
      return [figure, { mean: mean(pairs), low, high }] as const
    }),
  )
  const { low = 0, high = 0 } = difference['ndcg10'] ?? {}
  return {
    questions: first.length,
    first: average(first),
    second: average(second),
    difference,
    verdict: low > 0 ? 'better' : high < 0 ? 'worse' : 'undecided',
  }
}

/** Throws INVALID_REQUEST for none, and for too many. */
export function checkQuestions({ questions }: Pick<Compared, 'questions'>): void {
  if (questions.length === 0 || questions.length > comparedQuestionsMax) {
    throw invalid('questions', `1 to ${comparedQuestionsMax} questions`)
  }
}

function invalid(param: string, wanted: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${param} must be ${wanted}`, { param })
}
