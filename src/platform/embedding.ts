import type { HttpParts } from '../applications/index.ts'
import { toFailure } from '../core/answer.ts'
import { createRootCall, type Call, type Principal } from '../core/call.ts'
import { PlatformError, toPlatformError } from '../core/errors.ts'
import type { Embedded, Model, Reranked } from '../core/model.ts'
import type { EmbedAs, TextEmbedder, TextReranker } from '../core/ports.ts'
import { sumDispatches } from '../core/totals.ts'

/** Embeds by the models in force, each time as a call: of its own, or within the one it is part of. */
export function createTextEmbedder(getParts: () => Pick<HttpParts, 'flow'>): TextEmbedder {
  return {
    embed(request, as) {
      const ask: Ask<Embedded> = (model, call) => model.embed?.(request, call)
      return runModel(
        getParts().flow,
        { name: request.model, node: 'embedding', verb: 'embed', face: 'embeddings', ask },
        as,
      )
    },
  }
}

/** Judges texts by the models in force, likewise. */
export function createTextReranker(getParts: () => Pick<HttpParts, 'flow'>): TextReranker {
  return {
    rerank(request, as) {
      const ask: Ask<Reranked> = (model, call) => model.rerank?.(request, call)
      return runModel(
        getParts().flow,
        { name: request.model, node: 'reranking', verb: 'rerank', face: 'embeddings', ask },
        as,
      )
    },
  }
}

type Flow = HttpParts['flow']
/** Gives nothing for a model that cannot. */
export type Ask<T> = (model: Model, call: Call) => Promise<T> | undefined

/** What is asked of a model beside the requests of clients. */
export interface Work<T> {
  /** Of the model, as the configuration has it. */
  readonly name: string
  readonly node: 'embedding' | 'reranking' | 'recognition' | 'context'
  readonly verb: string
  /** As metrics name it. */
  readonly face: string
  readonly ask: Ask<T>
  /** For whom the model is looked up; the principal of the call when absent. */
  readonly as?: Principal | undefined
}

/** Runs it as a call: of its own, or within the one it is part of. Rejects as a request would. */
export function runModel<T>(flow: Flow, work: Work<T>, as: EmbedAs): Promise<T> {
  const { call, durationMsMax, regions } = as
  if (call === undefined) return runAlone(flow, work, as)
  const deadlineMs = flow.clock.monotonicMs() + durationMsMax
  const narrowed = regions === undefined ? {} : { allowedRegions: regions }
  return runWithin(flow, work, call.child({ kind: 'model', name: work.name, deadlineMs, ...narrowed }))
}

async function runAlone<T>(flow: Flow, work: Work<T>, as: EmbedAs): Promise<T> {
  const { principal, regions, durationMsMax } = as
  const { name } = work
  flow.enter()
  let root: Call | undefined
  let failure: PlatformError | undefined
  try {
    const labels = flow.admission.labels(principal, { regions: undefined, useCase: undefined })
    root = createRootCall(flow, { name, principal, labels, narrowRegions: flow.admission.narrow, durationMsMax })
    flow.admission.require(labels, 'exempt')
    const narrowed = regions === undefined ? {} : { allowedRegions: regions }
    const given = await runWithin(flow, work, root.child({ kind: 'model', name, ...narrowed }))
    endRoot(root, { status: 'ok' })
    return given
  } catch (thrown) {
    failure = toPlatformError(thrown)
    if (root !== undefined) endRoot(root, toFailure(thrown))
    throw failure
  } finally {
    if (root !== undefined) flow.record(root.facts)
    flow.observe(work.face, root, failure)
  }
}

async function runWithin<T>(flow: Flow, { name, node, verb, ask, as }: Work<T>, call: Call): Promise<T> {
  const detail = { node }
  try {
    const model = flow.models.resolve(name, as ?? call.principal)
    const asked = ask(model, call)
    if (asked === undefined) {
      throw new PlatformError('UNSUPPORTED_PARAMETER', `the model ${model.id} does not ${verb}`, { param: 'model' })
    }
    const given = await asked
    call.end({ status: 'ok', detail })
    return given
  } catch (thrown) {
    call.end({ ...toFailure(thrown), detail })
    throw thrown
  }
}

function endRoot(root: Call, outcome: Parameters<Call['end']>[0]): void {
  const { usage, cost } = sumDispatches(root.facts)
  const detail = { allowed_regions: root.labels.allowedRegions, ...root.labels.record }
  root.end({ ...outcome, usage, cost, detail })
}
