import { z } from 'zod'

const region = z.string().regex(/^[a-z*][a-z0-9-]*$/, 'a region, lower case')

export const privacySchema = z
  .strictObject({
    types: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Types of personal data that are masked or refused; `strata privacy types` lists them. All but url, domain, age, postal-code and cn-uscc when absent.',
      ),
    confidenceMin: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('How sure a finding must be to be masked or refused, 0 to 1.'),
    seenIn: z
      .array(region)
      .optional()
      .describe(
        'Regions in which personal data may be seen: endpoints that process or store elsewhere get it masked, unless their own personalData says otherwise. No bound when absent.',
      ),
    documents: z
      .enum(['keep', 'mask', 'vault', 'refuse'])
      .default('keep')
      .describe(
        'What is done with personal data in documents that are taken in: keep · mask, the type stands for it, for good · vault, a token stands for it and the vault keeps the value · refuse the document.',
      ),
    collections: z
      .record(z.string(), z.enum(['keep', 'mask', 'vault', 'refuse']))
      .default({})
      .describe('The same for single collections, by name.'),
    names: z
      .strictObject({
        with: z
          .string()
          .min(1)
          .describe(
            'Id of the endpoint that is asked. It has to be said of it that it may see personal data: personalData: allow, within seenIn, or local.',
          ),
        types: z
          .array(z.enum(['name', 'address']))
          .min(1)
          .default(['name', 'address'])
          .describe('What is looked for.'),
        onError: z
          .enum(['closed', 'open'])
          .default('closed')
          .describe(
            'What happens where it cannot be known: closed, nothing goes out or is taken in · open, only what has a form is found.',
          ),
        msMax: z
          .int()
          .min(1)
          .max(600_000)
          .default(20_000)
          .describe('Milliseconds for all texts of a request together.'),
        pieceCharacters: z.int().min(200).max(100_000).default(6_000).describe('Characters of text in one question.'),
        charactersMax: z
          .int()
          .min(200)
          .max(10_000_000)
          .default(400_000)
          .describe('Characters of a request or document that are looked at; more counts as an error.'),
        keptMax: z
          .int()
          .min(0)
          .max(1_000_000)
          .default(10_000)
          .describe('Pieces of text whose findings are remembered, by their hash, in memory.'),
      })
      .optional()
      .describe(
        'Names and addresses of people, found by a model wherever personal data is masked, refused or taken out of documents. Not looked for when absent.',
      ),
    key: z
      .string()
      .min(24)
      .optional()
      .describe(
        'Secret that the keys of the vault are sealed with, as ${NAME} from the environment. Without it they lie in the database as they are.',
      ),
  })
  .describe('Personal data: what counts, who may see it, and how what was taken out is kept.')
