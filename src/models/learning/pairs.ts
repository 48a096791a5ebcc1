import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { parseJsonLine } from '../../core/json-lines.ts'
import { dimensionsMax } from './neighbours.ts'

/** One prompt with the score of each model's answer to it, as far as they are known; answers and costs likewise. */
export interface TrainingPair {
  readonly prompt: string
  readonly scores: Readonly<Record<string, number>>
  readonly answers?: Readonly<Record<string, string>> | undefined
  /** In any one unit, the same for all. */
  readonly costs?: Readonly<Record<string, number>> | undefined
  /** The vector of the prompt, of one embedding model for all. */
  readonly embedding?: readonly number[] | undefined
}

const modelName = z.string().min(1).max(256)

/** Scores beyond this are no marks that anybody gives, and differences between them would not be numbers any more. */
const scoreMax = 1e9

const pairSchema = z.looseObject({
  prompt: z.string().min(1),
  scores: z.record(modelName, z.number().min(-scoreMax).max(scoreMax)),
  answers: z.record(modelName, z.string()).optional(),
  costs: z.record(modelName, z.number().min(0)).optional(),
  embedding: z.array(z.number()).min(1).max(dimensionsMax).optional(),
})

export const pairsMax = 200_000
export const modelsMax = 64

/** One pair of a line of JSON. Throws INVALID_REQUEST that names the line. Other members are passed over. */
export function parsePair(line: string, lineNumber: number): TrainingPair {
  const value = parseJsonLine(line, lineNumber)
  if (/"__proto__"\s*:/.test(line)) throw refuse(`line ${lineNumber}`, '__proto__ is no name for a model')
  const parsed = pairSchema.safeParse(value)
  if (parsed.success) {
    const { prompt, scores, answers, costs, embedding } = parsed.data
    return {
      prompt,
      scores,
      ...(answers === undefined ? {} : { answers }),
      ...(costs === undefined ? {} : { costs }),
      ...(embedding === undefined ? {} : { embedding }),
    }
  }
  const [issue] = parsed.error.issues
  const place = [`line ${lineNumber}`, ...(issue?.path.map(String) ?? [])].join('.')
  throw refuse(place, issue?.message ?? 'not a pair')
}

function refuse(place: string, what: string): PlatformError {
  const form = 'a pair is {prompt, scores: {model: number}}, without what is not known'
  return new PlatformError('INVALID_REQUEST', `${place}: ${what}; ${form}`, { param: place })
}
