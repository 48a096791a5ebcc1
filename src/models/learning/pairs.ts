import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
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
const pairSchema = z.looseObject({
  prompt: z.string().min(1),
  scores: z.record(modelName, z.number()),
  answers: z.record(modelName, z.string()).optional(),
  costs: z.record(modelName, z.number().min(0)).optional(),
  embedding: z.array(z.number()).min(1).max(dimensionsMax).optional(),
})

export const pairsMax = 200_000
export const modelsMax = 64

/** One pair of a line of JSON. Throws INVALID_REQUEST that names the line. Other members are passed over. */
export function parsePair(line: string, lineNumber: number): TrainingPair {
  const parsed = pairSchema.safeParse(parseLine(line, lineNumber))
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
  throw new PlatformError(
    'INVALID_REQUEST',
    `${place}: ${issue?.message ?? 'not a pair'}; a pair is {prompt, scores: {model: number}}`,
    {
      param: place,
    },
  )
}

/** Reads JSON lines; throws INVALID_REQUEST that names the line. */
export function parseLine(line: string, lineNumber: number): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new PlatformError('INVALID_REQUEST', `line ${lineNumber} is not JSON`, { param: `line ${lineNumber}`, cause })
  }
}
