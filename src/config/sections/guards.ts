import { z } from 'zod'
import { languages } from './conditions.ts'
import { budgetLimitsSchema, modelName } from './node-settings.ts'

/** Where a guard looks: `tools` are results of tools, `passages` what was found for an answer, `answer` all that a model says. */
export const guardPlaces = ['system', 'input', 'tools', 'passages', 'answer'] as const
const place = z.enum(guardPlaces)

const commons = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a name: lower-case letters, digits, dot, dash, underscore')
    .optional()
    .describe('What reports and metrics call it; its kind when absent.'),
  models: z
    .array(modelName)
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Models it guards, as clients name them; all when absent. A network that comes with a request is always guarded.',
    ),
  ms: z
    .int()
    .min(1)
    .max(600_000)
    .optional()
    .describe('Longest it may take for one text, milliseconds; 1000 when absent, 10000 for a judge.'),
  onError: z
    .enum(['open', 'closed'])
    .default('closed')
    .describe(
      'What happens when it cannot tell in time or fails: open lets the text pass, closed refuses with GUARD_FAILED.',
    ),
}

const everyAction = z
  .enum(['observe', 'block', 'rewrite'])
  .describe(
    'observe only reports · block refuses with GUARD_REFUSED · rewrite puts a mark in the place of what was found.',
  )
const noRewrite = z.enum(['observe', 'block']).describe('observe only reports · block refuses with GUARD_REFUSED.')
const mark = z
  .string()
  .max(200)
  .optional()
  .describe('What stands in the place of what was found; [removed: KIND] when absent.')

function at(fallback: readonly (typeof guardPlaces)[number][]) {
  return z
    .array(place)
    .min(1)
    .max(guardPlaces.length)
    .default([...fallback])
    .describe(
      'Where it looks: system (instructions and descriptions of tools), input (what users say, history included), tools (results of tools), passages (what was found), answer.',
    )
}

const guardSchema = z.discriminatedUnion('guard', [
  z.strictObject({
    guard: z.literal('injection').describe('Attempts to take over the model: heuristics for Chinese and English.'),
    ...commons,
    at: at(['input', 'tools', 'passages']),
    do: everyAction,
    to: mark,
    threshold: z
      .number()
      .min(0.05)
      .max(1)
      .default(0.5)
      .describe('From which score on it counts, 0 to 1; one strong sign is enough for 0.5.'),
  }),
  z.strictObject({
    guard: z
      .literal('secrets')
      .describe('Keys of known vendors, private keys, JWTs, passwords in addresses and assignments.'),
    ...commons,
    at: at(['input', 'tools', 'passages', 'answer']),
    do: everyAction,
    to: mark,
    types: z
      .array(z.string().min(1).max(64))
      .min(1)
      .optional()
      .describe('Types of secrets it looks for; all when absent. The guide lists them.'),
  }),
  z.strictObject({
    guard: z.literal('terms').describe('Words and phrases, whatever their case, width, script and tricks.'),
    ...commons,
    at: at(['input', 'answer']),
    do: everyAction,
    to: mark,
    terms: z.array(z.string().min(1).max(200)).min(1).max(20_000).describe('What is looked for.'),
    within: z.boolean().default(false).describe('Whether a term of letters also counts inside a longer word.'),
  }),
  z.strictObject({
    guard: z.literal('pattern').describe('An expression of a closed language, matched in linear time.'),
    ...commons,
    at: at(['input', 'answer']),
    do: everyAction,
    to: mark,
    pattern: z
      .string()
      .min(1)
      .max(2_000)
      .describe(
        'Literals, classes, . | ( ) * + ? {n,m} and \\d \\w \\s; neither references nor look-around. A match has at most 1024 characters.',
      ),
    caseless: z.boolean().default(false).describe('Whether upper and lower case are the same.'),
    words: z.boolean().default(false).describe('Whether a match must not touch a letter or digit.'),
  }),
  z.strictObject({
    guard: z.literal('schema').describe('The answer is JSON of a schema.'),
    ...commons,
    do: noRewrite,
    schema: z
      .union([z.literal('request'), z.record(z.string(), z.unknown())])
      .default('request')
      .describe('JSON Schema of the answer; request takes the one that the client asked for.'),
  }),
  z.strictObject({
    guard: z.literal('language').describe('The text is in one of these languages.'),
    ...commons,
    at: at(['answer']),
    do: noRewrite,
    is: z.array(z.enum(languages)).min(1).describe('Languages that are allowed. A text that shows none passes.'),
  }),
  z.strictObject({
    guard: z.literal('length').describe('The text is not longer than this.'),
    ...commons,
    at: at(['answer']),
    do: everyAction,
    charactersMax: z
      .int()
      .min(1)
      .max(100_000_000)
      .describe('Most characters (UTF-16 units) of one text; rewrite cuts there.'),
  }),
  z.strictObject({
    guard: z.literal('judge').describe('Another model says whether a text breaks a rule.'),
    ...commons,
    at: at(['input']),
    do: noRewrite,
    by: modelName.describe('The model that judges; it is reached through the same door as any other.'),
    rule: z.string().min(1).max(20_000).describe('What is not allowed, in plain words.'),
    charactersMax: z
      .int()
      .min(100)
      .max(1_000_000)
      .default(20_000)
      .describe('Most characters it is shown of a text; a longer one it cannot tell.'),
    budget: budgetLimitsSchema.optional().describe('Most that one judgement may spend.'),
  }),
])

export const guardsSchema = z
  .array(guardSchema)
  .max(64)
  .default([])
  .describe('Guards of what goes to models and comes from them, asked in this order.')

export type GuardConfig = z.infer<typeof guardSchema>
export type GuardPlace = (typeof guardPlaces)[number]
