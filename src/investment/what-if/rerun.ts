import { z } from 'zod'
import type { Call, CallFacts } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import { regionsBound } from '../../core/given.ts'
import type { Picodollars } from '../../core/money.ts'
import type { RecordedCall } from '../../core/ports-replay.ts'
import { createSeededRandom } from '../../core/random.ts'
import { toStudent } from './student.ts'
import type { ReadCalls, Span } from './what-if.ts'

/** What a request said and was answered, where somebody kept it. */
export interface KeptContent {
  readonly prompt: string
  readonly answer: string | undefined
}

export interface RerunAsked {
  readonly seed: number
  /** Nothing is sent any more once either is reached; one request may spend no more than what is left. */
  readonly limits: { readonly usd: Picodollars; readonly calls: number }
  readonly findContents: (tenant: string, callIds: readonly string[]) => Promise<ReadonlyMap<string, KeptContent>>
  /** Sends a request like a client's. Resolves when it fails too: what it has spent by then counts. */
  readonly ask: (question: Question) => Promise<AskedAgain>
  /** How good an answer is, 0…1; without one only agreement is told. */
  readonly judge?: ((judged: Judged) => Promise<JudgedAgain>) | undefined
}

export interface Question {
  readonly root: CallFacts
  readonly prompt: string
  readonly left: Picodollars
}

export interface AskedAgain {
  /** Of an answer that came whole. */
  readonly text: string | undefined
  readonly errorCode: string | undefined
  /** `undefined` when it is not known. */
  readonly cost: Picodollars | undefined
  readonly latencyMs: number
  /** Lists of regions, all of which bind the answer. */
  readonly bounds: Call['bounds']
}

export interface Judged {
  readonly root: CallFacts
  readonly prompt: string
  readonly answer: string
  /** Lists of regions, all of which bind the answer, beside those that the request allowed. */
  readonly bounds: Call['bounds']
  readonly left: Picodollars
}

export interface JudgedAgain {
  /** `undefined` when the judge gave none. */
  readonly score: number | undefined
  readonly cost: Picodollars | undefined
}

/** A sample of recorded requests, sent again. */
export interface RerunReport {
  /** Of the span, those that have been made by a rerun left out. */
  readonly calls: number
  /** Calls whose content nobody kept: they cannot be sent again. */
  readonly contentNotKept: number
  readonly sent: number
  readonly served: number
  /** By error code. */
  readonly failed: Readonly<Record<string, number>>
  /** `sample`: every call of the sample was sent · else what ended it before. */
  readonly stopped: 'sample' | 'usd' | 'unknown cost'
  /** Of all requests and judgements. */
  readonly spent: Picodollars
  /** USD, milliseconds, and 0…1 by the judge: of requests of which both are known. */
  readonly cost: Paired | undefined
  readonly latencyMs: Paired | undefined
  readonly quality: Paired | undefined
  /** Answers that are the same but for blanks and case, with Wilson's 95 % interval. */
  readonly agreement: Share | undefined
}

/** A difference of pairs, with its 95 % interval; bounds are `undefined` below five pairs. */
export interface Paired {
  readonly pairs: number
  readonly recorded: number
  readonly again: number
  readonly difference: number
  readonly lower: number | undefined
  readonly upper: number | undefined
}

export interface Share {
  readonly of: number
  readonly share: number
  readonly lower: number
  readonly upper: number
}

const pageCalls = 500
const pairsMin = 5
/** Requests of one rerun. */
const callsMax = 1_000

/** What a rerun is asked to be. */
export const rerunSchema = z.strictObject({
  usd: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,12})?$/, 'dollars as decimal text')
    .describe('Most that it may spend, judgements included; nothing is sent beyond it.'),
  calls: z.int().min(1).max(callsMax).describe('Calls in the sample, at most.'),
  seed: z.int().min(0).max(4_294_967_295).default(1).describe('Of the draw: the same seed draws the same sample.'),
  model: z.string().min(1).max(256).optional().describe('The model in force that is asked instead of the one of then.'),
  judge: z
    .strictObject({
      model: z.string().min(1).max(256).describe('The model that scores both answers.'),
      criteria: z.string().min(1).max(10_000).describe('What it looks for, in words.'),
    })
    .optional()
    .describe('Scores the kept answer and the new one.'),
})

/**
 * Sends a sample again, one after the other, so that each knows what is left. Rejects with INVALID_REQUEST where no call of the
 * span has its content on record.
 */
export async function rerunSample(read: ReadCalls, span: Span, asked: RerunAsked): Promise<RerunReport> {
  const { calls, kept, sample } = await drawSample(read, span, asked)
  if (kept === 0) {
    const why = `none of ${calls} calls has its content on record; it is kept where feedback comes with the prompt (POST /v1/feedback)`
    throw new PlatformError('INVALID_REQUEST', why, { param: 'level' })
  }
  const results: Result[] = []
  const state = { spent: 0n, stopped: 'sample' as RerunReport['stopped'] }
  for (const each of sample) {
    if (state.spent >= asked.limits.usd) state.stopped = 'usd'
    if (state.stopped !== 'sample') break
    const result = await sendOne(each, asked, state)
    const isShort = result.again.errorCode === 'BUDGET_SPENT'
    if (isShort) state.stopped = 'usd'
    if (!isShort || result.again.cost !== 0n) results.push(result)
  }
  return { ...toReport(results), calls, contentNotKept: calls - kept, ...state }
}

interface Drawn {
  readonly call: RecordedCall
  readonly content: KeptContent
}

interface Result extends Drawn {
  readonly again: AskedAgain
  readonly scores: { readonly recorded: number; readonly again: number } | undefined
}

/** Every call of which the content is kept with the same chance (reservoir sampling, Vitter 1985, algorithm R), in the order drawn. */
async function drawSample(read: ReadCalls, span: Span, { seed, limits, findContents }: RerunAsked) {
  const random = createSeededRandom(seed)
  const sample: Drawn[] = []
  let [calls, kept] = [0, 0]
  let page: RecordedCall[] = []
  const take = async (): Promise<void> => {
    const contents = await findContents(
      span.tenant,
      page.map(({ root }) => root.id),
    )
    for (const call of page) {
      const content = contents.get(call.root.id)
      if (content === undefined) continue
      kept++
      if (sample.length < limits.calls) sample.push({ call, content })
      else {
        const place = Math.floor(random.next() * kept)
        if (place < limits.calls) sample[place] = { call, content }
      }
    }
    page = []
  }
  for await (const call of read(span)) {
    if (call.root.detail?.['what_if'] !== undefined) continue
    calls++
    page.push(call)
    if (page.length >= pageCalls) await take()
  }
  await take()
  return { calls, kept, sample }
}

async function sendOne(
  drawn: Drawn,
  asked: RerunAsked,
  state: { spent: bigint; stopped: RerunReport['stopped'] },
): Promise<Result> {
  const { root, nodes } = drawn.call
  const { prompt, answer } = drawn.content
  const pay = (cost: Picodollars | undefined): void => {
    if (cost === undefined) state.stopped = 'unknown cost'
    else state.spent += cost
  }
  const left = (): Picodollars => asked.limits.usd - state.spent
  const again = await asked.ask({ root, prompt, left: left() })
  pay(again.cost)
  const scores: number[] = []
  if (asked.judge !== undefined && answer !== undefined && again.text !== undefined) {
    const answers = [
      { answer, bounds: regionsBound([root, ...nodes]).map((region) => [region]) },
      { answer: again.text, bounds: again.bounds },
    ]
    for (const each of answers) {
      if (left() <= 0n || state.stopped !== 'sample') break
      const judged = await asked.judge({ root, prompt, ...each, left: left() })
      pay(judged.cost)
      if (judged.score !== undefined) scores.push(judged.score)
    }
  }
  const [recorded, own] = scores
  return { ...drawn, again, scores: recorded === undefined || own === undefined ? undefined : { recorded, again: own } }
}

function toReport(
  results: readonly Result[],
): Pick<RerunReport, 'sent' | 'served' | 'failed' | 'cost' | 'latencyMs' | 'quality' | 'agreement'> {
  const served = results.filter(({ again }) => again.text !== undefined)
  const failed: Record<string, number> = {}
  for (const { again } of results)
    if (again.errorCode !== undefined) failed[again.errorCode] = (failed[again.errorCode] ?? 0) + 1
  const known = served.filter(({ call }) => call.root.status === 'ok')
  return {
    sent: results.length,
    served: served.length,
    failed,
    cost: toPaired(known.map(({ call, again }) => [toUsd(call.root.cost), toUsd(again.cost)])),
    latencyMs: toPaired(known.map(({ call, again }) => [call.root.durationMs, again.latencyMs])),
    quality: toPaired(results.map(({ scores }) => [scores?.recorded, scores?.again])),
    agreement: toShare(
      served.flatMap(({ content, again }) =>
        content.answer === undefined ? [] : [normalise(content.answer) === normalise(again.text ?? '')],
      ),
    ),
  }
}

function toUsd(cost: Picodollars | undefined): number | undefined {
  return cost === undefined ? undefined : Number(cost) / 1e12
}

function normalise(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

function toPaired(all: readonly (readonly [number | undefined, number | undefined])[]): Paired | undefined {
  const pairs = all.flatMap(([one, other]) => (one === undefined || other === undefined ? [] : [[one, other] as const]))
  const count = pairs.length
  if (count === 0) return undefined
  const mean = (pick: (pair: readonly [number, number]) => number): number =>
    pairs.reduce((sum, pair) => sum + pick(pair), 0) / count
  const difference = mean(([one, other]) => other - one)
  const means = { pairs: count, recorded: mean(([one]) => one), again: mean(([, other]) => other), difference }
  if (count < pairsMin) return { ...means, lower: undefined, upper: undefined }
  const variance = (mean(([one, other]) => (other - one - difference) ** 2) * count) / (count - 1)
  const half = toStudent(count - 1) * Math.sqrt(variance / count)
  return { ...means, lower: difference - half, upper: difference + half }
}

/** Wilson (1927). */
function toShare(same: readonly boolean[]): Share | undefined {
  const of = same.length
  if (of === 0) return undefined
  const share = same.filter(Boolean).length / of
  const squared = 1.96 ** 2
  const middle = (share + squared / (2 * of)) / (1 + squared / of)
  const half = (1.96 * Math.sqrt((share * (1 - share)) / of + squared / (4 * of * of))) / (1 + squared / of)
  return { of, share, lower: Math.max(0, middle - half), upper: Math.min(1, middle + half) }
}
