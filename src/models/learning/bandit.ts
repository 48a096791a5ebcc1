import type { Random } from '../../core/random.ts'

/** A model that may be chosen, with what the router predicts of it; `undefined` for a newcomer it knows nothing of. */
export interface ArmPrediction {
  readonly model: string
  readonly predicted: number | undefined
}

/** One arm of a choice as it was: what is needed to learn from it and to judge other policies by it. */
export interface Arm {
  readonly model: string
  /** The chance it had. */
  readonly propensity: number
  /** Predicted quality with what was learnt on line, 0…1. */
  readonly quality: number
  /** What the router itself predicted. */
  readonly predicted: number
  readonly context: readonly number[]
}

export interface Choice {
  readonly model: string
  readonly arms: readonly Arm[]
}

/** What is learnt on line of each model, beside the router: a correction of its predictions. Plain data. */
export interface BanditState {
  readonly models: Readonly<Record<string, Correction>>
  /** Choices that have been judged. */
  readonly judged: number
}

interface Correction {
  /** Σ x xᵀ with forgetting, row after row. */
  readonly moments: readonly number[]
  /** Σ x · (score − prediction). */
  readonly targets: readonly number[]
}

export const emptyBandit: BanditState = Object.freeze({ models: Object.freeze({}), judged: 0 })

const contextSize = 3
/** Prior cases that speak for the router's own prediction. */
const ridge = 4
/** What one judged choice loses of its weight with the next: half is forgotten after 690. */
const memory = 0.999
/** Least share of traffic that explores, among all models that are not predicted best. */
const exploreMin = 0.02

/**
 * Chooses by inverse gap weighting (SquareCB, Foster & Rakhlin, ICML 2020): the better a model is predicted to be, the
 * likelier it is chosen, and the more is known, the more greedily. Each choice states the chance every model had.
 */
export function chooseArm(state: BanditState, predictions: readonly ArmPrediction[], random: Random): Choice {
  const known = predictions.flatMap(({ predicted }) => (predicted === undefined ? [] : [predicted]))
  const middle = known.length === 0 ? 0.5 : known.reduce((sum, value) => sum + value, 0) / known.length
  const arms = predictions.map(({ model, predicted }) => {
    const base = predicted ?? middle
    const context = [1, base - 0.5, predicted === undefined ? 1 : 0]
    return { model, predicted: base, context, quality: clamp(base + correct(findCorrection(state, model), context)) }
  })
  const best = arms.reduce((winner, arm) => (arm.quality > winner.quality ? arm : winner), arms[0] ?? noArm)
  const greed = 2 * Math.sqrt(arms.length * Math.max(1, state.judged))
  const shares = arms.map((arm) => (arm === best ? 0 : 1 / (arms.length + greed * (best.quality - arm.quality))))
  const exploring = shares.reduce((sum, share) => sum + share, 0)
  const scale = exploring === 0 ? 0 : Math.max(1, exploreMin / exploring)
  const chances = arms.map((arm, place) => (arm === best ? 1 - exploring * scale : (shares[place] ?? 0) * scale))
  let rest = random.next()
  const chosen = arms.find((_, place) => (rest -= chances[place] ?? 0) < 0) ?? best
  return { model: chosen.model, arms: arms.map((arm, place) => ({ ...arm, propensity: chances[place] ?? 0 })) }
}

const noArm = { model: '', predicted: 0, context: [], quality: 0 }

/** Learns from the score of the arm that was chosen, 0…1. */
export function learnFrom(state: BanditState, arm: Arm, score: number): BanditState {
  const former = findCorrection(state, arm.model)
  const surprise = score - arm.predicted
  const moments = Array.from({ length: contextSize ** 2 }, (_, place) => {
    const [row, column] = [Math.floor(place / contextSize), place % contextSize]
    return memory * (former?.moments[place] ?? 0) + (arm.context[row] ?? 0) * (arm.context[column] ?? 0)
  })
  const targets = Array.from(
    { length: contextSize },
    (_, place) => memory * (former?.targets[place] ?? 0) + (arm.context[place] ?? 0) * surprise,
  )
  return { models: { ...state.models, [arm.model]: { moments, targets } }, judged: state.judged + 1 }
}

/** Expected score of a policy from choices that another made: self-normalised inverse propensity weighting. */
export function judgeOffline(
  choices: readonly {
    readonly model: string
    readonly propensity: number
    readonly score: number
    readonly wanted: string
  }[],
): { readonly score: number; readonly low95: number; readonly high95: number; readonly matched: number } | undefined {
  const matched = choices.filter(({ model, wanted, propensity }) => model === wanted && propensity > 0)
  const weights = matched.map(({ propensity }) => 1 / propensity)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return undefined
  const score = matched.reduce((sum, each, place) => sum + (weights[place] ?? 0) * each.score, 0) / total
  const variance =
    matched.reduce((sum, each, place) => sum + ((weights[place] ?? 0) * (each.score - score)) ** 2, 0) / total ** 2
  const reach = 1.96 * Math.sqrt(variance)
  return { score, low95: Math.max(0, score - reach), high95: Math.min(1, score + reach), matched: matched.length }
}

/** A model may have any name, and an object knows some by itself. */
function findCorrection({ models }: BanditState, model: string): Correction | undefined {
  return Object.hasOwn(models, model) ? models[model] : undefined
}

/** The ridge regression of surprises on the context, at this context. */
function correct(correction: Correction | undefined, context: readonly number[]): number {
  if (correction === undefined) return 0
  const rows = Array.from({ length: contextSize }, (_, row) => [
    ...Array.from(
      { length: contextSize },
      (__, column) => (correction.moments[row * contextSize + column] ?? 0) + (row === column ? ridge : 0),
    ),
    correction.targets[row] ?? 0,
  ])
  return solve(rows).reduce((sum, weight, place) => sum + weight * (context[place] ?? 0), 0)
}

/** Gaussian elimination of a positive definite system; each row ends with its right side. */
function solve(rows: readonly number[][]): readonly number[] {
  for (const [place, pivot] of rows.entries()) {
    for (const row of rows.slice(place + 1)) {
      const factor = (row[place] ?? 0) / (pivot[place] ?? 1)
      for (let column = place; column <= contextSize; column++) {
        row[column] = (row[column] ?? 0) - factor * (pivot[column] ?? 0)
      }
    }
  }
  const solution = Array.from({ length: contextSize }, () => 0)
  for (const [place, row] of [...rows.entries()].toReversed()) {
    let rest = row[contextSize] ?? 0
    for (let column = place + 1; column < contextSize; column++) rest -= (row[column] ?? 0) * (solution[column] ?? 0)
    solution[place] = rest / (row[place] ?? 1)
  }
  return solution
}

function clamp(value: number): number {
  return Math.max(0, Math.min(1, value))
}
