import { PlatformError } from '../../core/errors.ts'
import type { Model, Traits } from '../../core/model.ts'
import type { NodePlace } from '../../core/node-kind.ts'

/** The model of a node below that has to chat. Throws CONFIG_INVALID. */
export function buildChat(place: NodePlace, child: string | object, path: string): Model {
  const model = place.build(child, path)
  if (model.traits.does.includes('chat')) return model
  throw fault(path, `"${model.id}" does not chat, so it cannot stand in`)
}

/** The models of a node or of a list of nodes, all of which have to chat. Throws CONFIG_INVALID. */
export function buildSeveral(
  place: NodePlace,
  children: string | object | readonly (string | object)[],
  path: string,
): readonly Model[] {
  if (!isList(children)) return [buildChat(place, children, path)]
  return children.map((child, index) => buildChat(place, child, `${path}[${index}]`))
}

/** A node that has nothing to decide is the one model below it: a call for it would say nothing, and cost a row. */
export function createPassThrough(id: string, traits: Traits, only: Model): Model {
  return { id, traits, answer: (request, call) => only.answer(request, call) }
}

/** The model of that name, which has to embed. Throws CONFIG_INVALID. */
export function buildEmbedder(place: NodePlace, name: string, path: string): Embedder {
  const model = place.build(name, path)
  const { embed } = model
  if (embed !== undefined) return { ...model, embed: (request, call) => embed(request, call) }
  throw fault(path, `"${name}" does not embed; name an endpoint with does: [embed], or a model of such endpoints`)
}

export type Embedder = Model & Required<Pick<Model, 'embed'>>

/** What a node of the configuration cannot be, with its key path. */
export function fault(path: string, statement: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${statement}`, { param: path })
}

function isList<Item extends string | object>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value)
}
