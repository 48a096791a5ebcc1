import type { EndpointDialect } from './schema.ts'

/** A vendor that Strata can use as soon as its key is in the environment. */
export interface Vendor {
  /** Also the id of the endpoint. */
  readonly id: string
  readonly dialect: EndpointDialect
  /** Environment variables that hold the key; the first that is set counts. */
  readonly keyNames: readonly string[]
  /** Environment variable that holds another base URL. */
  readonly urlName: string
  /** The vendor's public base URL. */
  readonly url: string
  /** A current model of the vendor's middle or lower price range: what a first question should cost. */
  readonly model: string
  /** What the vendor's hosts say of themselves. A host that is not listed has unknown regions. */
  readonly hosts: Readonly<Record<string, HostRegions>>
}

export interface HostRegions {
  readonly processing: readonly string[]
  readonly storage: readonly string[]
  /** Where that is stated, or that it is an assumption. */
  readonly source: string
}

const everywhere = ['*']

/**
 * Models and regions as the vendors published them in November 2026, for accounts without a residency agreement. `*`
 * means that the vendor may process anywhere. An operator with an agreement writes a strata.yaml that says so.
 */
export const vendors: readonly Vendor[] = [
  {
    id: 'openai',
    dialect: 'openai',
    keyNames: ['OPENAI_API_KEY'],
    urlName: 'OPENAI_BASE_URL',
    url: 'https://api.openai.com/v1',
    model: 'gpt-6-luna',
    hosts: {
      'api.openai.com': inside('us', 'assumed: accounts without data residency are served and stored in the US'),
      'us.api.openai.com': inside('us', "the vendor's data residency guide"),
      'eu.api.openai.com': inside('eea', "the vendor's data residency guide"),
    },
  },
  {
    id: 'anthropic',
    dialect: 'anthropic',
    keyNames: ['ANTHROPIC_API_KEY'],
    urlName: 'ANTHROPIC_BASE_URL',
    url: 'https://api.anthropic.com/v1',
    model: 'claude-sonnet-5',
    hosts: {
      'api.anthropic.com': {
        processing: everywhere,
        storage: ['us'],
        source: "the vendor's data residency guide: inference is global unless the request asks for US, storage is US",
      },
    },
  },
  {
    id: 'google',
    dialect: 'google',
    keyNames: ['GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    urlName: 'GOOGLE_BASE_URL',
    url: 'https://generativelanguage.googleapis.com/v1beta',
    model: 'gemini-3.6-flash',
    hosts: { 'generativelanguage.googleapis.com': anywhere("the vendor's API terms name no region") },
  },
  {
    id: 'mistral',
    dialect: 'mistral',
    keyNames: ['MISTRAL_API_KEY'],
    urlName: 'MISTRAL_BASE_URL',
    url: 'https://api.mistral.ai/v1',
    model: 'mistral-small-latest',
    hosts: { 'api.mistral.ai': inside('eu', "the vendor's help centre: the EU unless its US endpoint is used") },
  },
  {
    id: 'cohere',
    dialect: 'cohere',
    keyNames: ['COHERE_API_KEY'],
    urlName: 'COHERE_BASE_URL',
    url: 'https://api.cohere.com/v2',
    model: 'command-a-03-2025',
    hosts: { 'api.cohere.com': anywhere('assumed: the vendor names no region for its public API') },
  },
  {
    id: 'groq',
    dialect: 'groq',
    keyNames: ['GROQ_API_KEY'],
    urlName: 'GROQ_BASE_URL',
    url: 'https://api.groq.com/openai/v1',
    model: 'openai/gpt-oss-120b',
    hosts: {
      'api.groq.com': {
        processing: everywhere,
        storage: ['us'],
        source: 'assumed: data centres in several regions serve the public API, what is retained lies in the US',
      },
    },
  },
  {
    id: 'deepseek',
    dialect: 'deepseek',
    keyNames: ['DEEPSEEK_API_KEY'],
    urlName: 'DEEPSEEK_BASE_URL',
    url: 'https://api.deepseek.com',
    model: 'deepseek-v4-flash',
    hosts: {
      'api.deepseek.com': inside('cn', "the vendor's privacy policy: servers in the People's Republic of China"),
    },
  },
  {
    id: 'xai',
    dialect: 'xai',
    keyNames: ['XAI_API_KEY'],
    urlName: 'XAI_BASE_URL',
    // The regional host, because the general one moves requests to wherever there is capacity.
    url: 'https://us-east-1.api.x.ai/v1',
    model: 'grok-4.3',
    hosts: {
      'us-east-1.api.x.ai': inside('us', "the vendor's guide to regional endpoints"),
      'us-west-1.api.x.ai': inside('us', "the vendor's guide to regional endpoints"),
      'eu-west-1.api.x.ai': inside('eu', "the vendor's guide to regional endpoints"),
      'api.x.ai': anywhere("the vendor's guide to regional endpoints: the nearest region with capacity"),
    },
  },
  {
    id: 'alibaba',
    dialect: 'alibaba',
    keyNames: ['DASHSCOPE_API_KEY'],
    urlName: 'DASHSCOPE_BASE_URL',
    url: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    model: 'qwen-plus',
    hosts: {
      'dashscope.aliyuncs.com': inside('cn', "the vendor's guide to regions: mainland China only"),
      'dashscope-intl.aliyuncs.com': {
        processing: everywhere,
        storage: ['sg'],
        source: "the vendor's guide to regions: anywhere but mainland China, stored in Singapore",
      },
      'dashscope-us.aliyuncs.com': {
        processing: everywhere,
        storage: ['us'],
        source: "the vendor's guide to regions: scheduled globally, stored in Virginia",
      },
    },
  },
  {
    id: 'moonshot',
    dialect: 'moonshot',
    keyNames: ['MOONSHOT_API_KEY'],
    urlName: 'MOONSHOT_BASE_URL',
    url: 'https://api.moonshot.ai/v1',
    model: 'kimi-k2.6',
    hosts: {
      'api.moonshot.ai': anywhere('assumed: the vendor names no region of inference for its international API'),
      'api.moonshot.cn': inside('cn', "assumed: the vendor's mainland API stays in mainland China"),
    },
  },
]

/** A server that people run beside Strata, looked for on loopback. All speak the OpenAI dialect. */
export interface LocalServer {
  /** Also the beginning of the ids of its endpoints. */
  readonly id: string
  readonly url: string
  /** Environment variable by which the server's own users say where it listens: `host`, `host:port` or a URL. */
  readonly addressName?: string
}

/** The ports are those the projects listen on unless told otherwise. */
export const localServers: readonly LocalServer[] = [
  { id: 'ollama', url: 'http://127.0.0.1:11434/v1', addressName: 'OLLAMA_HOST' },
  { id: 'llama-cpp', url: 'http://127.0.0.1:8080/v1' },
  { id: 'vllm', url: 'http://127.0.0.1:8000/v1' },
  { id: 'lm-studio', url: 'http://127.0.0.1:1234/v1' },
]

function inside(region: string, source: string): HostRegions {
  return { processing: [region], storage: [region], source }
}

function anywhere(source: string): HostRegions {
  return { processing: everywhere, storage: everywhere, source }
}
