import { toDollars } from '../../../core/money.ts'
import { sumDispatches } from '../../../core/totals.ts'
import { askModel } from '../../ask-model.ts'
import { operator, report, toMisuse, type Command } from '../command.ts'
import { toRoute } from '../../shapes/index.ts'

export const ask: Command = {
  name: 'ask',
  usage: 'QUESTION [--model MODEL]',
  options: { model: { type: 'string', short: 'm' } },
  async run(context) {
    const question = context.words.join(' ')
    if (question === '') throw toMisuse(ask)
    const model = context.options['model']
    const { parts } = await context.open()
    const { complete, facts } = await askModel(parts, {
      principal: operator,
      face: 'cli',
      model: typeof model === 'string' ? model : 'default',
      prompt: question,
    })
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
