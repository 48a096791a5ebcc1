import type { HttpParts } from './applications/index.ts'
import { toFailure } from './core/answer.ts'
import { createRootCall, type Call } from './core/call.ts'
import { PlatformError, toPlatformError } from './core/errors.ts'
import type { Embedded, EmbedRequest } from './core/model.ts'
import type { EmbedAs, TextEmbedder } from './core/ports.ts'
import { sumDispatches } from './core/totals.ts'

/** Embeds by the models in force, each time as a call: of its own, or within the one it is part of. */
export function createTextEmbedder(getParts: () => Pick<HttpParts, 'flow'>): TextEmbedder {
  return {
    embed(request, as) {
      const { flow } = getParts()
      const { call, durationMsMax, regions } = as
      if (call === undefined) return embedAlone(flow, request, as)
      const deadlineMs = flow.clock.monotonicMs() + durationMsMax
      const narrowed = regions === undefined ? {} : { allowedRegions: regions }
      return embedWithin(flow, request, call.child({ kind: 'model', name: request.model, deadlineMs, ...narrowed }))
    },
  }
}

type Flow = HttpParts['flow']

async function embedAlone(flow: Flow, request: EmbedRequest, as: EmbedAs): Promise<Embedded> {
  const { principal, regions, durationMsMax } = as
  flow.enter()
  let root: Call | undefined
  let failure: PlatformError | undefined
  try {
    const labels = flow.admission.labels(principal, { regions: undefined, useCase: undefined })
    root = createRootCall(flow, {
      name: request.model,
      principal,
      labels,
      narrowRegions: flow.admission.narrow,
      durationMsMax,
    })
    flow.admission.require(labels, 'exempt')
    const narrowed = regions === undefined ? {} : { allowedRegions: regions }
    const embedded = await embedWithin(flow, request, root.child({ kind: 'model', name: request.model, ...narrowed }))
    endRoot(root, { status: 'ok' })
    return embedded
  } catch (thrown) {
    failure = toPlatformError(thrown)
    if (root !== undefined) endRoot(root, toFailure(thrown))
    throw failure
  } finally {
    if (root !== undefined) flow.record(root.facts)
    flow.observe('embeddings', root, failure)
  }
}

async function embedWithin(flow: Flow, request: EmbedRequest, call: Call): Promise<Embedded> {
  const detail = { node: 'embedding' }
  try {
    const model = flow.models.resolve(request.model, call.principal)
    if (model.embed === undefined) {
      throw new PlatformError('UNSUPPORTED_PARAMETER', `the model ${model.id} does not embed`, { param: 'model' })
    }
    const embedded = await model.embed(request, call)
    call.end({ status: 'ok', detail })
    return embedded
  } catch (thrown) {
    call.end({ ...toFailure(thrown), detail })
    throw thrown
  }
}

function endRoot(root: Call, outcome: Parameters<Call['end']>[0]): void {
  const { usage, cost } = sumDispatches(root.facts)
  const detail = { ...root.labels.record, allowedRegions: root.labels.allowedRegions }
  root.end({ ...outcome, usage, cost, detail })
}
