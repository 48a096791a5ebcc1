import { answerFigureCount, readAnswer } from './answers.ts'
import { createFeaturiser, shapeCount, type Features } from './features.ts'
import { predict, type Case, type HeadGroup } from './heads.ts'

/** What is known of a router beside its weights. */
export interface RouterAbout {
  /** Of its content, SHA-256, hex: two routers with the same hash decide the same. */
  readonly hash: string
  /** Milliseconds UTC. */
  readonly trainedAtMs: number
  readonly seed: number
  readonly pairs: number
  /** Hash of what it was trained on. */
  readonly dataHash: string
  /** The range that scores were given in; quality is (score − least) / (most − least). */
  readonly scale: { readonly least: number; readonly most: number }
  readonly models: readonly ModelAbout[]
  /** The model that costs least, or scored least where costs were not given. */
  readonly weak: string
  /** The model of the highest mean score. */
  readonly strong: string
}

export interface ModelAbout {
  readonly id: string
  readonly labels: number
  /** Mean quality in training, 0…1. */
  readonly meanQuality: number
  /** Mean cost in training, in the unit of the data; `undefined` where it was not given. */
  readonly meanCost: number | undefined
}

/** Predicts how good each model's answer to a prompt will be. Pure: the same prompt gives the same scores. */
export interface Router extends RouterAbout {
  /** Predicted quality of each model's answer, 0…1: P(right) where scores were right or wrong. Cost: about 0.1 ms. */
  score(prompt: string): RouterScores
  /** The models whose answers can be judged once they are there. */
  readonly judges: readonly string[]
  /**
   * Predicted quality after a model has answered: of that answer, and of what the strong model would say. `undefined`
   * when the router has not learnt to read that model's answers.
   */
  scoreAnswer(prompt: string, given: { readonly model: string; readonly answer: string }): AnswerScores | undefined
}

export type RouterScores = Readonly<Record<string, number>>

export interface AnswerScores {
  /** P(the answer is right), or its predicted quality, 0…1. */
  readonly answer: number
  /** Predicted quality of the strong model's answer to the same prompt. */
  readonly strong: number
}

/** What a router file holds. */
export interface RouterContent extends Omit<RouterAbout, 'hash'> {
  readonly questions: HeadGroup
  /** By the model whose answer is read: heads for it and for the strong model. */
  readonly answers: ReadonlyMap<string, HeadGroup>
}

export function createRouter(content: RouterContent, hash: string): Router {
  const { questions, answers, ...about } = content
  const read = createFeaturiser()
  return {
    ...about,
    hash,
    judges: [...answers.keys()],
    score(prompt) {
      const given = toQuestionCase(read(prompt))
      const scores: Record<string, number> = {}
      for (const [model, head] of questions.heads) scores[model] = predict(head, questions.scaling, given)
      return scores
    },
    scoreAnswer(prompt, { model, answer }) {
      const group = answers.get(model)
      const own = group?.heads.get(model)
      const strong = group?.heads.get(content.strong)
      if (group === undefined || own === undefined || strong === undefined) return undefined
      const given = toAnswerCase({ question: read(prompt), answer: read(answer) }, readAnswer(prompt, answer))
      return { answer: predict(own, group.scaling, given), strong: predict(strong, group.scaling, given) }
    },
  }
}

export function toQuestionCase(question: Features): Case {
  return { blocks: [question.terms], figures: question.shape }
}

export function toAnswerCase(
  texts: { readonly question: Features; readonly answer: Features },
  signs: Float64Array,
): Case {
  const figures = new Float64Array(answerCaseFigureCount)
  figures.set(texts.question.shape)
  figures.set(texts.answer.shape, shapeCount)
  figures.set(signs, 2 * shapeCount)
  return { blocks: [texts.question.terms, texts.answer.terms], figures }
}

export const answerCaseFigureCount = 2 * shapeCount + answerFigureCount
