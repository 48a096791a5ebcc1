import { z } from 'zod'

/** Bounds of what a model writes of passages, and what it counts. */
export const contextsSchema = z
  .strictObject({
    weight: z
      .number()
      .min(0)
      .max(100)
      .default(0.3)
      .describe('What a context counts in a search by words, where the text of the passage counts 1; nothing at 0.'),
    tokensMax: z
      .int()
      .min(16)
      .max(8_192)
      .default(200)
      .describe('Most output tokens of one context; more for a model that thinks before it writes.'),
    charactersMax: z
      .int()
      .min(40)
      .max(4_000)
      .default(600)
      .describe('Longest context kept, in characters; a longer one ends with its last whole sentence.'),
    documentCharactersMax: z
      .int()
      .min(1_000)
      .max(4_000_000)
      .default(60_000)
      .describe(
        'Characters of a document that the model is shown with a passage; a longer document is shown in parts.',
      ),
    documentPassagesMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(2_000)
      .describe('Passages of a document that are written of; those behind stay without.'),
    documentUsdMax: z
      .string()
      .max(40)
      .regex(/^\d+(\.\d+)?$/, 'decimal dollars as a string, for example "0.50"')
      .default('1')
      .describe('USD after which no more is written of a document; answers under way may go a little beyond it.'),
    atOnce: z.int().min(1).max(64).default(4).describe('Questions to the model under way at once, of one collection.'),
    askMsMax: z.int().min(1_000).max(600_000).default(60_000).describe('Longest wait for one context, milliseconds.'),
  })
  .describe('What a model writes of where passages stand in their documents, where a collection has it written.')
