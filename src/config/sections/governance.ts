import { z } from 'zod'

const region = z.string().regex(/^[a-z*][a-z0-9-]*$/, 'a region, lower case')

export const governanceSchema = z
  .strictObject({
    allowedRegions: z
      .array(region)
      .default(['local'])
      .describe(
        'Regions a request may be processed and stored in when its key says nothing narrower. `*` is everywhere.',
      ),
    regions: z
      .record(region, z.array(region))
      .default({})
      .describe(
        'Regions of your own, each with the regions it lies in: { "frankfurt": ["de"] }. Countries, eu, eea and local are built in.',
      ),
    keyDaysMax: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe('Longest life of a new key, days; without bound when absent.'),
  })
  .describe('Who may do what, and where data may go.')
