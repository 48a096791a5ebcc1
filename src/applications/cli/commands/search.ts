import { PlatformError } from '../../../core/errors.ts'
import { placeOf } from '../../../core/places.ts'
import type { Passage } from '../../../core/ports.ts'
import { operatorTenant, readCount, report, toMisuse, type Command, type CommandContext } from '../command.ts'
import { toPassageJson } from '../../shapes/index.ts'

export const search: Command = {
  name: 'search',
  usage: 'QUERY [--in COLLECTION] [--limit N] [--min-confidence 0…1] [--plain]',
  options: {
    in: { type: 'string' },
    limit: { type: 'string' },
    'min-confidence': { type: 'string' },
    plain: { type: 'boolean' },
  },
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
    const confidenceMin = readShare(context, 'min-confidence')
    const syntax = context.options['plain'] === true ? ('plain' as const) : ('operators' as const)
    const ask = { tenant: operatorTenant, collections, query, syntax, passagesMax: limit, confidenceMin }
    const { passages, confidence, abstained, understood } = await parts.knowledge.find(ask)
    const lines = passages.flatMap((passage) => [
      `${passage.collection}/${passage.source}${describePlace(passage)} [${passage.start}, ${passage.end})  ${passage.score.toFixed(3)}`,
      ...passage.text.split('\n').map((line) => `    ${line}`),
    ])
    const none = abstained
      ? 'nothing found that is likely to answer; --min-confidence 0 shows what there is'
      : 'nothing found'
    const json = { object: 'list', data: passages.map(toPassageJson), confidence, abstained, understood }
    report(context.terminal, json, lines.length === 0 ? [none] : lines)
  },
}

/** Where in its file the best of it stands, for people: ` page 3`, ` Rates B7`. */
function describePlace({ places = [], why, ...span }: Passage): string {
  const { page, slide, sheet, cell, part } = placeOf(places, why?.best ?? span)
  const words = [
    part,
    page === undefined ? undefined : `page ${page}`,
    slide === undefined ? undefined : `slide ${slide}`,
    sheet,
    cell,
  ]
  return words.flatMap((word) => (word === undefined ? [] : [` ${word}`])).join('')
}

function readShare(context: CommandContext, name: string): number | undefined {
  const text = context.options[name]
  if (typeof text !== 'string') return undefined
  const share = Number(text)
  if (text.trim() !== '' && share >= 0 && share <= 1) return share
  throw new PlatformError('INVALID_REQUEST', `--${name} must be a number from 0 to 1`, { param: name })
}
