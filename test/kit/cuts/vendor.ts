import { createSeededRandom, type Random } from '../../../src/core/random.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { startMockUpstream, type MockUpstream } from '../index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../strata.ts'

/** A tokenizer, as far as a vendor needs one: the pieces of a text, one for each token. */
export type Tokenize = (text: string) => readonly string[]

/** One vendor: how it counts, how it groups tokens into events, and what is asked of it. */
export interface CutVendor {
  readonly name: string
  readonly tokenize: Tokenize
  /** Events of one token each, of a few tokens, or of as many as came in a moment. */
  readonly grouping: 'one' | 'few' | 'moment'
  /** Texts that answers are made of. */
  readonly texts: readonly string[]
  /** The `tokenizer` of its endpoint; not known when absent. */
  readonly tokenizer?: JsonValue
}

export interface CutVendorFigures {
  readonly name: string
  readonly grouping: CutVendor['grouping']
  /** Tokens that the vendor had generated where its streams broke off, and what they were taken for. */
  readonly tokens: number
  readonly estimated: number
  /** Of each answer, the share by which the estimate is off. Ascending. */
  readonly errors: readonly number[]
  /** The same of what had been shown: without the tokens of a last character that was not whole. Ascending. */
  readonly shownErrors: readonly number[]
  /** Of each request, the share by which its input is off; none where the vendor tells it first. Ascending. */
  readonly inputErrors: readonly number[]
  /** Input tokens as the vendor counts them, and what they were taken for. */
  readonly inputTokens: number
  readonly inputEstimated: number
}

export interface CutVendorRun {
  readonly vendors: readonly CutVendor[]
  readonly seed: number
  /** Answers of each vendor that come whole, before those that break off. */
  readonly whole: number
  readonly cut: number
}

/** What a vendor counts of a request beside its text. */
const templateTokens = 11

/** Answers that come whole, then answers that break off behind a random event, through the whole server. */
export async function runCutVendors(run: CutVendorRun): Promise<readonly CutVendorFigures[]> {
  const mock = await startMockUpstream()
  const strata = await start(mock, run.vendors)
  const random = createSeededRandom(run.seed)
  const figures: CutVendorFigures[] = []
  try {
    await load({ mock, strata, vendors: run.vendors })
    for (const vendor of run.vendors) figures.push(await measure({ mock, strata, random, vendor, run }))
  } finally {
    await strata.close()
    await mock.close()
  }
  return figures
}

function start(mock: MockUpstream, vendors: readonly CutVendor[]): Promise<RunningStrata> {
  const price = { input: '1', output: '10' }
  const endpoints = vendors.map(({ name, grouping, tokenizer = 'off' }): [string, JsonObject] => [
    name,
    toEndpoint(mock, grouping === 'few' ? 'anthropic' : 'openai', { price, tokenizer }),
  ])
  const models = vendors.map(({ name }): [string, JsonObject] => [name, { endpoint: name }])
  const egress = { attemptsMax: 1, breaker: { failuresMax: 10_000 } }
  return startStrata({
    config: { endpoints: Object.fromEntries(endpoints), models: Object.fromEntries(models), egress },
  })
}

/** The first stream of an endpoint has its tokenizer loaded: it is there before anything is measured. */
async function load({
  mock,
  strata,
  vendors,
}: Pick<Measure, 'mock' | 'strata'> & Pick<CutVendorRun, 'vendors'>): Promise<void> {
  const known = vendors.filter(({ tokenizer }) => tokenizer !== undefined)
  for (const { name, grouping, tokenize } of known) {
    const question = 'Is it?'
    const inputTokens = tokenize(question).length + templateTokens
    const body = write({ grouping, groups: [['Yes']], inputTokens, outputTokens: tokenize('Yes').length + 1 })
    mock.next({ body, contentType: 'text/event-stream', framing: 'chunked' })
    await ask(strata, { name, question, grouping })
  }
  const names = new Set(known.map(({ tokenizer }) => JSON.stringify(tokenizer)))
  const isLoaded = (): boolean =>
    strata.logLines.filter((line) => line.includes('a tokenizer is loaded')).length >= names.size
  while (!isLoaded()) await new Promise((done) => setTimeout(done, 10))
}

interface Measure {
  readonly mock: MockUpstream
  readonly strata: RunningStrata
  readonly random: Random
  readonly vendor: CutVendor
  readonly run: CutVendorRun
}

/** Learned from one half of the texts, reported on the other. */
async function measure({ mock, strata, random, vendor, run }: Measure): Promise<CutVendorFigures> {
  const { name, grouping, tokenize } = vendor
  const halves = [
    vendor.texts.filter((_, index) => index % 2 === 0),
    vendor.texts.filter((_, index) => index % 2 === 1),
  ]
  const found = { tokens: 0, estimated: 0, inputTokens: 0, inputEstimated: 0 }
  const errors: { readonly all: number[]; readonly shown: number[]; readonly input: number[] } = {
    all: [],
    shown: [],
    input: [],
  }
  for (let round = 0; round < run.whole + run.cut; round++) {
    const isWhole = round < run.whole
    const texts = halves[isWhole ? 0 : 1] ?? []
    const draw = (): string => texts[Math.floor(random.next() * texts.length)] ?? ''
    const question = draw().slice(0, 300)
    const groups = group(tokenize(draw()), grouping, random)
    if (groups.length === 0) continue
    const inputTokens = tokenize(question).length + templateTokens
    const kept = isWhole ? groups : groups.slice(0, 1 + Math.floor(random.next() * groups.length))
    const tokens = kept.reduce((sum, pieces) => sum + pieces.length, 0)
    const body = write({ grouping, groups: kept, inputTokens, outputTokens: isWhole ? tokens + 1 : undefined })
    const cut = { at: body.length, how: 'reset' } as const
    mock.next({ body, contentType: 'text/event-stream', framing: 'chunked', ...(isWhole ? {} : { cut }) })
    const usage = await ask(strata, { name, question, grouping })
    if (isWhole) continue
    const estimated = Number(usage['output_total'])
    found.tokens += tokens
    found.estimated += estimated
    errors.all.push(Math.abs(estimated / tokens - 1))
    errors.shown.push(toShownError(estimated, tokens, kept))
    if (grouping === 'few') continue // this dialect tells its input first
    found.inputTokens += inputTokens
    found.inputEstimated += Number(usage['input_total'])
    errors.input.push(Math.abs(Number(usage['input_total']) / inputTokens - 1))
  }
  for (const each of Object.values(errors)) each.sort((one, other) => one - other)
  return { name, grouping, ...found, errors: errors.all, shownErrors: errors.shown, inputErrors: errors.input }
}

/**
 * The last tokens of a stream may be parts of a character that is not whole yet. No text tells of them, so an estimate is right with
 * all of them, without them, and with some.
 */
function toShownError(estimated: number, tokens: number, kept: readonly (readonly string[])[]): number {
  const pieces = kept.flat()
  const unseen = pieces.length - 1 - pieces.findLastIndex((piece) => piece !== '')
  const nearest = Math.min(tokens, Math.max(tokens - unseen, estimated))
  return Math.abs(estimated / nearest - 1)
}

function group(
  tokens: readonly string[],
  grouping: CutVendor['grouping'],
  random: Random,
): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = []
  for (let at = 0; at < tokens.length; ) {
    const few = 1 + Math.floor(random.next() * 8)
    const moment = 1 + Math.floor(-3 * Math.log(1 - random.next()))
    const size = grouping === 'one' ? 1 : grouping === 'few' ? few : moment
    groups.push(tokens.slice(at, at + size))
    at += size
  }
  return groups
}

interface Written {
  readonly grouping: CutVendor['grouping']
  readonly groups: readonly (readonly string[])[]
  readonly inputTokens: number
  /** `undefined` for one that breaks off. */
  readonly outputTokens: number | undefined
}

function write({ grouping, groups, inputTokens, outputTokens }: Written): Buffer {
  const texts = groups.map((pieces) => pieces.join(''))
  const events =
    grouping === 'few' ? writeMessages(texts, inputTokens, outputTokens) : writeChat(texts, inputTokens, outputTokens)
  return Buffer.from(events.join(''))
}

function writeChat(texts: readonly string[], inputTokens: number, outputTokens: number | undefined): readonly string[] {
  const say = (chunk: JsonObject): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...chunk })}\n\n`
  const deltas = texts.map((content) => say({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }))
  if (outputTokens === undefined) return deltas
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  }
  const end = say({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  return [...deltas, end, say({ choices: [], usage }), 'data: [DONE]\n\n']
}

function writeMessages(
  texts: readonly string[],
  inputTokens: number,
  outputTokens: number | undefined,
): readonly string[] {
  const say = (type: string, event: JsonObject): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...event })}\n\n`
  const usage = { input_tokens: inputTokens, output_tokens: 1 }
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage }
  const begin = [
    say('message_start', { message }),
    say('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  ]
  const deltas = texts.map((text) => say('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }))
  if (outputTokens === undefined) return [...begin, ...deltas]
  const delta = { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: outputTokens } }
  return [
    ...begin,
    ...deltas,
    say('content_block_stop', { index: 0 }),
    say('message_delta', delta),
    say('message_stop', {}),
  ]
}

async function ask(
  strata: RunningStrata,
  {
    name,
    question,
    grouping,
  }: { readonly name: string; readonly question: string; readonly grouping: CutVendor['grouping'] },
): Promise<JsonObject> {
  const path = grouping === 'few' ? '/v1/messages' : '/v1/chat/completions'
  const messages = [{ role: 'user', content: question }]
  const response = await strata.request(path, { model: name, stream: true, max_tokens: 8_192, messages })
  await response.text()
  const call = await strata.platform.parts().calls.find('default', response.headers.get('x-strata-call') ?? '')
  const usage = call.find((fact) => fact.kind === 'dispatch')?.usage
  return { output_total: usage?.outputTotal ?? Number.NaN, input_total: usage?.inputTotal ?? Number.NaN }
}
