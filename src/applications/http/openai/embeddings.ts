import type { Call, CallFacts } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { Embedded, EmbedRequest } from '../../../core/model.ts'
import { toDollars } from '../../../core/money.ts'
import { sumDispatches } from '../../../core/totals.ts'
import {
  decodeEmbeddingRequest,
  encodeEmbeddingAnswer,
  type EmbeddingRequest,
} from '../../../infrastructure/dialects/index.ts'
import type { Delivery } from '../../flow-parts.ts'
import { runRequest } from '../../flow.ts'
import { refuseAddresses } from '../addresses.ts'
import type { Exchange } from '../exchange.ts'
import type { GetParts, HttpParts } from '../parts.ts'
import { errorHeaders } from '../server.ts'
import { overheadMs, readRequestExtension, toAskedOf } from '../extension.ts'

/** Serves one request for embeddings. */
export async function runEmbeddings(getParts: GetParts, exchange: Exchange): Promise<void> {
  const parts = getParts()
  let asked: EmbeddingRequest | undefined
  await runRequest<EmbedRequest, Embedded>(
    parts.flow,
    {
      face: 'embeddings',
      credential: exchange.credential(),
      right: 'models:ask',
      async read() {
        const { body } = await exchange.readJson()
        refuseAddresses(exchange, body)
        const extension = readRequestExtension(body)
        asked = decodeEmbeddingRequest(body)
        return {
          model: asked.request.model,
          ...toAskedOf(extension, exchange.header('x-strata-regions')),
          request: asked.request,
        }
      },
      screen: (screen, request, call) => screen.inputs(request, call),
      answer(model, request, call) {
        if (model.embed !== undefined) return model.embed(request, call)
        throw new PlatformError('UNSUPPORTED_PARAMETER', `the model ${model.id} does not embed`, { param: 'model' })
      },
      oversight: 'exempt', // vectors: nobody reads them
      guard: (embedded) => embedded,
    },
    createEmbeddingDelivery({ exchange, parts, asked: () => asked }),
  )
}

interface EmbeddingDeliveryOptions {
  readonly exchange: Exchange
  readonly parts: HttpParts
  readonly asked: () => EmbeddingRequest | undefined
}

function createEmbeddingDelivery(options: EmbeddingDeliveryOptions): Delivery<Embedded> {
  const { exchange, parts } = options
  let text = ''
  let callId = ''
  let firstByteMs: number | undefined
  return {
    send(embedded, call) {
      const format = options.asked()?.encodingFormat ?? 'float'
      text = JSON.stringify(encodeEmbeddingAnswer(embedded, { model: call.name, encodingFormat: format }))
      callId = call.id
      firstByteMs = parts.clock.monotonicMs() - call.startedMonotonicMs
      return Promise.resolve()
    },
    complete(facts: readonly CallFacts[]) {
      const nowMs = parts.clock.monotonicMs()
      const { cost } = sumDispatches(facts)
      exchange.begin(200, [
        'content-type',
        'application/json; charset=utf-8',
        'content-length',
        String(Buffer.byteLength(text)),
        'x-strata-call',
        callId,
        'x-strata-cost',
        cost === undefined ? 'unknown' : toDollars(cost),
        'x-strata-overhead-ms',
        overheadMs(exchange.startedMonotonicMs, nowMs, facts).toFixed(3),
      ])
      exchange.end(text)
    },
    fail(error: PlatformError, call: Call | undefined) {
      const headers = call === undefined ? [] : ['x-strata-call', call.id]
      const body = parts.dialects['openai-chat'].encodeError(error)
      exchange.sendJson(error.status, body, [...errorHeaders(error), ...headers])
    },
    firstByteMs: () => firstByteMs,
    onGone: (listener) => exchange.onGone(listener),
  }
}
