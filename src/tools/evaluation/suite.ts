import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { parseJsonLine } from '../../core/json-lines.ts'

/**
 * What is expected of an answer. Each part that is given is a score of its own, 0…1; the score of the answer is the least
 * of them. Nothing expected and no judge: the score is unmeasured.
 */
const expectationSchema = z
  .strictObject({
    equals: z.string().max(100_000).optional().describe('The whole answer, but for case, width and space.'),
    contains: z.array(z.string().min(1).max(10_000)).min(1).max(64).optional().describe('All of these, in any order.'),
    excludes: z.array(z.string().min(1).max(10_000)).min(1).max(64).optional().describe('None of these.'),
    choice: z
      .string()
      .regex(/^[A-Za-z]$/)
      .optional()
      .describe('The letter of a multiple choice: the last one the answer settles on.'),
    number: z.number().optional().describe('The number the answer ends with.'),
    tolerance: z.number().min(0).optional().describe('How far the number may be off; 0 when absent.'),
    json: z.record(z.string(), z.unknown()).optional().describe('The answer is JSON with at least these members.'),
    judge: z.string().min(1).max(10_000).optional().describe('What a judge model looks for, in words.'),
  })
  .describe('What is expected of the answer.')

export type Expectation = Readonly<z.infer<typeof expectationSchema>>

export const caseSchema = z.looseObject({
  id: z.string().min(1).max(256).optional().describe('Name of the case; its number when absent.'),
  prompt: z.string().min(1).max(1_000_000).describe('What is asked.'),
  expect: expectationSchema.default({}).describe('What is expected of the answer.'),
})

export interface EvaluationCase {
  readonly id: string
  readonly prompt: string
  readonly expect: Expectation
}

/** A case from one line of a suite. Throws INVALID_REQUEST that names the line and the member. */
export function parseCase(text: string, lineNumber: number): EvaluationCase {
  const parsed = caseSchema.safeParse(parseJsonLine(text, lineNumber))
  if (parsed.success) {
    const { id, prompt, expect } = parsed.data
    return { id: id ?? String(lineNumber), prompt, expect }
  }
  const [issue] = parsed.error.issues
  const place = [`line ${lineNumber}`, ...(issue?.path.map(String) ?? [])].join('.')
  throw new PlatformError('INVALID_REQUEST', `${place}: ${issue?.message ?? 'not a case'}`, { param: place })
}
