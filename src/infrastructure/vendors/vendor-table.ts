import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider'
import type { EndpointConfig, EndpointDialect } from '../../config/index.ts'
import type { UsageReading } from './usage.ts'
import {
  alibabaWays,
  azureWays,
  bedrockWays,
  cohereWays,
  deepseekWays,
  googleWays,
  groqWays,
  mistralWays,
  moonshotWays,
  type VendorWays,
  xaiWays,
} from './ways.ts'

/** What a vendor's package is given: where it is and how to get there. Its own credential is the door's business. */
export interface VendorSettings {
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  readonly config: EndpointConfig
}

/** A vendor's models as its package makes them. */
export interface VendorModels {
  chat(model: string): LanguageModelV4
  /** Absent where the vendor has no embeddings. */
  readonly embedding?: (model: string) => EmbeddingModelV4
}

export interface Vendor {
  /** As the price catalogue names it. */
  readonly name: string
  readonly ways: VendorWays
  /** Its own base URL; `undefined` when the settings lack what it is made of. */
  url(config: EndpointConfig): string | undefined
  /** What `url` needs, for the message when it is missing. */
  readonly needs: string
  credentials(key: string): Readonly<Record<string, string>>
  /** Loads the package on first use: a start pays only for what it uses. */
  load(settings: VendorSettings): Promise<VendorModels>
}

/** The packages insist on a key of their own; the door replaces whatever they make of it. */
const apiKey = 'kept-by-the-door'

const bearer = (key: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${key}` })
const at = (url: string) => () => url

/** Vendors whose dialect is translated by the vendor's package. A new one is one entry. */
export const vendorTable: Readonly<Partial<Record<EndpointDialect, Vendor>>> = Object.freeze({
  google: {
    name: 'google',
    ways: googleWays,
    url: at('https://generativelanguage.googleapis.com/v1beta'),
    needs: 'url',
    credentials: (key: string) => ({ 'x-goog-api-key': key }),
    async load({ url, fetch }: VendorSettings) {
      const { createGoogle } = await import('@ai-sdk/google')
      const models = createGoogle({ baseURL: url, apiKey, fetch })
      return { chat: (model: string) => models(model), embedding: (model: string) => models.embedding(model) }
    },
  },
  bedrock: {
    name: 'aws',
    ways: bedrockWays,
    url({ options }: EndpointConfig) {
      const region = labelOf(options['region'])
      if (region === undefined) return undefined
      return `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
    },
    needs: 'options.region',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
      const models = createAmazonBedrock({ baseURL: url, region: 'set-by-url', apiKey, fetch })
      return { chat: (model: string) => models(model), embedding: (model: string) => models.embedding(model) }
    },
  },
  azure: {
    name: 'azure',
    ways: azureWays,
    url({ options }: EndpointConfig) {
      const resource = labelOf(options['resourceName'])
      return resource === undefined ? undefined : `https://${resource}.openai.azure.com/openai`
    },
    needs: 'options.resourceName',
    credentials: (key: string) => ({ 'api-key': key }),
    async load({ url, fetch, config }: VendorSettings) {
      const { createAzure } = await import('@ai-sdk/azure')
      const { apiVersion } = config.options
      const version = apiVersion === undefined ? {} : { apiVersion: String(apiVersion) }
      // Versions that are dates belong to the older addresses, which name the deployment.
      const useDeploymentBasedUrls = typeof apiVersion === 'string' && /^\d{4}-/.test(apiVersion)
      const models = createAzure({ baseURL: url, apiKey, fetch, useDeploymentBasedUrls, ...version })
      return { chat: (model: string) => models.chat(model), embedding: (model: string) => models.embedding(model) }
    },
  },
  mistral: {
    name: 'mistral',
    ways: mistralWays,
    url: at('https://api.mistral.ai/v1'),
    needs: 'url',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createMistral } = await import('@ai-sdk/mistral')
      const models = createMistral({ baseURL: url, apiKey, fetch })
      return { chat: (model: string) => models(model), embedding: (model: string) => models.embedding(model) }
    },
  },
  cohere: {
    name: 'cohere',
    ways: cohereWays,
    url: at('https://api.cohere.com/v2'),
    needs: 'url',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createCohere } = await import('@ai-sdk/cohere')
      const models = createCohere({ baseURL: url, apiKey, fetch })
      return { chat: (model: string) => models(model), embedding: (model: string) => models.embedding(model) }
    },
  },
  groq: {
    name: 'groq',
    ways: groqWays,
    url: at('https://api.groq.com/openai/v1'),
    needs: 'url',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createGroq } = await import('@ai-sdk/groq')
      const models = createGroq({ baseURL: url, apiKey, fetch })
      return { chat: (model: string) => models(model) }
    },
  },
  deepseek: {
    name: 'deepseek',
    ways: deepseekWays,
    url: at('https://api.deepseek.com'),
    needs: 'url',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createDeepSeek } = await import('@ai-sdk/deepseek')
      const models = createDeepSeek({ baseURL: url, apiKey, fetch })
      return { chat: (model: string) => models(model) }
    },
  },
  xai: {
    name: 'x-ai',
    ways: xaiWays,
    url: at('https://api.x.ai/v1'),
    needs: 'url',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createXai } = await import('@ai-sdk/xai')
      const models = createXai({ baseURL: url, apiKey, fetch })
      return { chat: (model: string) => models(model) }
    },
  },
  alibaba: {
    name: 'alibaba',
    ways: alibabaWays,
    // Chat and embeddings are two services with a base URL each.
    url: ({ does }: EndpointConfig) =>
      does.includes('chat')
        ? 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1'
        : 'https://dashscope-intl.aliyuncs.com/api/v1',
    needs: 'url',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createAlibaba } = await import('@ai-sdk/alibaba')
      const models = createAlibaba({ baseURL: url, embeddingBaseURL: url, apiKey, fetch })
      return { chat: (model: string) => models.chatModel(model), embedding: (model: string) => models.embedding(model) }
    },
  },
  moonshot: {
    name: 'moonshotai',
    ways: moonshotWays,
    url: at('https://api.moonshot.ai/v1'),
    needs: 'url',
    credentials: bearer,
    async load({ url, fetch }: VendorSettings) {
      const { createMoonshotAI } = await import('@ai-sdk/moonshotai')
      const models = createMoonshotAI({ baseURL: url, apiKey, fetch })
      return { chat: (model: string) => models.chatModel(model) }
    },
  },
})

/** A name that may become part of a host: one label, so that nothing in it can name another host. */
function labelOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(value) ? value : undefined
}

/** How the vendor of a dialect reports what was used; `undefined` where the dialect is spoken natively. */
export function usageReadingOf(dialect: EndpointDialect): UsageReading | undefined {
  return vendorTable[dialect]?.ways.usage
}
