import { z } from 'zod'
import { address } from './addresses.ts'
import { placeSovereigntySchema } from './sovereignty.ts'

const regions = z.array(z.string().regex(/^[a-z*][a-z0-9-]*$/, 'a region, lower case'))

const place = {
  url: address().describe('Its address.'),
  processing: regions.min(1).describe('Regions in which it processes.'),
  storage: regions.describe('Regions in which it stores.'),
  sovereignty: placeSovereigntySchema.optional(),
}

/** What belongs to `governance.audit`: who else says that the log was there. */
export const witnessSettings = {
  witnesses: z
    .array(
      z.strictObject({
        ...place,
        key: z.string().min(1).max(400).describe('Its public key for cosignatures, as NAME+HASH+KEY.'),
      }),
    )
    .max(8)
    .default([])
    .describe(
      'Witnesses (C2SP tlog-witness) that are shown checkpoints with the proof that the log has grown, and cosign them.',
    ),
  witnessMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(600_000)
    .describe(
      'How often the last checkpoint is shown to witnesses, and to the authority when that is due, milliseconds.',
    ),
  timestamps: z
    .strictObject({
      ...place,
      everyMs: z
        .int()
        .min(1_000)
        .max(31_536_000_000)
        .default(86_400_000)
        .describe('Least time between two time-stamps, milliseconds.'),
    })
    .optional()
    .describe('A time-stamping authority (RFC 3161) that says when checkpoints were there. None when absent.'),
}
