import { z } from 'zod'

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
  })
  .describe('Deleting calls by the clock. A legal hold stops it: /v1/holds.')
