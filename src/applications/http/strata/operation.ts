import type { z } from 'zod'
import { assert } from '../../../core/assert.ts'
import type { Principal } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isAdministrative, type Right } from '../../../core/rights.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Exchange } from '../exchange.ts'
import { parseFields, refuseNul } from '../faults.ts'
import type { GetParts, HttpParts } from '../parts.ts'
import type { Method, OperationRoute } from '../route.ts'
import { encodeStrataError } from '../errors.ts'

/** What an operation is given: the parts of the platform in force, who asks, and the exchange. */
export interface Operation<Body> {
  readonly parts: HttpParts
  readonly principal: Principal
  readonly exchange: Exchange
  readonly body: Body
}

export interface OperationSpec<Body> {
  readonly method: Method
  readonly path: string
  /** The right it needs; a use that changes what holds for others is in the audit log. */
  readonly access: Right
  readonly scope?: OperationRoute['scope']
  readonly summary: string
  readonly body?: z.ZodType<Body>
  /** Instead of `body`: a body that may be something else than JSON, and the shape of it as JSON. */
  readonly reader?: { readonly json: z.ZodType; readonly read: (exchange: Exchange) => Promise<Body> }
  /** The status and JSON body of the answer. */
  readonly answer: (operation: Operation<Body>) => Promise<{ readonly status: number; readonly body: unknown }>
}

/** A route of Strata's own face: reads and checks the body by its schema, answers JSON. */
export function operation<Body = undefined>(getParts: GetParts, spec: OperationSpec<Body>): OperationRoute {
  return {
    method: spec.method,
    path: spec.path,
    access: spec.access,
    ...(spec.scope === undefined ? {} : { scope: spec.scope }),
    summary: spec.summary,
    ...(spec.body === undefined ? {} : { body: spec.body }),
    ...(spec.reader === undefined ? {} : { body: spec.reader.json }),
    encodeError: encodeStrataError,
    async handle(exchange, principal) {
      assert(principal !== undefined, 'a route that needs a key is given its principal')
      const body = await readBody(spec, exchange)
      // Schema and reader are absent exactly when Body is undefined.
      const parts = getParts()
      const answer = await spec.answer({ parts, principal, exchange, body: body as Body })
      if (spec.method !== 'GET' && isAdministrative(spec.access)) {
        await parts.audit.act(principal.tenant, toAct(spec, exchange, { principal, status: answer.status }))
      }
      exchange.sendJson(answer.status, answer.body)
    },
  }
}

interface Done {
  readonly principal: Principal
  readonly status: number
}

/** Who did what to which thing; what it was changed to is in the tables, or in an act of the thing's own. */
function toAct(
  { method, path }: Pick<OperationSpec<unknown>, 'method' | 'path'>,
  exchange: Exchange,
  { principal: { keyId, user, role }, status }: Done,
): JsonObject {
  const at = { ...exchange.parameters }
  return { act: 'admin', route: `${method} ${path}`, at, by: keyId, person: user ?? null, role, status }
}

async function readBody<Body>(spec: OperationSpec<Body>, exchange: Exchange): Promise<Body | undefined> {
  if (spec.reader !== undefined) return spec.reader.read(exchange)
  return spec.body === undefined ? undefined : parseBody(spec.body, (await exchange.readJson()).body)
}

/** Aborted with CANCELLED when the client leaves before its answer: for work that is long. */
export function toSignal(exchange: Exchange): AbortSignal {
  const leaving = new AbortController()
  exchange.onGone(() => leaving.abort(new PlatformError('CANCELLED', 'the client left before its answer was ready')))
  return leaving.signal
}

/** Parses with a schema; the first fault is named by its path. Throws INVALID_REQUEST. */
export function parseBody<Body>(schema: z.ZodType<Body>, value: unknown): Body {
  refuseNul(value)
  return parseFields(schema, value)
}

interface NumberBounds {
  readonly min: number
  readonly max: number
  readonly default: number
}

/** A whole number in the query. Throws INVALID_REQUEST outside its bounds. */
export function readNumber(exchange: Exchange, name: string, bounds: NumberBounds): number {
  const text = exchange.query().get(name)
  if (text === null) return bounds.default
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return value
  throw new PlatformError('INVALID_REQUEST', `${name} must be a whole number from ${bounds.min} to ${bounds.max}`, {
    param: name,
  })
}

/** A page of a list as JSON. One row more than the page has is asked for, so that `has_more` says what is so. */
export function toPage<Row>(found: readonly Row[], limit: number, toJson: (row: Row) => unknown): JsonPage {
  return { object: 'list', data: found.slice(0, limit).map((row) => toJson(row)), has_more: found.length > limit }
}

interface JsonPage {
  readonly object: 'list'
  readonly data: readonly unknown[]
  readonly has_more: boolean
}

/** One of a few words in the query; the first when absent. Throws INVALID_REQUEST for any other. */
export function readChoice<Word extends string>(
  exchange: Exchange,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const text = exchange.query().get(name)
  if (text === null) return words[0]
  const word = words.find((each) => each === text)
  if (word !== undefined) return word
  throw new PlatformError('INVALID_REQUEST', `${name} must be one of ${words.join(', ')}`, { param: name })
}
