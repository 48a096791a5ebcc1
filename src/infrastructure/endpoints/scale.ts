import { z } from 'zod'
import type { Generated } from '../../core/generated.ts'
import type { Usage } from '../../core/usage.ts'
import { findShown, isLikely } from './likely.ts'
import type { InputMeasure } from './input-measure.ts'
import { countedStateSchema, createCountedScale, type CountedScale } from './counted-scale.ts'
import { createLeastSquares, squaresSchema, toPlain } from './least-squares.ts'

type Seen = Omit<Generated, 'reported'>

/**
 * How many tokens an endpoint counts for what is sent to it and seen of its answers: learned from the answers it reported,
 * for those it could not. It begins with rules of thumb, or where another process has got to (`scales/`).
 */
export interface TokenScale {
  /** Tokens of what was seen of an answer, with fractions. */
  output(seen: Seen): number
  /** Tokens of a request. */
  input(measured: InputMeasure): number
  /** What is added to the count of a tokenizer, learned likewise. The same object for the same tokenizer. */
  counted(tokenizer: string): CountedScale
  /** An answer has come whole. */
  learn(answer: LearnedAnswer): void
  /** All that is known, to be kept. */
  state(): ScaleState
}

/** Grows with every change of what is measured, or of the rules of thumb: what was learned under others means nothing. */
export const scaleVersion = 1

export interface LearnedAnswer {
  readonly usage: Usage | undefined
  readonly seen: Seen
  /** Asked now and then only, because it is a pass over the request's text. */
  readonly measureInput: () => InputMeasure
}

/** The first requests are all learned from, then one of so many. */
const requestsLearned = 128
const requestsPerLearned = 16

/** Of a constant, events, narrow and wide units: four Latin characters a token, one and a half of Han. */
const answerPrior = [0, 0, 1 / 4, 1 / 1.5]
const answerVariances = [100, 1, 1, 1]

/**
 * Of a constant, for what a chat template adds, and of each class of a request. The weights of the classes are least squares
 * over texts in English and Chinese, program code and JSON, as two public tokenizers (cl100k and o200k of OpenAI) count them.
 */
const requestPrior = [0, 4, 0.854, 0.043, 1.3, 0.79, 0.12, 0.29, 1.18, 1.87, 1]
const requestVariances = [100, ...requestPrior.slice(1).map(() => 0.03)]
const missesMax = 3

const stateSchema = z.strictObject({
  learned: z.int().min(0),
  answers: squaresSchema(answerPrior.length),
  requests: squaresSchema(requestPrior.length),
  counted: countedStateSchema.optional(),
})

export type ScaleState = Readonly<z.infer<typeof stateSchema>>

/** `undefined` when the text is none of a scale of this version. */
export function readScaleState(text: string): ScaleState | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export function createTokenScale(state?: ScaleState): TokenScale {
  const answers = createLeastSquares({ prior: answerPrior, variances: answerVariances, state: state?.answers })
  const own = { prior: requestPrior, variances: requestVariances, missesMax, state: state?.requests }
  const requests = createLeastSquares(own)
  let known = state?.learned ?? 0
  let counted = state?.counted === undefined ? undefined : createCountedScale(state.counted.tokenizer, state.counted)

  // Without the constant: it stands for what comes with the end, which has not come.
  const output = (seen: Seen): number => Math.max(0, answers.predict([0, ...featuresOf(seen)]))

  return {
    output,
    state: () => ({
      learned: known,
      answers: toPlain(answers),
      requests: toPlain(requests),
      ...(counted === undefined ? {} : { counted: counted.state() }),
    }),
    counted(tokenizer) {
      if (counted?.tokenizer !== tokenizer) counted = createCountedScale(tokenizer)
      return counted
    },
    input: (measured) => Math.max(0, requests.predict(classesOf(measured))),
    learn({ usage, seen, measureInput }) {
      if (usage?.source !== 'reported' || seen.units === 0) return
      const told = findShown(usage, output(seen))
      if (isLikely(told, output(seen))) answers.learn([1, ...featuresOf(seen)], told)
      if (usage.inputTotal === undefined) return
      known += 1
      if (known > requestsLearned && known % requestsPerLearned !== 0) return
      const classes = classesOf(measureInput())
      if (isLikely(usage.inputTotal, byRules(classes))) requests.learn(classes, usage.inputTotal)
    },
  }
}

function featuresOf({ units, wide, pieces }: Seen): readonly number[] {
  return [pieces, units - wide, wide]
}

function classesOf(measured: InputMeasure): readonly number[] {
  const { messages, words, letters, digitGroups, signRuns, signs, blanks, wide, other, media } = measured
  return [1, messages, words, letters, digitGroups, signRuns, signs, blanks, wide, other, media]
}

/** What the rules of thumb alone say. */
function byRules(classes: readonly number[]): number {
  return classes.reduce((sum, count, index) => sum + count * (requestPrior[index] ?? 0), 0)
}
