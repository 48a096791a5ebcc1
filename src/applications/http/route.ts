import type { z } from 'zod'
import type { Principal } from '../../core/call.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Right } from '../../core/rights.ts'
import type { PlatformError } from '../../core/errors.ts'
import type { Exchange } from './exchange.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One route: where it is, who may use it, what it takes and gives, and what it does. One line in a face's table. */
export type Route = OperationRoute | RequestRoute

interface RouteBase {
  readonly method: Method
  /** `/v1/collections/{id}`: segments in braces are parameters; a trailing `{name*}` takes the rest. */
  readonly path: string
  readonly summary: string
  /** Shape of the JSON body; absent for routes without one, and where the dialect decides. */
  readonly body?: z.ZodType
  /** Name of the shape in the description, for bodies that a dialect decides. */
  readonly shape?: string
  /** The error in the face's own form. */
  readonly encodeError: (error: PlatformError) => JsonObject
}

/** Served by its handler, after authentication unless it is public. */
export interface OperationRoute extends RouteBase {
  /** The right it needs. */
  readonly access: 'public' | Right
  /** `house`: it tells or changes what concerns every tenant. */
  readonly scope?: 'house'
  readonly handle: (exchange: Exchange, principal: Principal | undefined) => Promise<void>
}

/** Goes through the flow, which authenticates. */
export interface RequestRoute extends RouteBase {
  readonly access: 'flow'
  readonly right: Right
  readonly run: (exchange: Exchange) => Promise<void>
}

/** Whether it concerns every tenant, and only keys of the operator's may use it. */
export function isOfHouse(route: Route): boolean {
  return route.access !== 'flow' && route.scope === 'house'
}

/** The right a route needs; `undefined` where everybody may. */
export function rightOf(route: Route): Right | undefined {
  if (route.access === 'flow') return route.right
  return route.access === 'public' ? undefined : route.access
}
