import { estimateInputTokens } from '../../../infrastructure/dialects/index.ts'
import { assert } from '../../../core/assert.ts'
import type { Principal } from '../../../core/call.ts'
import { runChat } from '../chat-route.ts'
import { readChat } from '../chat-request.ts'
import type { Exchange } from '../exchange.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'

/** The Anthropic face. */
export function anthropicRoutes(getParts: GetParts): readonly Route[] {
  const encodeError: Route['encodeError'] = (error) => getParts().dialects['anthropic-messages'].encodeError(error)
  return [
    {
      method: 'POST',
      path: '/v1/messages',
      access: 'flow',
      right: 'models:ask',
      summary: 'Answers a chat, whole or streamed, in the shape of Anthropic Messages.',
      shape: 'Anthropic MessageCreateParams, with the optional field strata',
      run: (exchange) => runChat(getParts, 'anthropic-messages', exchange),
      encodeError,
    },
    {
      method: 'POST',
      path: '/v1/messages/count_tokens',
      access: 'models:ask',
      summary: 'Estimates the input tokens of a chat without sending it anywhere.',
      shape: 'Anthropic MessageCountTokensParams',
      handle: (exchange, principal) => countTokens(getParts, exchange, principal),
      encodeError,
    },
  ]
}

/** The count is Strata's own estimate: no vendor is asked, so nothing leaves; the answer says so. */
async function countTokens(getParts: GetParts, exchange: Exchange, principal: Principal | undefined): Promise<void> {
  assert(principal !== undefined, 'a route that needs a key is given its principal')
  const parts = getParts()
  const { request } = await readChat(exchange, parts.dialects['anthropic-messages'])
  parts.models.resolve(request.model, principal)
  exchange.sendJson(200, { input_tokens: estimateInputTokens(request.chat), strata: { source: 'estimated' } })
}
