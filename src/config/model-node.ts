import { PlatformError } from '../core/errors.ts'
import { isJsonObject } from '../core/json.ts'
import { configJsonSchema } from './json-schema.ts'
import { explainIssues } from './problems.ts'
import { modelNodeSchema, type ModelNode } from './sections/models.ts'

export interface ReadNodeOptions {
  /** Where the node stands, for messages. */
  readonly path: string
  readonly depthMax: number
  readonly nodesMax: number
}

/** A node of the tree of models that did not come from the configuration file. Throws INVALID_REQUEST with its place and fix. */
export function readModelNode(value: unknown, { path, depthMax, nodesMax }: ReadNodeOptions): ModelNode {
  // Looked at before the schema, which would follow any depth. A node and its settings are up to four levels of JSON.
  const size = measure(value, depthMax * 4)
  if (size === undefined) throw refuse(path, `is deeper than network.depthMax (${depthMax}) allows; flatten it`)
  if (size > nodesMax * objectsPerNode) throw refuse(path, `is larger than network.inlineNodesMax (${nodesMax}) allows`)
  const parsed = modelNodeSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const { definitions } = configJsonSchema()
  const root = { ...definitions?.['model'], ...(definitions === undefined ? {} : { definitions }) }
  const problems = explainIssues(parsed.error.issues, value, root)
  const [first] = problems
  const place = [path, ...(first?.path ?? [])].join('.')
  throw refuse(place, `${first?.problem ?? 'is no model'}. ${first?.fix ?? ''}`.trim())
}

/** Objects and lists that one node with its settings is made of, at most in any sensible case. */
const objectsPerNode = 8

/** Objects and lists of a value; `undefined` when it is deeper than that. */
function measure(value: unknown, depthLeft: number): number | undefined {
  if (typeof value !== 'object' || value === null) return 0
  if (depthLeft === 0) return undefined
  const items: readonly unknown[] = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : []
  let sum = 1
  for (const item of items) {
    const size = measure(item, depthLeft - 1)
    if (size === undefined) return undefined
    sum += size
  }
  return sum
}

function refuse(place: string, statement: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${place}: ${statement}`, { param: place })
}
