import { z } from 'zod'
import { efforts } from './conditions.ts'

export const temperature = z
  .number()
  .min(0)
  .max(2)
  .optional()
  .describe("Temperature of the samples; the request's own when absent.")
export const parallel = z.int().min(1).max(64)
export const prompt = z.string().min(1).max(20_000)
export const share = z.number().min(0).max(1)
export const modelName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._:/-]{0,127}$/, 'the name of a model')
export const answerKey = z
  .enum(['answer', 'json', 'exact', 'semantic'])
  .optional()
  .describe(
    'What makes two answers the same: the final answer taken from the text, the JSON, the whole text, or its meaning; answer when absent.',
  )
export const routeEmbedder = modelName
  .optional()
  .describe('The embedding model the router was trained with; without it the router reads words alone.')
export const embedder = modelName.optional().describe('The embedding model that compares meanings; needed by semantic.')

export const voteSettings = z.strictObject({
  n: z.int().min(1).max(64).optional().describe('Samples at most; 8 when absent, or one of each model of a list.'),
  key: answerKey,
  embedder,
  stop: z
    .enum(['adaptive', 'all'])
    .optional()
    .describe('adaptive ends as soon as the leader is certain enough; all takes every sample. adaptive when absent.'),
  confidence: z
    .number()
    .min(0.5)
    .max(0.9999)
    .optional()
    .describe('How certain the leader has to be for an adaptive stop; 0.95 when absent.'),
  parallel: parallel.optional().describe('Samples under way at once; 2 when absent.'),
  temperature,
})

export const judgeSettings = z.strictObject({
  rubric: prompt.optional().describe('What a good answer is; a general rubric when absent.'),
})

/** The name of a function as a program has it, with dots for members. Nothing else may get into the program from here. */
const functionName = z.string().regex(/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*){0,4}$/, 'the name of a function')

export const codeCheckSchema = z
  .strictObject({
    call: functionName.max(128).describe('The function that the program has to define.'),
    cases: z
      .array(
        z.strictObject({
          arguments: z.array(z.json()).max(16).describe('What it is called with.'),
          result: z.json().describe('What it has to give, or a promise of it.'),
        }),
      )
      .min(1)
      .max(64)
      .describe('Every case has to come out.'),
    ms: z.int().min(10).max(30_000).optional().describe('Time for all cases, milliseconds; 1,000 when absent.'),
    memoryMb: z.int().min(4).max(256).optional().describe('Memory of the program, MiB; 32 when absent.'),
  })
  .describe('The answer holds a JavaScript program, which is run apart, without files and network, and called.')

export const checkShape = {
  schema: z
    .union([z.literal('request'), z.record(z.string(), z.unknown())])
    .optional()
    .describe('The answer is JSON of this schema; request takes the schema that the client asked for.'),
  pattern: z.string().min(1).max(2_000).optional().describe('Regular expression the answer has to match.'),
  without: z.string().min(1).max(2_000).optional().describe('Regular expression the answer must not match.'),
  arithmetic: z
    .literal(true)
    .optional()
    .describe('Every equation of the answer is recomputed; a wrong one fails. Without equations the check passes.'),
  unit: z
    .strictObject({
      of: z.array(z.string().min(1).max(32)).min(1).max(32).describe('Units that are allowed.'),
      atLeast: z.number().optional().describe('Smallest value.'),
      atMost: z.number().optional().describe('Largest value.'),
    })
    .optional()
    .describe('The final answer is a number with one of these units.'),
  code: codeCheckSchema.optional(),
}

export const acceptSettings = z.strictObject({
  learned: modelName.optional().describe('The learned router that reads the answer.'),
  threshold: z
    .union([z.literal('certified'), share])
    .optional()
    .describe(
      'Most that a stronger answer may be expected to gain; certified takes it from the certificate of the guarantee. 0 when absent.',
    ),
})

export const mapSettings = z.strictObject({
  pieceTokens: z
    .int()
    .min(16)
    .max(1_000_000)
    .optional()
    .describe('Most tokens of one piece, estimated; 2,000 when absent.'),
  overlapTokens: z.int().min(0).max(100_000).optional().describe('Tokens that two neighbours share; 0 when absent.'),
  piecesMax: z.int().min(1).max(256).optional().describe('Most pieces; a longer text is refused. 16 when absent.'),
  parallel: parallel.optional().describe('Pieces under way at once; 4 when absent.'),
  instruction: prompt.optional().describe('What is done with each piece; a general instruction when absent.'),
})

export const cacheSettings = z.strictObject({
  seconds: z.int().min(1).max(31_536_000).describe('How long an answer is kept.'),
  entriesMax: z.int().min(1).max(1_000_000).optional().describe('Most answers kept; 10,000 when absent.'),
  bytesMax: z.int().min(1_024).max(10_737_418_240).optional().describe('Most bytes kept; 67,108,864 when absent.'),
  semantic: z
    .strictObject({
      embedder: modelName.describe('The embedding model.'),
      atLeast: z.number().min(0.5).max(1).optional().describe('Least cosine of two questions; 0.97 when absent.'),
      compareMax: z.int().min(1).max(10_000).optional().describe('Most answers compared; 1,000 when absent.'),
    })
    .optional()
    .describe('Also answers questions that mean the same. Only for requests of one question without tools.'),
})

const variableName = z.string().regex(/^[a-z][a-zA-Z0-9_]{0,63}$/, 'a name of letters, digits and _, beginning small')

export const promptSettings = z.strictObject({
  version: z.string().min(1).max(64).describe('Stands in the record of each call.'),
  system: prompt.optional().describe('Put before the messages of the request; {{name}} is replaced by a variable.'),
  user: prompt.optional().describe('Takes the place of the last question, which is {{input}} in it.'),
  variables: z
    .record(
      variableName,
      z.strictObject({
        type: z.enum(['text', 'number', 'whole', 'boolean', 'choice']).describe('What it has to be.'),
        choices: z.array(z.string().max(1_024)).min(1).max(256).optional().describe('Of a choice: what there is.'),
        default: z
          .union([z.string().max(20_000), z.number(), z.boolean()])
          .optional()
          .describe('Required when absent.'),
        lengthMax: z.int().min(1).max(1_000_000).optional().describe('Of a text: most characters; 10,000 when absent.'),
      }),
    )
    .optional()
    .describe('What a request may or must give in strata.variables.'),
})

export const experimentSettings = z.strictObject({
  by: z
    .enum(['key', 'tenant', 'user', 'conversation', 'header'])
    .optional()
    .describe('Who keeps to one arm; key when absent. conversation is the first message.'),
  header: z.string().min(1).max(128).optional().describe('Of by: header, its name; it begins with x-.'),
  salt: z.string().max(128).optional().describe('Another salt draws the arms anew.'),
})

const limitShape = {
  usd: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'decimal dollars as a string, for example "0.02"')
    .optional()
    .describe('USD.'),
  tokens: z.int().min(1).max(1_000_000_000_000).optional().describe('Input and output tokens together.'),
  calls: z.int().min(1).max(1_000_000).optional().describe('Tries at endpoints, retries included.'),
  ms: z.int().min(1).max(86_400_000).optional().describe('Milliseconds.'),
}
/** Amounts and time, without efforts: what a request may bring itself. */
export const budgetLimitsSchema = z.strictObject(limitShape)

export const budgetSchema = z
  .strictObject({
    ...limitShape,
    efforts: z
      .partialRecord(z.enum(efforts), budgetLimitsSchema)
      .optional()
      .describe(
        'Limits by the reasoning effort asked for, beside the others. Without them an effort of none or minimal has a tenth of usd, tokens and calls, low a quarter, medium a half.',
      ),
  })
  .meta({ id: 'budget', description: 'Most that one request may spend here and below.' })

export const guaranteeSchema = z
  .strictObject({
    maxQualityLoss: z.number().min(0).max(1).describe('Expected loss of quality against the last model, at most.'),
    confidence: z.number().min(0.5).max(0.9999).describe('How certain the bound has to be.'),
  })
  .describe('Holds only with a certificate in force; without one the last model answers.')

export const routeTerms = z.strictObject({
  price: z.number().min(0).max(1_000_000).optional().describe('Quality given up per US dollar of the request.'),
  latency: z.number().min(0).max(1_000).optional().describe('Quality given up per second to the first byte.'),
  energy: z.number().min(0).max(1_000_000).optional().describe('Quality given up per watt-hour of the answer.'),
  privacy: z.number().min(0).max(1).optional().describe('Quality given up to keep personal data on this machine.'),
})
