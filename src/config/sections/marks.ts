import { z } from 'zod'

const when = z.enum(['off', 'obliged', 'always'])

export const marksSchema = z
  .strictObject({
    provenance: when
      .default('obliged')
      .describe(
        'Signed, time-stamped provenance in `strata.provenance` of answers: `obliged` where a policy pack asks for machine-readable marks.',
      ),
    record: when
      .default('obliged')
      .describe(
        'Keyed fingerprints of generated texts, so that a text given back is known again (/v1/marks/detect): `obliged` as above.',
      ),
    wordsMin: z
      .int()
      .min(50)
      .max(100_000)
      .default(150)
      .describe('Shortest text of which fingerprints are kept; a word, or a Chinese character.'),
    days: z.int().min(1).max(36_500).default(400).describe('How long fingerprints are kept, days.'),
    notices: z
      .enum(['extension', 'text'])
      .default('extension')
      .describe(
        'Where notices and labels that policy packs ask for stand: in `strata.notices` of the answer, or before its text as well.',
      ),
    texts: z
      .record(
        z.string().regex(/^[a-z]{2,3}$/, 'a language: en, zh, de'),
        z.strictObject({
          notice: z.string().min(1).max(1_000).describe('Said at the first turn.'),
          agent: z.string().min(1).max(1_000).optional().describe('Said by an agent instead; the notice when absent.'),
          affected: z.string().min(1).max(1_000).optional().describe('Said to people whom decisions concern.'),
          label: z.string().min(1).max(200).describe('The explicit label of generated content.'),
        }),
      )
      .default({})
      .describe('Your own words by language; English and Chinese are built in.'),
    producer: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(
        'Name or code of who generates, in the AIGC field and in provenance; governance.audit.origin when absent.',
      ),
    key: z
      .string()
      .min(32)
      .optional()
      .describe(
        'Secret of the fingerprints, as ${NAME}; derived from the signing key of the data folder when absent. Processes that share a database need the same one.',
      ),
  })
  .describe('What tells people, and machines, that something was generated.')
