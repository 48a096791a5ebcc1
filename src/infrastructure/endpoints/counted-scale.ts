import { z } from 'zod'
import type { Usage } from '../../core/usage.ts'
import type { CountedInput } from './count-input.ts'
import { createLeastSquares, squaresSchema, toPlain } from './least-squares.ts'
import { findShown, isLikely } from './likely.ts'
import { createRivalry, rivalrySchema } from './rivalry.ts'

/** What an endpoint counts beside what its tokenizer counts of the texts: learned from whole answers. */
export interface CountedScale {
  readonly tokenizer: string
  /**
   * Of tokens that were counted in an answer, as many as the endpoint counts. `undefined` where whole answers have shown that the tokenizer
   * is not the endpoint's: then the estimate without it comes nearer.
   */
  output(tokens: number): number | undefined
  /** Likewise. */
  input(counted: CountedInput): number | undefined
  /** Whether an answer that has come whole is one of those that are learned from. Asked once for each. */
  isWanted(): boolean
  learn(answer: CountedAnswer): void
  state(): CountedState
}

export interface CountedAnswer {
  readonly usage: Usage
  /** Tokens that were counted in it, and what it would have been taken for without a count. */
  readonly output: number
  readonly outputOtherwise: number
  readonly input: CountedInput | undefined
  readonly inputOtherwise: number
}

/** The first answers are all learned from, then one of so many. */
const answersLearned = 64
const answersPerLearned = 32
/** What is further off has tokens that nobody saw: the two encodings of OpenAI differ by 40 % over Chinese, and by less over all else. */
const ratioMax = 1.5

/** Of a constant, which comes with the end of an answer, and what was counted. */
const answerPrior = [0, 1]
const answerVariances = [100, 0.002]

/**
 * Of a constant, messages, tools, tokens of texts and of tools, and what media are taken for. OpenAI documents three tokens for each
 * request, and for each message three and its role (github.com/openai/openai-cookbook, How to count tokens with tiktoken).
 */
const requestPrior = [3, 4, 0, 1, 1, 1]
const requestVariances = [10_000, 4, 16, 0.0002, 0.03, 0.03]
const missesMax = 3

export const countedStateSchema = z.strictObject({
  tokenizer: z.string().max(4_096),
  asked: z.int().min(0),
  answers: squaresSchema(answerPrior.length),
  requests: squaresSchema(requestPrior.length),
  outputs: rivalrySchema,
  inputs: rivalrySchema,
})

export type CountedState = Readonly<z.infer<typeof countedStateSchema>>

export function createCountedScale(tokenizer: string, state?: CountedState): CountedScale {
  const answers = createLeastSquares({ prior: answerPrior, variances: answerVariances, state: state?.answers })
  const own = { prior: requestPrior, variances: requestVariances, missesMax, state: state?.requests }
  const requests = createLeastSquares(own)
  const outputs = createRivalry(state?.outputs)
  const inputs = createRivalry(state?.inputs)
  let asked = state?.asked ?? 0

  const toOutput = (tokens: number): number => Math.max(0, answers.predict([0, tokens]))
  const toInput = (counted: CountedInput): number => Math.max(0, requests.predict(featuresOf(counted)))

  function learnInput(told: number, counted: CountedInput, otherwise: number): void {
    inputs.note(told, toInput(counted), otherwise)
    if (isLikely(told, toInput(counted))) requests.learn(featuresOf(counted), told)
  }

  return {
    tokenizer,
    output: (tokens) => (outputs.isLost() ? undefined : toOutput(tokens)),
    input: (counted) => (inputs.isLost() ? undefined : toInput(counted)),
    isWanted() {
      asked += 1
      return asked <= answersLearned || asked % answersPerLearned === 0
    },
    learn({ usage, output, outputOtherwise, input, inputOtherwise }) {
      const told = findShown(usage, output)
      outputs.note(told, toOutput(output), outputOtherwise)
      if (isLikely(told, output, ratioMax)) answers.learn([1, output], told)
      if (input !== undefined && usage.inputTotal !== undefined) learnInput(usage.inputTotal, input, inputOtherwise)
    },
    state: () => ({
      tokenizer,
      asked,
      answers: toPlain(answers),
      requests: toPlain(requests),
      outputs: outputs.state(),
      inputs: inputs.state(),
    }),
  }
}

function featuresOf({ messages, tools, text, toolText, media }: CountedInput): readonly number[] {
  return [1, messages, tools, text, toolText, media]
}
