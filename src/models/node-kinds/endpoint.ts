import type { EndpointNode } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Model, Traits } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { EndpointCaller, EndpointChoice } from '../../core/ports.ts'
import { findSimilar } from '../../core/similar.ts'
import { combineTraits } from './traits.ts'

/** The leaf: one endpoint, or several that are interchangeable. */
export function createEndpointKind(deps: { readonly endpoints: EndpointCaller }): NodeKind<EndpointNode> {
  return {
    key: 'endpoint',
    create(node, place) {
      const ids = typeof node.endpoint === 'string' ? [node.endpoint] : node.endpoint
      const choice: EndpointChoice = {
        endpoints: ids,
        balance: node.balance ?? 'least-loaded',
        hedgeQuantile: node.hedgeQuantile,
      }
      return createEndpointModel(deps.endpoints, choice, { id: place.id, path: `${place.path}.endpoint` })
    },
  }
}

/**
 * The model of a leaf. It adds nothing to a request: the tries hang directly under the call it is given. Throws
 * CONFIG_INVALID for an id that no endpoint has, and for endpoints that have nothing in common.
 */
export function createEndpointModel(
  endpoints: EndpointCaller,
  choice: EndpointChoice,
  place: { readonly id: string; readonly path: string },
): Model {
  const parts = choice.endpoints.map((id, index) => {
    const path = choice.endpoints.length === 1 ? place.path : `${place.path}[${index}]`
    return findTraits(endpoints, id, path)
  })
  const traits = combineTraits(parts, 'one-of')
  if (traits.does.length === 0) {
    throw fault(
      place.path,
      'these endpoints have nothing in common that they do; put each kind into a model of its own',
    )
  }
  const chats: Pick<Model, 'id' | 'traits' | 'answer'> = {
    id: place.id,
    traits,
    answer: traits.does.includes('chat')
      ? (request, call) => endpoints.answer(choice, request, call)
      : () =>
          Promise.reject(
            new PlatformError('INVALID_REQUEST', `${place.id} does not chat; it is for: ${traits.does.join(', ')}`),
          ),
  }
  const { does } = traits
  return {
    ...chats,
    ...(does.includes('embed') ? { embed: (request, call) => endpoints.embed(choice, request, call) } : {}),
    ...(does.includes('rerank') ? { rerank: (request, call) => endpoints.rerank(choice, request, call) } : {}),
  }
}

function findTraits(endpoints: EndpointCaller, id: string, path: string): Traits {
  const traits = endpoints.findTraits(id)
  if (traits !== undefined) return traits
  const similar = findSimilar(id, endpoints.list())
  const advice =
    similar.length > 0
      ? `did you mean ${similar.map((other) => `"${other}"`).join(' or ')}?`
      : 'add it under endpoints; a model is named without the key endpoint'
  throw fault(path, `there is no endpoint "${id}"; ${advice}`)
}

function fault(path: string, statement: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${statement}`, { param: path })
}
