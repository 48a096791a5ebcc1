import { z } from 'zod'

const regions = z.array(
  z.string().regex(/^[a-z*][a-z0-9-]*$/, 'a region of the lattice, lower case: de, eu, us, local'),
)
const day = z.iso.date()

/** Objectives of the EU Cloud Sovereignty Framework: strategic, legal, data, operational, supply chain, technology, security, environment. */
const objectives = ['SOV-1', 'SOV-2', 'SOV-3', 'SOV-4', 'SOV-5', 'SOV-6', 'SOV-7', 'SOV-8'] as const
const level = z.int().min(0).max(4)

/** What may be said of a place, and evidence may be for. */
const attributes = [
  'abuseLog',
  'operator',
  'parents',
  'subprocessors',
  'transfer',
  'trainsOnInput',
  'keys',
  'seal',
] as const

const placeAttributesSchema = z.strictObject({
  abuseLog: z
    .strictObject({
      days: z.int().min(0).max(36_500).describe('Days for which copies are kept to detect abuse; 0 for never.'),
      regions: regions.default([]).describe('Regions in which they are kept.'),
    })
    .optional()
    .describe('Copies that the place keeps to detect abuse.'),
  operator: regions.optional().describe('Jurisdictions whose law can compel the operator: its seats and branches.'),
  parents: regions.optional().describe('Jurisdictions of the companies above it; [] for none.'),
  subprocessors: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200).describe('What it is called.'),
        jurisdictions: regions.min(1).describe('Whose law can compel it.'),
        processing: regions.default([]).describe('Regions in which it processes.'),
      }),
    )
    .max(256)
    .optional()
    .describe('Everybody it passes data on to; [] for nobody.'),
  transfer: z
    .enum(['adequacy', 'safeguards', 'derogation', 'none'])
    .optional()
    .describe('What a transfer of personal data out of the home is based on.'),
  trainsOnInput: z.boolean().optional().describe('Whether it trains on what it is sent.'),
  keys: z
    .enum(['provider', 'customer', 'own'])
    .optional()
    .describe('Who holds the keys of stored data: provider · customer, within the provider · own, the customer alone.'),
  seal: z.partialRecord(z.enum(objectives), level).optional().describe('SEAL level reached, by objective, 0 to 4.'),
  evidence: z
    .array(
      z.strictObject({
        for: z.array(z.enum(attributes)).min(1).optional().describe('What it shows; everything when absent.'),
        url: z.string().min(1).max(2_000).describe('Where it lies: an address, a file, a number of a contract.'),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .optional()
          .describe('Hash of what lies there.'),
        on: day.describe('The day it is of.'),
        expires: day.describe('The first day on which it no longer counts.'),
      }),
    )
    .max(64)
    .default([])
    .describe('What the rest stands on. What no evidence in force shows is unknown, and unknown is not allowed.'),
})

export const placeSovereigntySchema = z
  .union([z.literal('own'), placeAttributesSchema])
  .describe(
    'Who runs the place and under which law. own: the organisation itself, with nobody else involved. Unknown when absent, which governance.sovereignty refuses.',
  )

export const sovereigntySchema = z
  .strictObject({
    mode: z
      .enum(['enforce', 'shadow'])
      .default('enforce')
      .describe('enforce refuses what the pack denies; shadow logs once for each place what it would refuse.'),
    dataClass: z
      .enum(['public', 'internal', 'personal', 'special', 'secret'])
      .default('personal')
      .describe('What requests carry, and everything made of them: embeddings, judgements, traces, counts.'),
    home: regions
      .min(1)
      .default(['eea'])
      .describe('Outside of these, personal data is transferred to a third country.'),
    allowedJurisdictions: regions
      .min(1)
      .default(['eea'])
      .describe('Whose law may be able to compel who runs a place, for special categories and secrets.'),
    seal: z
      .partialRecord(z.enum(objectives), level)
      .default({})
      .describe('SEAL levels a place has to reach, by objective, 0 to 4.'),
  })
  .describe(
    'Decides by the pack eu-sovereignty on every connection that leaves: endpoints, embeddings, judges, trace export, alerts, meters. Regions alone decide when absent.',
  )
