import { PlatformError } from '../core/errors.ts'
import type { Model } from '../core/model.ts'

/** What a node of the configuration was built of. */
export interface Shape {
  /** The key of its kind. */
  readonly kind: string
  readonly path: string
  readonly children: readonly Model[]
  /** Regions it is narrowed to. */
  readonly regions: readonly string[] | undefined
  /** Of a leaf: the endpoints it may call. */
  readonly endpoints: readonly string[] | undefined
}

/** What of regions can be told before any request; filled by governance. */
export interface RegionRules {
  /** What lies both in one of `left` and in one of `right`. */
  meet(left: readonly string[], right: readonly string[]): readonly string[]
  /** Whether an endpoint processes and stores within these regions. */
  mayUse(endpointId: string, allowed: readonly string[]): boolean
}

export interface ShapeLimits {
  readonly depthMax: number
  readonly callsMax: number
}

export interface ShapeCheck {
  readonly shapeOf: (model: Model) => Shape | undefined
  readonly regions: RegionRules | undefined
  readonly limits: ShapeLimits
}

/**
 * Throws CONFIG_INVALID for a tree that can never do what it says: regions that exclude each other, a leaf none of whose
 * endpoints lies in the regions it is narrowed to; and for one that is too deep or may cause too many calls.
 */
export function checkShape(check: ShapeCheck, model: Model, path: string): void {
  const { callsMax } = check.limits
  if (model.traits.callsMax > callsMax) {
    throw fault(
      path,
      `one request may cause ${model.traits.callsMax} calls at worst, above network.callsMax (${callsMax}); ask fewer times, or give it budget: { calls: ${callsMax} }`,
    )
  }
  visit({ check, seen: new Set() }, model, { allowed: undefined, depth: 1 })
}

interface Visit {
  readonly check: ShapeCheck
  readonly seen: Set<string>
}

interface Position {
  readonly allowed: readonly string[] | undefined
  readonly depth: number
}

function visit({ check, seen }: Visit, model: Model, position: Position): void {
  const shape = check.shapeOf(model)
  if (shape === undefined) return
  if (position.depth > check.limits.depthMax)
    throw fault(shape.path, `it stands deeper than network.depthMax (${check.limits.depthMax}); flatten the model`)
  const allowed = narrow(check, shape, position.allowed)
  const key = `${shape.path} ${position.depth} ${allowed?.join(',') ?? ''}`
  if (seen.has(key)) return
  seen.add(key)
  requireUsable(check, shape, allowed)
  for (const child of shape.children) visit({ check, seen }, child, { allowed, depth: position.depth + 1 })
}

function narrow(
  { regions: rules }: ShapeCheck,
  { regions: own, path }: Shape,
  outer: readonly string[] | undefined,
): readonly string[] | undefined {
  if (own === undefined || rules === undefined) return outer
  const unknown = own.find((region) => rules.meet([region], [region]).length === 0)
  if (unknown !== undefined)
    throw fault(
      `${path}.regions`,
      `"${unknown}" is no region of this server; use a country code, eu, local, or one of governance.regions`,
    )
  const met = rules.meet(outer ?? own, own)
  if (met.length > 0) return met
  throw fault(
    `${path}.regions`,
    own.length === 0
      ? 'an empty list allows no endpoint at all; name a region, or remove it'
      : `nothing lies both in ${own.join(', ')} and in ${(outer ?? []).join(', ')}, which stands above it; widen one of them`,
  )
}

function requireUsable(
  { regions: rules }: ShapeCheck,
  { endpoints, path }: Shape,
  allowed: readonly string[] | undefined,
): void {
  if (allowed === undefined || rules === undefined || endpoints === undefined) return
  if (endpoints.some((id) => rules.mayUse(id, allowed))) return
  const names = endpoints.join(', ')
  throw fault(
    path,
    `it is never reached: ${names} may not be used within ${allowed.join(', ')}; name another endpoint, or widen regions`,
  )
}

function fault(path: string, statement: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${statement}`, { param: path })
}
