import { z } from 'zod'
import { copyrightSchema } from './copyright.ts'
import { guardsSchema } from './guards.ts'
import { marksSchema } from './marks.ts'
import { privacySchema } from './privacy.ts'
import { provisioningSchema } from './provisioning.ts'
import { signOnSchema } from './sign-on.ts'
import { sovereigntySchema } from './sovereignty.ts'
import { retentionSchema } from './retention.ts'
import { reviewsSchema } from './reviews.ts'
import { witnessSettings } from './witnesses.ts'
import { registrySchema, signalsSchema } from './use-cases.ts'

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
    policies: z
      .array(
        z.strictObject({
          pack: z.string().min(1).describe('Id of a pack that comes with Strata, or path of a file of your own.'),
          mode: z
            .enum(['enforce', 'shadow'])
            .default('enforce')
            .describe(
              '`enforce` refuses what the pack denies or wants reviewed; `shadow` only puts on record what it would.',
            ),
        }),
      )
      .max(16)
      .default([])
      .describe(
        'Policy packs in force; the most restrictive wins. `strata policy list` names those that come with Strata.',
      ),
    useCases: z
      .record(
        z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a name: lower-case letters, digits, dot, dash, underscore'),
        z.record(z.string(), z.record(z.string(), z.unknown())),
      )
      .default({})
      .describe(
        'Declared use cases: by name, for each pack by its id, the answers to its questions (`strata policy questions PACK`). What is not answered is unknown.',
      ),
    defaultUseCase: z
      .string()
      .optional()
      .describe('The use case of keys and requests that name none; without it nothing is known of them.'),
    audit: z
      .strictObject({
        origin: z
          .string()
          .regex(/^[^\s+]{1,100}$/, 'a name without spaces or plus signs')
          .default('strata')
          .describe('Name of the audit log, as its checkpoints carry it; unique among the logs an auditor sees.'),
        key: z
          .string()
          .min(1)
          .optional()
          .describe(
            'Ed25519 private key in PEM that signs checkpoints, as ${NAME}; one is made in the data folder when absent. Processes that share a database need the same one.',
          ),
        sealMs: z
          .int()
          .min(1_000)
          .max(86_400_000)
          .default(60_000)
          .describe('How often a checkpoint signs what the log has come to, milliseconds.'),
        ...witnessSettings,
      })
      .prefault({})
      .describe('The log of every call and administrative act that auditors can check with a public key alone.'),
    marks: marksSchema.prefault({}),
    retention: retentionSchema.prefault({}),
    registry: registrySchema.prefault({}),
    signals: signalsSchema.prefault({}),
    reviews: reviewsSchema.prefault({}),
    provisioning: provisioningSchema.prefault({}),
    keyDaysMax: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe('Longest life of a new key, days; without bound when absent.'),
    privacy: privacySchema.prefault({}),
    copyright: copyrightSchema.prefault({}),
    guards: guardsSchema,
    sovereignty: sovereigntySchema.optional(),
    signOn: signOnSchema.optional(),
  })
  .describe('Who may do what, and where data may go.')
