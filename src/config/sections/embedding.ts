import { z } from 'zod'

const prefix = z.string().max(2_000)

/** How an endpoint that embeds is told questions from passages. */
export const embeddingSchema = z
  .strictObject({
    query: prefix.default('').describe('What is put before every question.'),
    passage: prefix.default('').describe('What is put before every passage.'),
    parameter: z
      .strictObject({
        name: z
          .string()
          .regex(/^[a-zA-Z][a-zA-Z_]{0,63}$/, 'a name of a parameter, for example input_type')
          .describe('For openai as it stands in the body, for other dialects as their package names it.'),
        query: z.string().min(1).max(200).describe('Its value for questions.'),
        passage: z.string().min(1).max(200).describe('Its value for passages.'),
      })
      .optional()
      .describe('A parameter of the request that says it; for openai, google, cohere, bedrock and alibaba.'),
  })
  .describe(
    'How the model tells questions from passages: { query: "query: ", passage: "passage: " }. As its makers say where the name of the model is well known, when absent; {} for nothing at all. A change needs a new generation of vectors.',
  )

/** Dialects in whose requests a parameter can stand. */
export const embeddingParameterDialects: readonly string[] = [
  'openai',
  'openai-responses',
  'google',
  'cohere',
  'bedrock',
  'alibaba',
]
