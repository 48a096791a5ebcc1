import { operatorTenant, readCount, report, toMisuse, type Command } from '../command.ts'

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
    const limit = readCount(context, 'limit', { max: 100, otherwise: parts.config.knowledge.passagesMax })
    const passages = await parts.knowledge.search({ tenant: operatorTenant, collections, query, passagesMax: limit })
    const lines = passages.flatMap((passage) => [
      `${passage.collection}/${passage.source} [${passage.start}, ${passage.end})  ${passage.score.toFixed(3)}`,
      ...passage.text.split('\n').map((line) => `    ${line}`),
    ])
    report(context.terminal, { object: 'list', data: passages }, lines.length === 0 ? ['nothing found'] : lines)
  },
}
