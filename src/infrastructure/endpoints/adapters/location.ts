import type { EndpointConfig } from '../../../config/index.ts'
import type { DialectId } from '../../../core/chat.ts'
import type { Dialect } from '../../dialects/index.ts'
import type { EndpointLocation } from '../adapter.ts'

const vendorUrls: Readonly<Record<DialectId, string>> = {
  'openai-chat': 'https://api.openai.com/v1',
  'openai-responses': 'https://api.openai.com/v1',
  'anthropic-messages': 'https://api.anthropic.com/v1',
}

/** Vendors by the end of their host names, as the price catalogue names them. */
const vendorsByHost: readonly (readonly [suffix: string, vendor: string])[] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['api.deepseek.com', 'deepseek'],
  ['api.mistral.ai', 'mistral'],
  ['api.groq.com', 'groq'],
  ['api.x.ai', 'x-ai'],
  ['api.together.xyz', 'together'],
  ['api.fireworks.ai', 'fireworks'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.moonshot.ai', 'moonshotai'],
  ['api.moonshot.cn', 'moonshotai'],
  ['api.cerebras.ai', 'cerebras'],
  ['openrouter.ai', 'openrouter'],
  ['openai.azure.com', 'azure'],
]

/** Where an endpoint of a native dialect is reached. */
export function locate(dialect: Dialect, config: EndpointConfig): EndpointLocation {
  const url = config.url ?? vendorUrls[dialect.id]
  const { hostname } = new URL(url)
  const known = vendorsByHost.find(([suffix]) => hostname === suffix || hostname.endsWith(`.${suffix}`))
  return { url, credentials: dialect.headers(config.key), vendor: known?.[1], probePath: '/models' }
}
