import type { ForecastNode } from '../../config/index.ts'
import { createAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Traits } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import { createTurns, type Pieces, type Turns } from '../../core/turns.ts'
import { forecastEach, forecastLimits, levelsDefault, type AskedSeries, type ForecastAnswer } from './answers.ts'
import { readSeries } from './series-file.ts'

const horizonDefault = 24
/** A model answers for at most so many series. */
const seriesMax = 200

/**
 * The node kind `forecast`: a model that takes series as the text of the last user message and answers with their forecast as
 * JSON. The text is CSV, or JSON: `{"values": […], "horizon": 48}`, `{"series": [{"name", "values"}]}`, or the bare list.
 */
export function createForecastKind({ clock }: { readonly clock: Clock }): NodeKind<ForecastNode> {
  const turns = createTurns(clock)
  return {
    key: 'forecast',
    create({ forecast }, place) {
      const defaults = { horizon: forecast.horizon ?? horizonDefault, levels: forecast.levels ?? levelsDefault }
      return {
        id: place.id,
        traits,
        answer(request, call) {
          if (call.cancellation.isCancelled)
            return Promise.reject(new PlatformError('CANCELLED', 'the call was cancelled'))
          return Promise.resolve(createAnswer(answerChat(request, defaults, { turns, call })))
        },
      }
    },
  }
}

/** It runs in this process: no endpoint is called, nothing leaves, nothing is charged. */
const traits: Traits = {
  contextTokens: undefined,
  inputs: ['text'],
  tools: false,
  does: ['chat'],
  regions: ['local'],
  callsMax: 0,
  costMax: 0n,
}

interface Question {
  readonly series: readonly AskedSeries[]
  readonly horizon: number
  readonly levels: readonly number[]
}

type Defaults = Omit<Question, 'series'>

async function* answerChat(
  request: ChatRequest,
  defaults: Defaults,
  { turns, call }: { readonly turns: Turns; readonly call: Pick<Call, 'cancellation'> },
): AsyncGenerator<AnswerEvent> {
  const { horizon, answers } = await turns.run(answerText(findText(request), defaults), call.cancellation.signal)
  yield { type: 'text-delta', text: `{"object":"forecast","horizon":${horizon},"series":[` }
  for (const [index, each] of answers.entries()) {
    const text = JSON.stringify(each)
    yield { type: 'text-delta', text: index === 0 ? text : `,${text}` }
  }
  yield { type: 'text-delta', text: ']}' }
  yield { type: 'finish', reason: 'stop' }
}

function* answerText(
  text: string,
  defaults: Defaults,
): Pieces<{ readonly horizon: number; readonly answers: readonly ForecastAnswer[] }> {
  const { series, horizon, levels } = yield* readQuestion(text, defaults)
  return { horizon, answers: yield* forecastEach(series, { horizon, levels, seed: 1 }) }
}

function findText({ chat }: ChatRequest): string {
  const asked = chat.messages.findLast(({ role }) => role === 'user')
  const text = asked?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n') ?? ''
  if (text.trim() !== '') return text.trim()
  throw new PlatformError('INVALID_REQUEST', 'the last user message has no text; send series as CSV or JSON', {
    param: 'messages',
  })
}

function* readQuestion(text: string, defaults: Defaults): Pieces<Question> {
  if (!/^[[{]/.test(text)) {
    const series = yield* readSeries(text, { valuesMax: forecastLimits.valuesMax, seriesMax })
    return { series, ...defaults }
  }
  const asked = parse(text)
  if (Array.isArray(asked)) return { series: [toSeries(asked, 'series')], ...defaults }
  if (!isJsonObject(asked)) throw refuse('the JSON is neither a list nor an object')
  const { values, series = [{ values: values ?? null }], horizon = defaults.horizon, levels = defaults.levels } = asked
  if (!Array.isArray(series) || series.length === 0 || series.length > seriesMax)
    throw refuse(`series is a list of 1 to ${seriesMax} objects with name and values`)
  if (typeof horizon !== 'number') throw refuse('horizon is not a number')
  return { series: series.map(readOne), horizon, levels: readLevels(levels) }
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue // what JSON.parse gives is JSON
  } catch (cause) {
    throw new PlatformError('INVALID_REQUEST', 'the message begins as JSON and is none', { param: 'messages', cause })
  }
}

function readOne(each: JsonValue, index: number): AskedSeries {
  const given: JsonObject = isJsonObject(each) ? each : {}
  const name = typeof given['name'] === 'string' ? given['name'] : `series ${index + 1}`
  return toSeries(given['values'], name)
}

function toSeries(values: JsonValue | undefined, name: string): AskedSeries {
  const isSeries = Array.isArray(values) && values.every((value) => typeof value === 'number' || value === null)
  if (!isSeries) throw refuse(`the values of "${name}" are no list of numbers and null`)
  return { name, values: values.map((value) => (typeof value === 'number' ? value : undefined)) }
}

function readLevels(levels: JsonValue | readonly number[]): readonly number[] {
  const list: readonly (JsonValue | number)[] = Array.isArray(levels) ? levels : []
  const numbers = list.filter((level) => typeof level === 'number')
  if (numbers.length === list.length && numbers.length > 0) return numbers
  throw refuse('levels is no list of numbers')
}

function refuse(what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', what, { param: 'messages' })
}
