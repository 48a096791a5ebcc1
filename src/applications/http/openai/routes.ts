import { runChat } from '../chat-route.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { runEmbeddings } from './embeddings.ts'
import { listModels, readModel } from './model-list.ts'

/** The OpenAI face. */
export function openaiRoutes(getParts: GetParts): readonly Route[] {
  const chatError = (dialect: 'openai-chat' | 'openai-responses') => (error: Parameters<Route['encodeError']>[0]) =>
    getParts().dialects[dialect].encodeError(error)
  const encodeError = chatError('openai-chat')
  return [
    {
      method: 'POST',
      path: '/v1/chat/completions',
      access: 'flow',
      right: 'models:ask',
      summary: 'Answers a chat, whole or streamed, in the shape of OpenAI Chat Completions.',
      shape: 'OpenAI CreateChatCompletionRequest, with the optional field strata',
      run: (exchange) => runChat(getParts, 'openai-chat', exchange),
      encodeError,
    },
    {
      method: 'POST',
      path: '/v1/responses',
      access: 'flow',
      right: 'models:ask',
      summary: 'Answers in the shape of OpenAI Responses.',
      shape: 'OpenAI CreateResponse, with the optional field strata',
      run: (exchange) => runChat(getParts, 'openai-responses', exchange),
      encodeError: chatError('openai-responses'),
    },
    {
      method: 'POST',
      path: '/v1/embeddings',
      access: 'flow',
      right: 'models:ask',
      summary: 'Embeds one or more texts.',
      shape: 'OpenAI CreateEmbeddingRequest',
      run: (exchange) => runEmbeddings(getParts, exchange),
      encodeError,
    },
    {
      method: 'GET',
      path: '/v1/models',
      access: 'models:ask',
      summary:
        'Lists the models the key may use; in the Anthropic shape when the request has an anthropic-version header.',
      handle: async (exchange, principal) => listModels(getParts(), exchange, principal),
      encodeError,
    },
    {
      method: 'GET',
      path: '/v1/models/{id*}',
      access: 'models:ask',
      summary: 'Describes one model.',
      handle: async (exchange, principal) => readModel(getParts(), exchange, principal),
      encodeError,
    },
  ]
}
