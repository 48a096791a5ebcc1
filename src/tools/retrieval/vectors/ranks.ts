/** A document, or a span of it. */
export interface Target {
  readonly document: string
  readonly span?: { readonly start: number; readonly end: number } | undefined
}

/** How well one ranking answers one question, 0…1. */
export interface RankScores {
  /** Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen, 2002), a target being found or not. */
  readonly ndcg10: number
  /** The share of targets among the first five, ten and twenty. */
  readonly recall5: number
  readonly recall10: number
  readonly recall20: number
}

export const rankDepths = [5, 10, 20] as const
const gainDepth = 10

/**
 * Where targets are documents alone, ranks are of documents: each counts at its best passage. Where one of them is a span, ranks
 * are of passages. Each entry of the ranking is the places where the same text stands.
 */
export function toScores(ranking: readonly (readonly Required<Target>[])[], targets: readonly Target[]): RankScores {
  const bySpans = targets.some(({ span }) => span !== undefined)
  const ranks = rankTargets(bySpans ? ranking : toDocuments(ranking), targets)
  const met = new Set(ranks.values())
  const gain = [...met].reduce((sum, rank) => sum + (rank < gainDepth ? discount(rank) : 0), 0)
  const ideal = Array.from({ length: Math.min(gainDepth, targets.length) }, (_, rank) => discount(rank))
  const recall = (depth: number): number =>
    [...ranks.values()].filter((rank) => rank < depth).length / Math.max(1, targets.length)
  return {
    ndcg10: gain / ideal.reduce((sum, each) => sum + each, 0),
    recall5: recall(5),
    recall10: recall(10),
    recall20: recall(20),
  }
}

/** Without the passages of which every document has stood before. */
function toDocuments(ranking: readonly (readonly Required<Target>[])[]): readonly (readonly Required<Target>[])[] {
  const seen = new Set<string>()
  return ranking.filter((places) => {
    const isNew = places.some(({ document }) => !seen.has(document))
    for (const { document } of places) seen.add(document)
    return isNew
  })
}

/** The first rank, from 0 on, at which each target is met; those that are not are left out. */
function rankTargets(
  ranking: readonly (readonly Required<Target>[])[],
  targets: readonly Target[],
): ReadonlyMap<Target, number> {
  const ranks = new Map<Target, number>()
  for (const target of targets) {
    const rank = ranking.findIndex((places) => places.some((place) => meets(place, target)))
    if (rank >= 0) ranks.set(target, rank)
  }
  return ranks
}

function meets({ document, span: at }: Required<Target>, { document: wanted, span }: Target): boolean {
  if (document !== wanted) return false
  return span === undefined || at === undefined || (at.start < span.end && at.end > span.start)
}

function discount(rank: number): number {
  return 1 / Math.log2(rank + 2)
}
