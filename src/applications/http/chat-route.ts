import { toCanonicalJson } from '../../core/canonical-json.ts'
import type { DialectId } from '../../core/chat.ts'
import { assert } from '../../core/assert.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Answer } from '../../core/model.ts'
import type { HeldRequest, Passage } from '../../governance/index.ts'
import { runRequest } from '../flow.ts'
import { createChatDelivery } from './chat-delivery.ts'
import { readChat, readUser, type ReadChat } from './chat-request.ts'
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
  await runRequest<ReadChat, Answer>(
    parts.flow,
    {
      face: dialectId,
      credential: exchange.credential(),
      oversight: 'held',
      async read() {
        read = await readChat(exchange, dialect)
        const { model } = read.request
        return { model, ...toAskedOf(read.extension), request: read, user: readUser(read.body) }
      },
      hold(call) {
        return parts.oversight.admit(call, toHeld(dialectId, read))?.then((admitted) => {
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
        const released = parts.oversight.release(answer, call, toHeld(dialectId, read))
        return released instanceof Promise ? released.then(mark) : mark(released)
      },
    },
    delivery,
  )
}

function toHeld(dialect: DialectId, read: ReadChat | undefined): HeldRequest {
  const { review, waitMs = 0 } = read?.extension ?? {}
  return { dialect, review, waitMs, text: () => withoutReview(read) }
}

/** The body as canonical JSON without `strata.review` and `strata.waitMs`: the same when it is sent again. */
function withoutReview(read: ReadChat | undefined): string {
  const body: unknown = JSON.parse(read?.request.wire?.text ?? 'null')
  assert(isJsonObject(body), 'a body that was read is an object')
  const { strata, ...chat } = body
  if (!isJsonObject(strata)) return toCanonicalJson(chat)
  const { review: _review, waitMs: _waitMs, ...rest } = strata
  return toCanonicalJson(Object.keys(rest).length === 0 ? chat : { ...chat, strata: rest })
}
