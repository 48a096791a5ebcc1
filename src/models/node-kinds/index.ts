import type { NodeKind } from '../../core/node-kind.ts'
import { createBestKind } from './best.ts'
import { createCacheKind } from './cache.ts'
import { createCascadeKind } from './cascade.ts'
import { createEndpointKind } from './endpoint.ts'
import { createExperimentKind } from './experiment.ts'
import { createFallbackKind } from './fallback.ts'
import type { KindDeps } from './kind-deps.ts'
import { createMapKind } from './map.ts'
import { createMixKind } from './mix.ts'
import { createPromptKind } from './prompt.ts'
import { createRouteKind } from './route.ts'
import { createVerifyKind } from './verify.ts'
import { createVoteKind } from './vote.ts'

export { createAnswerCaches, type AnswerCaches } from './answer-cache.ts'
export { createEndpointModel } from './endpoint.ts'
export type { KindDeps } from './kind-deps.ts'
export { limitModel } from './limits.ts'

/** The kinds of this room. A new kind is one file and one line here. */
export function createNodeKinds(deps: KindDeps): readonly NodeKind[] {
  return [
    createEndpointKind(deps),
    createFallbackKind(deps),
    createRouteKind(deps),
    createCascadeKind(deps),
    createVoteKind(deps),
    createBestKind(deps),
    createMixKind(deps),
    createVerifyKind(deps),
    createMapKind(deps),
    createCacheKind(deps),
    createPromptKind(deps),
    createExperimentKind(deps),
  ]
}
