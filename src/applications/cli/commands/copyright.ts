import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { readNumberOption } from '../numbers.ts'
import { readText } from '../text-file.ts'

export const copyright: Command = {
  name: 'copyright',
  usage: 'decide SOURCES.json | overlap ANSWER SOURCE… [--tokens 50] [--characters 280]',
  options: { tokens: { type: 'string' }, characters: { type: 'string' } },
  async run(context) {
    const [verb, first, ...rest] = context.words
    if (verb === 'decide' && first !== undefined && rest.length === 0) return decide(context, first)
    if (verb === 'overlap' && first !== undefined && rest.length > 0) return measure(context, first, rest)
    throw toMisuse(copyright)
  },
}

const text = z.string().optional()
const sourcesFile = z.strictObject({
  url: text,
  headers: z.record(z.string(), z.string()).optional(),
  robotsTxt: text,
  tdmrepJson: text,
  aiTxt: text,
  rslXml: text,
  html: text,
  licence: text,
  contract: z.strictObject({ id: z.string(), permits: z.array(z.enum(['search', 'ground', 'train'])) }).optional(),
})

async function decide(context: CommandContext, path: string): Promise<void> {
  const parsed = sourcesFile.safeParse(parseJson(path, readText(path, await readBytes(path))))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new PlatformError('INVALID_REQUEST', `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }
  const { verdicts, licence, signals } = await context.process.decideRights(parsed.data)
  const rows = Object.entries(verdicts).map(([purpose, { permits, by, condition }]) => [
    purpose,
    permits ? 'permitted' : 'forbidden',
    condition === undefined ? by : `${by}, on condition of ${condition}`,
  ])
  report(context.terminal, { object: 'rights', verdicts, licence: licence ?? null, signals }, toTable(rows))
}

function parseJson(path: string, json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new PlatformError('INVALID_REQUEST', `${path} is no JSON`, { cause })
  }
}

async function measure(context: CommandContext, path: string, sources: readonly string[]): Promise<void> {
  const answer = readText(path, await readBytes(path))
  const texts: { readonly text: string }[] = []
  for (const source of sources) texts.push({ text: readText(source, await readBytes(source)) })
  const tokensMin = readNumberOption(context, 'tokens', { min: 1, max: 1_000_000 }) ?? 50
  const charactersMin = readNumberOption(context, 'characters', { min: 1, max: 10_000_000 }) ?? 280
  const bounds = { tokensMin, charactersMin, tokensMax: Infinity, charactersMax: Infinity }
  const reader = (await context.process.createOverlapMeter(texts)).createReader(bounds)
  const overlaps = [...reader.read(answer), ...reader.end()].map((overlap) => ({
    source: sources[overlap.source] ?? '',
    start: overlap.start,
    end: overlap.end,
    answerStart: overlap.answerStart,
    answerEnd: overlap.answerEnd,
    tokens: overlap.tokens,
    characters: overlap.characters,
  }))
  const rows = overlaps.map(({ source, start, end, answerStart, answerEnd, tokens, characters }) => [
    `[${answerStart}, ${answerEnd})`,
    `${source} [${start}, ${end})`,
    `${tokens} tokens`,
    `${characters} characters`,
  ])
  report(context.terminal, { object: 'overlaps', file: path, overlaps }, [
    ...toTable(rows),
    `${overlaps.length} stretches of at least ${tokensMin} tokens or ${charactersMin} characters`,
  ])
}

function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new PlatformError('NOT_FOUND', `${path} cannot be read`, { cause })
  })
}
