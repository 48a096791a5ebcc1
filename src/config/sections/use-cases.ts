import { z } from 'zod'

export const registrySchema = z
  .strictObject({
    activation: z
      .enum(['all-dates', 'now'])
      .default('all-dates')
      .describe(
        'What a registered use case must meet before it can be activated: every rule of the packs in force, also those that apply from a later day, or only the rules of today.',
      ),
  })
  .describe('Use cases that tenants register beside those declared here: /v1/use-cases.')

export const signalsSchema = z
  .strictObject({
    mode: z
      .enum(['off', 'flag', 'review'])
      .default('flag')
      .describe(
        'What is done when the words of requests hint at something that their use case does not declare: nothing, `flag` it in the registry, or also have requests of a registered use case reviewed.',
      ),
    mismatchesMin: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(5)
      .describe('Hints of one kind from which on requests are reviewed (mode `review`).'),
    charactersMax: z
      .int()
      .min(100)
      .max(1_000_000)
      .default(8_192)
      .describe('How much of the last words of a request is looked at, characters.'),
  })
  .describe('Word lists that look at what people ask; they can only raise what a use case declares.')
