import { z } from 'zod'

export const copyrightSchema = z
  .strictObject({
    isCommercial: z
      .boolean()
      .default(true)
      .describe('Whether what is done here is commercial: licences that forbid that permit nothing then.'),
    unknown: z
      .strictObject({
        search: z.boolean().default(true).describe('Found by search and shown in part.'),
        ground: z.boolean().default(true).describe('Given to a model as the source of an answer.'),
        train: z.boolean().default(false).describe('Used for training, and for what training is made of.'),
      })
      .prefault({})
      .describe('What a document may be used for when its sources say nothing of it.'),
    overlap: z
      .enum(['off', 'cite', 'cut', 'refuse'])
      .default('cite')
      .describe(
        'What is done when an answer gives its sources again word by word: cite · cut, and cite, beyond the limit · refuse, and end the answer there. The limit is that of works that may not be copied.',
      ),
    citeTokensMin: z
      .int()
      .min(10)
      .max(10_000)
      .default(50)
      .describe('Words and marks from which on a stretch is cited.'),
    citeCharactersMin: z.int().min(50).max(100_000).default(280).describe('The same in characters that are not blank.'),
    limitTokensMax: z
      .int()
      .min(10)
      .max(100_000)
      .default(100)
      .describe('Most words and marks given again of a work that may not be copied.'),
    codeCharactersMax: z
      .int()
      .min(50)
      .max(100_000)
      .default(150)
      .describe('The same of code, in characters that are not blank.'),
  })
  .describe('What works may be used for, and how much of them an answer may give again.')
