import type { Answer } from '../../core/model.ts'
import type { DialectId } from '../../core/chat.ts'
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
  const delivery = createChatDelivery({ exchange, dialect, clock: parts.clock, read: () => read })
  await runRequest<ReadChat, Answer>(
    parts.flow,
    {
      face: dialectId,
      credential: exchange.credential(),
      async read() {
        read = await readChat(exchange, dialect)
        const { model } = read.request
        return { model, ...toAskedOf(read.extension), request: read, user: readUser(read.body) }
      },
      answer: (model, { request }, call) => model.answer(request, call),
      guard: (answer) => answer,
    },
    delivery,
  )
}
