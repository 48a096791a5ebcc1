import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { JsonObject } from '../../../src/core/json.ts'
import { isJsonObject } from '../../../src/core/json.ts'
import { readBody, type BodyDialect } from '../../../src/infrastructure/index.ts'
import { startMockUpstream, type MockUpstream } from '../index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../strata.ts'

export interface RecordedCuts {
  readonly bodies: number
  readonly cuts: number
  /** Cuts after which something had been answered, and a row says what it used and cost. */
  readonly charged: number
  /** Rows that cost less than their input alone, or than the input that the vendor had told. */
  readonly belowInput: number
  /** Rows that cost more than was held: the bytes of the request and the bound on output at their prices. */
  readonly aboveHold: number
  /** Rows with tokens that cost nothing. */
  readonly free: number
  /** Rows whose usage, as the vendor tells it, contradicts itself: of unknown cost. Budgets are charged all the same. */
  readonly unpriced: number
  /** Picodollars by which what budgets say was spent differs from what the rows cost. */
  readonly unbooked: bigint
  /** Transfers beyond what was held. */
  readonly overruns: number
}

/** Dollars a million tokens; a million million picodollars are a dollar. */
const price = { input: 3, output: 15 }
const outputTokensMax = 4_096
/** As `measure.ts` adds for what a chat template puts around messages. */
const templateTokensMax = 512

/** Dialects by the folder of their recorded streams, and the route whose answers they are relayed to. */
const faces: Readonly<Record<string, readonly [dialect: BodyDialect, path: string]>> = {
  'openai-chat': ['openai', '/v1/chat/completions'],
  'openai-responses': ['openai-responses', '/v1/responses'],
  'anthropic-messages': ['anthropic', '/v1/messages'],
}

interface Recorded {
  readonly name: string
  readonly model: string
  readonly path: string
  readonly dialect: BodyDialect
  readonly bytes: Buffer
}

const fixtures = resolve(import.meta.dirname, '../../fixtures')

function listRecorded(): readonly Recorded[] {
  const native = Object.entries(faces).flatMap(([folder, [dialect, path]]) =>
    readdirSync(join(fixtures, folder))
      .filter((name) => name.startsWith('stream-'))
      .map((name) => ({ name: `${folder}/${name}`, model: dialect, dialect, path })),
  )
  const vendors = readdirSync(join(fixtures, 'vendors')).flatMap((vendor) =>
    readdirSync(join(fixtures, 'vendors', vendor))
      .filter((name) => name.endsWith('.sse'))
      .map((name) => ({
        name: `vendors/${vendor}/${name}`,
        model: vendor,
        dialect: vendor,
        path: '/v1/chat/completions',
      })),
  )
  // The folders of vendors are named as their dialects are.
  return [...native, ...(vendors as Omit<Recorded, 'bytes'>[])].map((each) => ({
    ...each,
    bytes: readFileSync(join(fixtures, each.name)),
  }))
}

/** Every recorded stream, broken off behind each of its events in turn, on its way through the whole server. */
export async function runRecordedCuts(onFault: (fault: string) => void = () => undefined): Promise<RecordedCuts> {
  const recorded = listRecorded()
  const mock = await startMockUpstream()
  const strata = await start(mock, [...new Set(recorded.map(({ dialect }) => dialect))])
  const found = { bodies: recorded.length, cuts: 0, charged: 0, belowInput: 0, aboveHold: 0, free: 0, unpriced: 0 }
  let cost = 0n
  try {
    const budget = { name: 'all', limit: '1000', period: 'total' }
    const { id } = (await (await strata.request('/v1/budgets', budget)).json()) as { id: string }
    for (const body of recorded) {
      for (const at of findEnds(body.bytes)) {
        mock.next({ body: body.bytes, contentType: 'text/event-stream', framing: 'chunked', cut: { at, how: 'reset' } })
        const verdict = await judge(strata, { body, at })
        found.cuts++
        if (verdict === undefined) continue
        found.charged++
        // What is not priced is charged as what was held for what was seen.
        const charged = verdict.cost ?? (await readSpent(strata, id)) - cost
        cost += charged
        if (verdict.cost === undefined) found.unpriced++
        if (charged <= 0n) found.free++
        for (const fault of verdict.faults) {
          found[fault]++
          onFault(`${body.name} cut at ${at}: ${fault}, ${verdict.said}`)
        }
      }
    }
    const spent = await readSpent(strata, id)
    const overruns = await strata.platform.store.sql
      .selectFrom('transfer')
      .select('amount')
      .where('kind', '=', 'overrun')
      .execute()
    return { ...found, unbooked: spent - cost, overruns: overruns.length }
  } finally {
    await strata.close()
    await mock.close()
  }
}

async function readSpent(strata: RunningStrata, budget: string): Promise<bigint> {
  const { accounts } = await strata.platform.parts().budgets.get('default', budget)
  return accounts.reduce((sum, { spent }) => sum + spent, 0n)
}

function start(mock: MockUpstream, dialects: readonly string[]): Promise<RunningStrata> {
  const place = { url: mock.url, model: 'm', key: 'k', processing: ['local'], storage: ['local'] }
  const text = { input: String(price.input), output: String(price.output) }
  const endpoints = Object.fromEntries(
    dialects.map((dialect): [string, JsonObject] => {
      const more = { price: text, outputTokensMax }
      if (dialect === 'openai' || dialect === 'openai-responses' || dialect === 'anthropic')
        return [dialect, toEndpoint(mock, dialect, more)]
      return [dialect, { dialect, ...place, ...more }]
    }),
  )
  const models = Object.fromEntries(dialects.map((dialect) => [dialect, { endpoint: dialect }]))
  return startStrata({ config: { endpoints, models, egress: { attemptsMax: 1, breaker: { failuresMax: 1_000 } } } })
}

/** Behind each event, the last one included: then it is only the connection that breaks off. */
function findEnds(bytes: Buffer): readonly number[] {
  const text = bytes.toString('latin1')
  return [...text.matchAll(/\r?\n\r?\n/g)].map((match) => match.index + match[0].length)
}

interface Verdict {
  readonly cost: bigint | undefined
  readonly faults: readonly ('belowInput' | 'aboveHold')[]
  readonly said: string
}

const question = 'How many days of leave are there? '.repeat(8)

async function judge(
  strata: RunningStrata,
  { body, at }: { readonly body: Recorded; readonly at: number },
): Promise<Verdict | undefined> {
  const asked: JsonObject = {
    model: body.model,
    stream: true,
    ...(body.path === '/v1/responses'
      ? { input: question, max_output_tokens: outputTokensMax }
      : { messages: [{ role: 'user', content: question }], max_tokens: outputTokensMax }),
  }
  const response = await strata.request(body.path, asked)
  await response.text()
  const call = await strata.request(`/v1/calls/${response.headers.get('x-strata-call')}`)
  const { children } = (await call.json()) as { children?: readonly JsonObject[] }
  const row = children?.find((child) => child['kind'] === 'dispatch')
  const usage = row?.['usage']
  if (!isJsonObject(usage)) return undefined // broken off before anything was answered
  const [input, output] = [Number(usage['input_total'] ?? 0), Number(usage['output_total'] ?? 0)]
  const cost = isJsonObject(row?.['cost']) ? BigInt(row['cost']['picodollars'] as string) : undefined
  const heldInput = Buffer.byteLength(JSON.stringify(asked)) + templateTokensMax
  const held = BigInt(heldInput * price.input + outputTokensMax * price.output) * 1_000_000n
  const before = readSoFar(body, at)
  const least = BigInt(Math.max(before.input ?? 0, 1) * price.input) * 100_000n // cached input costs a tenth
  const isReported = usage['source'] === 'reported'
  if (cost === undefined) return { cost, said: '', faults: [] }
  return {
    cost,
    said: JSON.stringify({ usage, cost: String(cost), held: String(held) }),
    faults: [
      ...(cost < least || output + input === 0 ? (['belowInput'] as const) : []),
      // What the vendor itself reports stands, also where a recorded answer was larger than this request.
      ...(cost > held && !isReported && before.input === undefined ? (['aboveHold'] as const) : []),
    ],
  }
}

/** What the vendor had reported where the stream broke off. */
function readSoFar({ bytes, dialect }: Recorded, at: number): { readonly input: number | undefined } {
  return { input: readBody(bytes.subarray(0, at), dialect).usage?.inputTotal }
}
