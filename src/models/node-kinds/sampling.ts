import { withChat, type ChatRequest } from '../../core/chat.ts'
import type { Call } from '../../core/call.ts'
import type { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Model } from '../../core/model.ts'
import type { Clock } from '../../core/time.ts'
import { gatherChild, throwIfLeft, type Gathering, type WholeAnswer } from './asking.ts'
import { isPassedOn } from './passing.ts'

/** How a node asks several times. */
export interface Sampling {
  readonly clock: Clock
  /** Asked in turn, from the first again when there are more samples than models. */
  readonly models: readonly Model[]
  readonly request: ChatRequest
  readonly call: Call
  readonly temperature: number | undefined
  /** Samples at most, failed ones included. */
  readonly samplesMax: number
  /** Samples under way at once at most. */
  readonly parallel: number
  /** What the record says of a sample. */
  readonly detail: (sample: number) => JsonObject
}

export interface Sample {
  /** From 0, in the order in which they were asked. */
  readonly sample: number
  readonly model: Model
  readonly answer: WholeAnswer
}

export interface Sampler {
  /** How many of those that may still come are wanted: 0 ends it, and leaves those under way. */
  readonly wanted: (left: number) => number
  readonly onSample: (sample: Sample) => Promise<void>
}

/** Why no more were taken. */
export interface SamplingEnd {
  readonly asked: number
  /** The last failure of a sample; `undefined` when all came. */
  readonly failure: PlatformError | undefined
  /** Samples stopped short of what was wanted: the budget or the time was spent. */
  readonly isCut: boolean
}

/**
 * Takes samples until enough have come. A failed one is passed over and its place is not filled again; a failure that every
 * sample would meet ends it. Those under way when it ends are cancelled. Rejects when the client has left, and with what
 * every sample would meet.
 */
export async function takeSamples(sampling: Sampling, sampler: Sampler): Promise<SamplingEnd> {
  const { call } = sampling
  const running = new Map<number, { readonly gathering: Gathering; readonly done: Promise<Arrival> }>()
  let asked = 0
  let failure: PlatformError | undefined
  let isCut = false
  try {
    for (;;) {
      const left = sampling.samplesMax - asked + running.size
      const wanted = sampler.wanted(left)
      const roomMax = isCut ? 0 : Math.min(wanted, sampling.parallel) - running.size
      const room = Math.min(roomMax, sampling.samplesMax - asked)
      for (let started = 0; started < room; started++) {
        running.set(asked, startSample(sampling, asked))
        asked++
      }
      if (running.size === 0 || wanted === 0) break
      const { sample, model, gathered } = await Promise.race([...running.values()].map(({ done }) => done))
      running.delete(sample)
      throwIfLeft(call)
      if (gathered.type === 'answer') await sampler.onSample({ sample, model, answer: gathered.answer })
      else {
        failure = gathered.error
        if (failure.code === 'BUDGET_SPENT' || failure.code === 'DEADLINE_EXCEEDED') isCut = true
        else if (!isPassedOn(failure.code)) throw failure
      }
    }
    return { asked, failure, isCut }
  } finally {
    for (const { gathering } of running.values()) gathering.cancel('enough samples have come')
    await Promise.all([...running.values()].map(({ done }) => done))
  }
}

interface Arrival {
  readonly sample: number
  readonly model: Model
  readonly gathered: Awaited<Gathering['result']>
}

function startSample(
  sampling: Sampling,
  sample: number,
): { readonly gathering: Gathering; readonly done: Promise<Arrival> } {
  const { clock, models, call, detail } = sampling
  const model = models[sample % models.length]
  if (model === undefined) throw new RangeError('a node that samples has a model')
  const request = toSampleRequest(sampling, sample)
  const gathering = gatherChild({ clock, child: model, request, call, detail: detail(sample) })
  return { gathering, done: gathering.result.then((gathered) => ({ sample, model, gathered })) }
}

/** The same request; with a temperature of the node's, and with another seed where the client fixed one. */
function toSampleRequest({ request, temperature }: Sampling, sample: number): ChatRequest {
  const hasSeed = sample > 0 && request.chat.seed !== undefined
  if (temperature === undefined && !hasSeed) return request
  const { chat } = request
  return withChat(request, {
    ...chat,
    temperature: temperature ?? chat.temperature,
    seed: chat.seed === undefined ? undefined : chat.seed + sample,
  })
}
