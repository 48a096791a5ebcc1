import type { NodeKind } from '../../core/node-kind.ts'
import type { EndpointCaller } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import { createEndpointKind } from './endpoint.ts'
import { createFallbackKind } from './fallback.ts'

export { createEndpointModel } from './endpoint.ts'

/** The kinds of this room. A new kind is one file and one line here. */
export function createNodeKinds(deps: {
  readonly endpoints: EndpointCaller
  readonly clock: Clock
}): readonly NodeKind[] {
  return [createEndpointKind(deps), createFallbackKind(deps)]
}
