import type { Config } from '../../config/index.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { EventLog, KnowledgeQuery, Passage, TextReranker } from '../../core/ports.ts'
import { toHead } from './indexing.ts'
import type { SearchResult } from './searching/searching.ts'

export interface RerankingParts {
  /** Nothing is judged where there is no model, or nobody who pays. */
  readonly config: Config['knowledge']['rerank']
  readonly reranker: TextReranker | undefined
  readonly log: EventLog
}

/** The last word on the order of passages: that of a model which reads each of them beside the question. */
export interface Reranking {
  /** How many passages a search has to find so that they can be judged. */
  countPassages(query: KnowledgeQuery): number
  /** Never rejects: without a judgement in time the order stays, and the result says why. */
  rerank(query: KnowledgeQuery, result: SearchResult): Promise<SearchResult>
}

export function createReranking(parts: RerankingParts): Reranking {
  const find = ({ by, collections }: KnowledgeQuery): Asked | undefined => {
    const { config, reranker } = parts
    if (config === undefined || reranker === undefined || by === undefined) return undefined
    const isMeant = config.in === undefined || collections.every((name) => config.in?.includes(name))
    return isMeant ? { config, reranker, by } : undefined
  }
  return {
    countPassages(query) {
      const asked = find(query)
      return asked === undefined ? query.passagesMax : Math.max(query.passagesMax, asked.config.passagesMax)
    },
    async rerank(query, { boundTo = [], ...result }) {
      const asked = find(query)
      if (asked === undefined || result.passages.length === 0) return result
      const judged = await order(parts.log, asked, { query: query.query, passages: result.passages, boundTo })
      return { ...result, ...judged, passages: judged.passages.slice(0, query.passagesMax) }
    },
  }
}

interface Asked {
  readonly config: NonNullable<RerankingParts['config']>
  readonly reranker: TextReranker
  readonly by: NonNullable<KnowledgeQuery['by']>
}

interface Judging {
  readonly query: string
  readonly passages: readonly Passage[]
  readonly boundTo: NonNullable<SearchResult['boundTo']>
}

type Judged = Required<Pick<SearchResult, 'passages' | 'rerank'>>

async function order(log: EventLog, asked: Asked, judging: Judging): Promise<Judged> {
  const { passages } = judging
  try {
    const scores = await judge(asked, judging)
    const ordered = passages.map((passage, index) => {
      const score = scores.get(index)
      if (score === undefined) throw new PlatformError('UPSTREAM_INVALID', 'a passage was not judged')
      return withReason({ ...passage, score }, { score })
    })
    // Sorting is stable: equal ones stay as they were.
    return { passages: ordered.toSorted((a, b) => b.score - a.score), rerank: { state: 'used' } }
  } catch (thrown) {
    const { code, message } = toPlatformError(thrown)
    log.debug({ code, reason: message }, 'passages were not judged; their order stays')
    return { passages: passages.map((each) => withReason(each, { failed: code })), rerank: { state: 'failed', code } }
  }
}

/** By number of passage. What is bound to a region goes only to endpoints within it, each region in a call of its own. */
async function judge(
  { config, reranker, by }: Asked,
  { query, passages, boundTo }: Judging,
): Promise<ReadonlyMap<number, number>> {
  const scores = new Map<number, number>()
  const groups = Map.groupBy(passages.keys(), (index) => boundTo[index])
  await Promise.all(
    [...groups].map(async ([region, indexes]) => {
      const documents = indexes.flatMap((index) => toText(passages[index]))
      const regions = region === undefined ? undefined : [region]
      const request = { model: config.with, query, documents }
      const given = await reranker.rerank(request, { ...by, regions, durationMsMax: config.rerankMsMax })
      for (const [at, index] of indexes.entries()) {
        const score = given.scores[at]
        if (score !== undefined) scores.set(index, score)
      }
    }),
  )
  return scores
}

/** What a passage says and what it stands under. */
function toText(passage: Passage | undefined): readonly string[] {
  if (passage === undefined) return []
  return [`${toHead(passage.source, undefined, [...passage.headings])}\n\n${passage.text}`]
}

function withReason(passage: Passage, rerank: NonNullable<Passage['why']>['rerank']): Passage {
  return passage.why === undefined ? passage : { ...passage, why: { ...passage.why, rerank } }
}
