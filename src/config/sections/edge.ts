import { z } from 'zod'
import { baseAddress } from './addresses.ts'
import { placeSovereigntySchema } from './sovereignty.ts'

const nodeName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'small letters, digits and . _ -; at most 64')
const regions = z.array(z.string().min(1).max(64)).max(64)
const dollars = z.string().regex(/^\d{1,12}(?:\.\d{1,12})?$/, 'decimal dollars as a string, for example "5.00"')

export const edgeSchema = z
  .strictObject({
    centre: z
      .strictObject({
        url: baseAddress().describe('Address of the centre, without /v1.'),
        key: z.string().min(1).max(512).describe('The key of this node at the centre; its records are signed with it.'),
        node: nodeName.describe('The name of this node at the centre.'),
        processing: regions
          .optional()
          .describe('Regions in which the centre processes; unknown when absent, and unknown is not allowed.'),
        storage: regions.optional().describe('Regions in which it stores.'),
        sovereignty: placeSovereigntySchema.optional(),
        everyMs: z
          .int()
          .min(100)
          .max(86_400_000)
          .default(5_000)
          .describe('Between two attempts to settle, milliseconds; up to a minute while the centre is not reached.'),
      })
      .optional()
      .describe(
        'Makes this server an edge node: it serves alone when the centre is away, and tells it each call once when it is back.',
      ),
    nodes: z
      .record(
        nodeName,
        z.strictObject({
          key: z
            .string()
            .min(1)
            .max(128)
            .describe('Id of the key that the node signs in with, as GET /v1/keys lists it.'),
          usd: dollars.default('0').describe('Most that it may have spent and not yet settled.'),
          regions: regions.default(['local']).describe('Regions it may send to while its lease holds.'),
          leaseMs: z
            .int()
            .min(1_000)
            .max(31_536_000_000)
            .default(86_400_000)
            .describe('How long a lease holds after the last settlement, milliseconds.'),
        }),
      )
      .default({})
      .describe('Edge nodes that settle with this server, by name.'),
  })
  .describe('Servers that go on alone and settle up later.')
