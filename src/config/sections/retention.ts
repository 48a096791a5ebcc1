import { z } from 'zod'

const textDays = (what: string) =>
  z.int().min(1).max(36_500).optional().describe(`How long ${what} are kept, days. Never erased when absent.`)
const days = z.int().min(183).max(36_500)

export const retentionSchema = z
  .strictObject({
    days: days
      .optional()
      .describe(
        'How long calls are kept, days; at least 183, the six months of Article 19. Never deleted when absent. Their hashes stay in the audit log.',
      ),
    useCases: z
      .record(z.string().min(1).max(64), days)
      .default({})
      .describe('The same for calls of single use cases, by name; it goes before `days`.'),
    texts: z
      .strictObject({
        feedback: textDays('prompts, answers and comments that came with feedback'),
        shadows: textDays('prompts and answers of shadows'),
        evaluations: textDays('prompts and answers of evaluations'),
      })
      .default({})
      .describe('Erasing words that are kept beside calls; what was measured of them stays.'),
  })
  .describe(
    'Deleting calls, and erasing words that are kept beside them, by the clock. A legal hold stops it: /v1/holds.',
  )
