import { z } from 'zod'
import { baseAddress } from './addresses.ts'
import { endpointTimeoutsSchema } from './egress.ts'
import { embeddingParameterDialects, embeddingSchema } from './embedding.ts'
import { placeSovereigntySchema } from './sovereignty.ts'

/** What an endpoint speaks. The first three are relayed natively; the others are translated. */
/** The dialects that are spoken over a network. */
export const networkDialects = [
  'openai',
  'openai-responses',
  'anthropic',
  'google',
  'bedrock',
  'azure',
  'mistral',
  'cohere',
  'groq',
  'deepseek',
  'xai',
  'alibaba',
  'moonshot',
] as const

const endpointDialects = [...networkDialects, 'llama', 'onnx', 'extract'] as const

const regions = z.array(
  z.string().regex(/^[a-z*][a-z0-9-]*$/, 'a region of the lattice, lower case: de, eu, us, local'),
)

/** Decimal money per million tokens. A string, so that it is exact. */
const dollars = z
  .string()
  .max(40)
  .regex(/^\d+(\.\d+)?$/, 'decimal dollars as a string, for example "0.15"')

const tokenPrices = {
  input: dollars.describe('USD per million input tokens.'),
  output: dollars.describe('USD per million output tokens.'),
  cacheRead: dollars.optional().describe('USD per million input tokens read from cache; the input price when absent.'),
  cacheWrite5m: dollars
    .optional()
    .describe('USD per million input tokens written to cache for five minutes; the input price when absent.'),
  cacheWrite1h: dollars
    .optional()
    .describe('USD per million input tokens written to cache for an hour; the input price when absent.'),
  reasoning: dollars.optional().describe('USD per million reasoning tokens; the output price when absent.'),
  audioInput: dollars.optional().describe('USD per million audio input tokens; the input price when absent.'),
  imageInput: dollars.optional().describe('USD per million image input tokens; the input price when absent.'),
  audioOutput: dollars.optional().describe('USD per million audio output tokens; the output price when absent.'),
  imageOutput: dollars.optional().describe('USD per million image output tokens; the output price when absent.'),
}

const priceStep = z
  .strictObject({
    above: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .describe('Input tokens of the request beyond which the step holds, for all of its tokens.'),
    ...tokenPrices,
    input: tokenPrices.input.optional(),
    output: tokenPrices.output.optional(),
  })
  .describe('Prices of long requests; what a step leaves out stays as it is below.')

export const priceSchema = z
  .strictObject({
    ...tokenPrices,
    perRequest: dollars.optional().describe('USD per request.'),
    perImage: dollars.optional().describe('USD per picture made.'),
    perWebSearch: dollars.optional().describe('USD per search of the web that the vendor makes.'),
    steps: z.array(priceStep).max(16).optional().describe('Context steps, each from a number of input tokens on.'),
    serviceTiers: z
      .record(z.string().min(1).max(64), dollars)
      .optional()
      .describe('What a service tier multiplies every token price by: { batch: "0.5" }. A tier left out has no price.'),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'an ISO 4217 code, for example EUR')
      .optional()
      .describe('Currency of the prices; USD when absent.'),
    usdRate: dollars
      .optional()
      .describe('USD for one unit of the currency; kept with every charge as part of the price version.'),
  })
  .refine((price) => (price.currency ?? 'USD') === 'USD' || price.usdRate !== undefined, {
    message: 'a price in another currency than USD needs its rate: usdRate',
    path: ['usdRate'],
  })
  .describe('An operator price; it wins over the catalogue.')

const positiveRange = z
  .union([z.number().positive().max(1_000_000), z.tuple([z.number().positive(), z.number().positive().max(1_000_000)])])
  .transform((value): readonly [number, number] => (typeof value === 'number' ? [value, value] : value))
  .refine(([low, high]) => low <= high, 'the first of a range is not above the second')

/** A factor of the place and its time: nobody can guess it from the name of a region. */
const carbon = positiveRange.describe(
  'Grams of CO2 equivalent for a kilowatt-hour where the endpoint computes, or its range. Carbon is not estimated when absent.',
)

const energySchema = z
  .union([
    z.strictObject({
      activeParameters: positiveRange.describe(
        'Parameters at work for each token, in billions; [low, high] where guessed.',
      ),
      totalParameters: positiveRange.describe('All parameters, in billions; [low, high] where guessed.'),
      pue: positiveRange.prefault([1.09, 1.3]).describe('Power usage effectiveness of the data centre, or its range.'),
      carbonGramsPerKwh: carbon.optional(),
    }),
    z.strictObject({
      watts: positiveRange.describe('What the machine draws for one answer under way, or its range.'),
      tokensPerSecond: positiveRange
        .optional()
        .describe(
          'Output of one answer, or its range: with it energy is known before the answer, for routes that weigh it.',
        ),
      carbonGramsPerKwh: carbon.optional(),
    }),
  ])
  .describe('What the energy of an answer is estimated from. Not estimated when absent.')

/** Encodings of OpenAI that are published. */
export const encodingNames = ['o200k_base', 'cl100k_base'] as const

const tokenizerSchema = z
  .union([
    z.enum([...encodingNames, 'off']),
    z.strictObject({
      file: z
        .string()
        .min(1)
        .describe('Path of the tokenizer.json of the model, as Hugging Face has it: byte pairs (BPE), 128 MB at most.'),
    }),
  ])
  .describe(
    'How the model counts tokens, for answers that break off before they are reported: an encoding of OpenAI (strata runtime add tokenizers), { file } for models with a tokenizer.json, or off. By the name of the model where the vendor is OpenAI or Azure when absent, if the encodings are installed; else what broken answers used is estimated from what whole ones did.',
  )

const endpointSchema = z
  .strictObject({
    dialect: z.enum(endpointDialects).describe('What the endpoint speaks.'),
    url: baseAddress()
      .optional()
      .describe("Base URL up to and with the version: https://api.openai.com/v1. The vendor's own when absent."),
    model: z
      .string()
      .min(1)
      .describe("The model's name at the endpoint; for llama the path of a GGUF file, for onnx of an ONNX file."),
    key: z
      .string()
      .min(1)
      .optional()
      .describe('Credential, as ${NAME} from the environment. Sent to this endpoint only.'),
    headers: z.record(z.string(), z.string()).default({}).describe('Headers to add, for example an organisation id.'),
    processing: regions
      .optional()
      .describe('Regions in which the endpoint processes. Unknown when absent, and unknown is not allowed.'),
    storage: regions
      .optional()
      .describe('Regions in which the endpoint stores anything, logs included. [] for nowhere. Unknown when absent.'),
    sovereignty: placeSovereigntySchema.optional(),
    personalData: z
      .enum(['allow', 'mask', 'refuse'])
      .optional()
      .describe(
        'Whether the endpoint may see personal data: allow · mask, tokens go out in its place and are turned back in the answer · refuse. As governance.privacy.seenIn decides when absent.',
      ),
    vendor: z
      .string()
      .min(1)
      .optional()
      .describe('Vendor as the price catalogue names it; taken from the dialect and URL when absent.'),
    price: priceSchema.optional(),
    lookup: z
      .enum(['openai', 'openrouter', 'off'])
      .optional()
      .describe(
        'How the endpoint is asked later what an answer used that was cut short: as OpenAI tells it of answers it stores · as OpenRouter does of all · off. As its vendor does when absent; see investment.lookups.',
      ),
    tokenizer: tokenizerSchema.optional(),
    contextTokens: z.int().min(1).max(100_000_000).optional().describe('Input and output tokens together.'),
    outputTokensMax: z
      .int()
      .min(1)
      .max(10_000_000)
      .optional()
      .describe('Most output tokens; sent as the default where the dialect demands a bound.'),
    inputs: z
      .array(z.enum(['text', 'image', 'audio', 'file']))
      .default(['text', 'image'])
      .describe('What the model takes.'),
    tools: z.boolean().default(true).describe('Whether the model can call tools.'),
    does: z
      .array(z.enum(['chat', 'embed', 'rerank']))
      .default(['chat'])
      .describe(
        'What the endpoint is for: to chat, to embed, or to judge passages (onnx, and openai by POST /rerank).',
      ),
    embedding: embeddingSchema.optional(),
    rerankShape: z
      .enum(['documents', 'texts'])
      .default('documents')
      .describe(
        'What the texts of a reranking are called: documents (Cohere, Jina, Voyage, vLLM, Infinity) or texts (Text Embeddings Inference).',
      ),
    weight: z
      .number()
      .positive()
      .max(1_000)
      .default(1)
      .describe('Share of the load relative to the other endpoints of a leaf.'),
    energy: energySchema.optional(),
    timeouts: endpointTimeoutsSchema.optional().describe('Where this endpoint differs from egress.timeouts.'),
    options: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .default({})
      .describe(
        'Settings of the dialect: region for bedrock, apiVersion and resourceName for azure, threads and gpuLayers for llama, threads and pooling for onnx.',
      ),
  })
  .refine(({ dialect, does }) => dialect !== 'onnx' || !does.includes('chat'), {
    message: 'an endpoint of the dialect onnx encodes texts: say does: [embed] or does: [rerank]',
    path: ['does'],
  })
  .refine(({ dialect, tokenizer }) => tokenizer === undefined || networkDialects.some((each) => each === dialect), {
    message: 'what runs on this machine counts its own tokens',
    path: ['tokenizer'],
  })
  .refine(
    ({ dialect, embedding }) => embedding?.parameter === undefined || embeddingParameterDialects.includes(dialect),
    { message: 'requests of this dialect take no such parameter: say it by query and passage', path: ['embedding'] },
  )
  .describe('One place that answers.')

export const endpointsSchema = z.record(
  z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, 'letters, digits, dot, dash, underscore; at most 64'),
  endpointSchema,
)
