import type { Model } from './model.ts'

/**
 * One kind of node of the tree of models: how what stands in the configuration becomes a model. Any room may contribute
 * kinds; `platform/` registers them.
 */
export interface NodeKind<Node extends object = object> {
  /** The key that marks a node of this kind: `fallback` in `{ fallback: [small, large] }`. */
  readonly key: string
  /** Builds the model of a node that the configuration schema has passed. Throws CONFIG_INVALID when it cannot stand. */
  create(node: Node, place: NodePlace): Model
}

/** Where a node stands, and the way to the nodes below it. */
export interface NodePlace {
  /** The model's name; of a node described in place, its path below `models`: `large.fallback[1]`. */
  readonly id: string
  /** The key path for messages: `models.large.fallback[1]`. */
  readonly path: string
  /** The model that `child` names or describes; `path` is the child's key path. Throws CONFIG_INVALID. */
  build(child: string | object, path: string): Model
}
