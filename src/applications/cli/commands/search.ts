import { PlatformError } from '../../../core/errors.ts'
import { toMisuse, operatorTenant, report, type Command } from '../command.ts'

export const search: Command = {
  name: 'search',
  usage: 'QUERY [--in COLLECTION] [--limit N]',
  summary: 'Searches knowledge; prints the passages with their exact places.',
  options: { in: { type: 'string' }, limit: { type: 'string' } },
  async run(context) {
    const query = context.words.join(' ')
    if (query === '') throw toMisuse(search)
    const { parts } = await context.open()
    const collection = context.options['in']
    const collections =
      typeof collection === 'string'
        ? [collection]
        : (await parts.knowledge.listCollections(operatorTenant)).map((each) => each.name)
    const limit = Number(context.options['limit'] ?? parts.config.knowledge.passagesMax)
    if (!Number.isInteger(limit) || limit < 1 || limit > 100)
      throw new PlatformError('INVALID_REQUEST', '--limit must be a whole number from 1 to 100')
    const passages = await parts.knowledge.search({ tenant: operatorTenant, collections, query, passagesMax: limit })
    const lines = passages.flatMap((passage) => [
      `${passage.collection}/${passage.source} [${passage.start}, ${passage.end})  ${passage.score.toFixed(3)}`,
      ...passage.text.split('\n').map((line) => `    ${line}`),
    ])
    report(context.terminal, { object: 'list', data: passages }, lines.length === 0 ? ['nothing found'] : lines)
  },
}
