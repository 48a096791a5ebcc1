import { z } from 'zod'

/** What a request can be asked by; every key of one condition has to hold. Unknown is neither true nor false. */
export type ConditionConfig = z.infer<typeof signalConditions> & {
  readonly all?: readonly ConditionConfig[] | undefined
  readonly any?: readonly ConditionConfig[] | undefined
  readonly not?: ConditionConfig | undefined
}

const word = z.string().min(1).max(128)
const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1).max(64)])

/** What `core/language.ts` can find, without scripts. */
export const languages = [
  'zh',
  'en',
  'ja',
  'ko',
  'ru',
  'ar',
  'hi',
  'th',
  'el',
  'he',
  'de',
  'fr',
  'es',
  'it',
  'pt',
  'nl',
  'pl',
  'sv',
  'da',
  'nb',
  'fi',
  'cs',
  'sk',
  'hu',
  'ro',
  'hr',
  'sl',
  'tr',
  'vi',
  'id',
  'ms',
  'ca',
  'lt',
  'lv',
  'et',
  'sq',
  'eu',
  'gl',
  'is',
  'af',
  'tl',
  'sw',
  'az',
  'cy',
  'ga',
  'eo',
  'la',
  'uk',
  'be',
  'bg',
  'sr',
  'mk',
  'kk',
  'mn',
  'fa',
  'ur',
  'mr',
  'hy',
  'bn',
  'pa',
  'gu',
  'or',
  'ta',
  'te',
  'kn',
  'ml',
  'si',
  'lo',
  'bo',
  'my',
  'ka',
  'am',
  'km',
] as const
export const tasks = [
  'code',
  'math',
  'translation',
  'summary',
  'extraction',
  'classification',
  'writing',
  'question',
] as const
export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

const wholeRange = z
  .strictObject({
    atLeast: z.int().min(0).max(1_000_000_000).optional().describe('This number or more.'),
    below: z.int().min(1).max(1_000_000_000).optional().describe('Less than this number.'),
  })
  .refine(({ atLeast, below }) => atLeast !== undefined || below !== undefined, 'give atLeast, below or both')

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 08:30')

const namedValue = z.strictObject({
  name: word.describe('Its name.'),
  is: oneOrMore(z.string().max(1_024)).optional().describe('What it may be; present with any value when absent.'),
})

const signalConditions = z.strictObject({
  language: oneOrMore(z.enum(languages)).optional().describe('Language of the last question.'),
  task: oneOrMore(z.enum(tasks)).optional().describe('What is asked for, by the words of the question.'),
  tokens: wholeRange.optional().describe('Estimated input tokens of the whole request.'),
  turns: wholeRange.optional().describe('Messages of the request.'),
  outputTokens: wholeRange.optional().describe("The client's bound on output tokens; unknown when it gave none."),
  tools: z.boolean().optional().describe('Whether the request brings tools.'),
  input: oneOrMore(z.enum(['image', 'audio', 'file']))
    .optional()
    .describe('Whether the request holds such a part.'),
  format: oneOrMore(z.enum(['text', 'json', 'json-schema']))
    .optional()
    .describe('The form of answer asked for.'),
  stream: z.boolean().optional().describe('Whether the answer is to be streamed.'),
  effort: oneOrMore(z.enum(efforts)).optional().describe('The reasoning effort asked for; unknown when none was.'),
  personal: z
    .union([z.boolean(), oneOrMore(word)])
    .optional()
    .describe('Personal data in the request: any, or of one of these types, such as email or cn-resident-id.'),
  contains: oneOrMore(word).optional().describe('The last question holds one of these texts, whatever its case.'),
  label: namedValue.optional().describe('A label that governance gave the request.'),
  header: namedValue.optional().describe('A header of the request that begins with x-; names are not case-sensitive.'),
  key: oneOrMore(word).optional().describe('Id of the key that asks.'),
  tenant: oneOrMore(word).optional().describe('Id of the tenant that asks.'),
  healthy: word.optional().describe('An endpoint that may be tried now.'),
  network: z
    .enum(['up', 'down'])
    .optional()
    .describe('Whether any endpoint outside this machine may be tried now; unknown when there is none.'),
  latency: z
    .strictObject({
      of: word.describe('An endpoint.'),
      below: z.int().min(1).max(3_600_000).describe('Milliseconds.'),
    })
    .optional()
    .describe('Recent time to the first byte of an endpoint; unknown before the first.'),
  price: z
    .strictObject({
      of: word.describe('An endpoint.'),
      below: z
        .string()
        .regex(/^\d+(\.\d+)?$/, 'decimal dollars as a string, for example "0.15"')
        .describe('USD.'),
    })
    .optional()
    .describe('What the request costs at most at an endpoint, by its price now; unknown without price or bound.'),
  time: z
    .strictObject({
      from: clockTime.optional().describe('From this time of day on; midnight when absent.'),
      to: clockTime.optional().describe('Until this time of day; an earlier one than `from` is of the next day.'),
      zone: word.describe('Time zone such as Asia/Shanghai or UTC.'),
      days: z
        .array(z.enum(days))
        .min(1)
        .max(7)
        .optional()
        .describe('Days on which `from` falls; every day when absent.'),
    })
    .optional()
    .describe('The time of day at which the request came.'),
  unknown: z
    .enum(['language', 'task', 'effort', 'outputTokens', 'network', 'personal'])
    .optional()
    .describe('Holds when that signal is not known.'),
})

/** Conditions hold conditions, so that they name each other lazily. */
const part: z.ZodType<ConditionConfig> = z.lazy(() => conditionSchema)

export const conditionSchema: z.ZodType<ConditionConfig> = z
  .strictObject({
    ...signalConditions.shape,
    all: z.array(part).min(1).max(32).optional().describe('Every one holds.'),
    any: z.array(part).min(1).max(32).optional().describe('At least one holds.'),
    not: part.optional().describe('Does not hold; unknown stays unknown.'),
  })
  .refine((condition) => Object.values(condition).some((value) => value !== undefined), 'name at least one signal')
  .meta({ id: 'condition', description: 'When it is taken: every key has to hold.' })
