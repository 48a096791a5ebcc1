import { networkDialects } from '../../../config/index.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { readBytes } from '../files.ts'
import { readInstant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { priceBody } from '../../price-body.ts'

export const price: Command = {
  name: 'price',
  usage: 'BODY|- --dialect D [--model M] [--vendor V] [--endpoint E] [--at INSTANT]',
  options: {
    dialect: { type: 'string', short: 'd' },
    model: { type: 'string', short: 'm' },
    vendor: { type: 'string' },
    endpoint: { type: 'string' },
    at: { type: 'string' },
  },
  isData: () => true,
  async run(context) {
    const [path, ...more] = context.words
    if (path === undefined || more.length > 0) throw toMisuse(price)
    const { parts } = await context.open()
    const endpoint = textOf(context, 'endpoint')
    const dialect = textOf(context, 'dialect') ?? (endpoint && parts.config.endpoints[endpoint]?.dialect)
    if (dialect === undefined || dialect === '') throw toMisuse(price)
    const known = networkDialects.find((each) => each === (otherNames[dialect] ?? dialect))
    if (known === undefined) {
      const message = `there is no dialect ${dialect.slice(0, 64)}; there are ${networkDialects.join(', ')}`
      throw new PlatformError('INVALID_REQUEST', message)
    }
    const bytes = await readBytes(path, parts.config.server.bodyBytesMax)
    const priced = priceBody(parts, bytes, {
      dialect: known,
      model: textOf(context, 'model'),
      vendor: textOf(context, 'vendor'),
      endpoint,
      atMs: readInstant(context, 'at'),
    })
    report(context.terminal, priced, toLines(priced))
  },
}

/** What people call the dialects else. */
const otherNames: Readonly<Record<string, string>> = {
  'openai-chat': 'openai',
  'anthropic-messages': 'anthropic',
  gemini: 'google',
  vertex: 'google',
  aws: 'bedrock',
  'x-ai': 'xai',
  qwen: 'alibaba',
  dashscope: 'alibaba',
  kimi: 'moonshot',
}

function textOf(context: CommandContext, name: string): string | undefined {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}

function toLines(priced: JsonObject): readonly string[] {
  const { usage, cost, parts, reason } = priced
  const figures = Object.entries(isJsonObject(usage) ? usage : {}).filter(([, value]) => isPlain(value))
  const charged = (Array.isArray(parts) ? parts : []).filter(isJsonObject)
  return [
    ...toTable(figures.map(([name, value]) => [name, shown(value)])),
    '',
    ...toTable(
      charged.map((part) => [shown(part['name']), shown(part['count']), `${shown(part['picodollars_each'])} p$`]),
    ),
    isJsonObject(cost) ? `USD ${shown(cost['usd'])}` : `USD unknown: ${shown(reason)}`,
  ]
}

function isPlain(value: JsonValue | undefined): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function shown(value: JsonValue | undefined): string {
  return isPlain(value) ? `${value}` : ''
}
