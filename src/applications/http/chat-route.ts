import { toCanonicalJson } from '../../core/canonical-json.ts'
import type { DialectId } from '../../core/chat.ts'
import { assert } from '../../core/assert.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { Answer } from '../../core/model.ts'
import type { HeldRequest, Passage } from '../../governance/index.ts'
import type { Dialect } from '../../infrastructure/dialects/index.ts'
import { runRequest } from '../flow.ts'
import { createChatDelivery } from './chat-delivery.ts'
import { readUser, toChat, type ReadChat } from './chat-request.ts'
import type { Exchange } from './exchange.ts'
import { toAskedOf } from './extension.ts'
import type { GetParts } from './parts.ts'

/** Serves one chat request in a dialect: the body of every chat route. */
export async function runChat(getParts: GetParts, dialectId: DialectId, exchange: Exchange): Promise<void> {
  const parts = getParts()
  const dialect = parts.dialects[dialectId]
  let read: ReadChat | undefined
  let passage: Passage | undefined
  const delivery = createChatDelivery({ exchange, dialect, clock: parts.clock, read: () => read })
  try {
    await runRequest<ReadChat, Answer>(
      parts.flow,
      {
        face: dialectId,
        credential: exchange.credential(),
        right: 'models:ask',
        oversight: 'held',
        async read() {
          read = toChat(exchange, dialect, await exchange.readJson())
          const { model } = read.request
          return {
            model,
            ...toAskedOf(read.extension, exchange.header('x-strata-regions')),
            request: read,
            user: readUser(read.body),
          }
        },
        async screen(screen, asked, call) {
          read = { ...asked, request: await screen.chat(asked.request, call) }
          return read
        },
        hold(call) {
          return parts.oversight.admit(call, toHeld(dialect, read))?.then((admitted) => {
            passage = admitted
          })
        },
        answer(model, { request }, call) {
          parts.signals.offer(call, request)
          return passage?.answer === undefined ? model.answer(request, call) : Promise.resolve(passage.answer)
        },
        guard(answer, call) {
          const mark = (released: Answer): Answer =>
            read === undefined ? released : parts.marker.mark(released, call, read.request)
          if (passage?.answer !== undefined) return mark(answer)
          const released = parts.oversight.release(answer, call, toHeld(dialect, read))
          return released instanceof Promise ? released.then(mark) : mark(released)
        },
      },
      delivery,
    )
  } finally {
    exchange.letGoOfBody()
  }
}

function toHeld(dialect: Dialect, read: ReadChat | undefined): HeldRequest {
  const { review, waitMs = 0 } = read?.extension ?? {}
  return { dialect: dialect.id, review, waitMs, text: () => withoutReview(dialect, read) }
}

/** What goes on, as canonical JSON without `strata.review` and `strata.waitMs`: the same when it is sent again. */
function withoutReview(dialect: Dialect, read: ReadChat | undefined): string {
  assert(read !== undefined, 'what is held was read')
  const { strata, ...chat } = toBody(dialect, read)
  if (!isJsonObject(strata)) return toCanonicalJson(chat)
  const { review: _review, waitMs: _waitMs, ...rest } = strata
  return toCanonicalJson(Object.keys(rest).length === 0 ? chat : { ...chat, strata: rest })
}

/** The client's own body, unless guards have rewritten what it says. */
function toBody(dialect: Dialect, { request, body }: ReadChat): JsonObject {
  const { model, stream, outputTokensMax, wire } = request
  const rewritten = (): JsonObject => dialect.encodeRequest(request.chat, { model, stream, outputTokensMax })
  const said: unknown = JSON.parse(wire?.text ?? JSON.stringify(rewritten()))
  assert(isJsonObject(said), 'a body that was read is an object')
  const { strata } = body
  if (wire !== undefined || !isJsonObject(strata)) return said
  const variables = request.aside?.variables
  return { ...said, strata: variables === undefined ? strata : { ...strata, variables } }
}
