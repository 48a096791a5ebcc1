import { collectAnswer, type CompleteAnswer } from '../../../core/answer.ts'
import type { CallFacts } from '../../../core/call.ts'
import { createChat, type ChatRequest } from '../../../core/chat.ts'
import { toDollars } from '../../../core/money.ts'
import type { Answer } from '../../../core/model.ts'
import { sumDispatches } from '../../../core/totals.ts'
import { runRequest } from '../../flow.ts'
import { toRoute, type HttpParts } from '../../http/index.ts'
import { toMisuse, operatorTenant, report, type Command } from '../command.ts'

export const ask: Command = {
  name: 'ask',
  usage: 'QUESTION [--model MODEL]',
  summary: 'Asks a model once; prints the answer, its evidence, route and cost.',
  options: { model: { type: 'string', short: 'm' } },
  async run(context) {
    const question = context.words.join(' ')
    if (question === '') throw toMisuse(ask)
    const model = context.options['model']
    const { parts } = await context.open()
    const { complete, facts } = await askOnce(parts, typeof model === 'string' ? model : 'default', question)
    const totals = sumDispatches(facts)
    const route = toRoute(facts).map(({ name, status }) => `${name} ${status}`)
    report(
      context.terminal,
      { text: complete.text, citations: complete.citations, call: facts.at(-1)?.rootId ?? null, route },
      [
        complete.text,
        '',
        ...complete.citations.map(
          (citation) => `  ${citation.source} [${citation.start}, ${citation.end})  ${citation.text}`,
        ),
        `  route ${route.join(', ')} · ${totals.usage?.inputTotal ?? '?'} tokens in, ${totals.usage?.outputTotal ?? '?'} out · USD ${totals.cost === undefined ? 'unknown' : toDollars(totals.cost)}`,
      ],
    )
  },
}

interface Asked {
  readonly complete: CompleteAnswer
  readonly facts: readonly CallFacts[]
}

/** The same flow as over HTTP, asked by the operator of the machine. */
function askOnce(parts: HttpParts, model: string, question: string): Promise<Asked> {
  const principal = {
    tenant: operatorTenant,
    keyId: 'operator',
    role: 'admin',
    models: undefined,
    regions: undefined,
  } as const
  const request = createQuestion(model, question)
  return new Promise((resolve, reject) => {
    let complete: CompleteAnswer | undefined
    void runRequest<ChatRequest, Answer>(
      { ...parts.flow, identity: { authenticate: () => principal } },
      {
        face: 'cli',
        credential: undefined,
        read: () => Promise.resolve({ model, regions: undefined, request }),
        answer: (resolved, asked, call) => resolved.answer(asked, call),
        guard: (answer) => answer,
      },
      {
        async send(answer) {
          complete = await collectAnswer(answer)
        },
        complete(facts) {
          if (complete !== undefined) resolve({ complete, facts })
        },
        fail: (error) => reject(error),
        firstByteMs: () => undefined,
        onGone: () => undefined,
      },
    )
  })
}

function createQuestion(model: string, question: string): ChatRequest {
  const chat = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text: question }] }] })
  return { model, stream: false, outputTokensMax: undefined, wire: undefined, chat }
}
