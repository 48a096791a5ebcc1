/** What is kept of an answer so that its vendor can be asked later what it used: the socket between the door out, the record, and money. */
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import type { Usage } from './usage.ts'

/** How a vendor tells what an answer used after the fact. */
export const lookupWays = ['openai-chat', 'openai-responses', 'openrouter'] as const
export type LookupWay = (typeof lookupWays)[number]

/** How the vendor knows an answer. */
export interface AnswerReference {
  /** The vendor's own: `chatcmpl-…`, `resp_…`, `msg_…`, `gen-…`. */
  readonly id: string
  /** `none` where the vendor does not tell later what this answer used. */
  readonly lookup: LookupWay | 'none'
  /** Who gave the id, and so who may be told it again; `undefined` where nobody is asked. */
  readonly origin?: string | undefined
  /** Regions that the call allowed: asking about it stays within them. */
  readonly regions?: readonly string[] | undefined
}

/** What a vendor says about an answer when it is asked later. */
export type LookupAnswer =
  | { readonly type: 'found'; readonly usage: Usage }
  /** Not told, or not yet. */
  | { readonly type: 'not-told'; readonly reason: string }

/** What is asked about. */
export interface LookupQuestion {
  readonly callId: string
  readonly endpoint: string
  readonly answer: AnswerReference
}

/** Ids of all vendors are of these characters; anything else is none, and would have to be escaped wherever it is sent. */
const idPattern = /^[\w.:~-]{1,128}$/

/** `undefined` for what no vendor would use as an id. */
export function toAnswerId(value: unknown): string | undefined {
  return typeof value === 'string' && idPattern.test(value) ? value : undefined
}

/** As it was put on record; `undefined` when it is none. */
export function toAnswerReference(value: JsonValue | undefined): AnswerReference | undefined {
  if (!isJsonObject(value)) return undefined
  const id = toAnswerId(value['id'])
  const lookup = [...lookupWays, 'none' as const].find((way) => way === value['lookup'])
  if (id === undefined || lookup === undefined) return undefined
  const { origin, regions } = value
  return {
    id,
    lookup,
    origin: typeof origin === 'string' ? origin : undefined,
    regions: Array.isArray(regions) ? regions.map(String) : undefined,
  }
}

/** As it stands in the detail of a call. */
export function toReferenceJson({ id, lookup, origin, regions }: AnswerReference): JsonObject {
  return { id, lookup, ...(origin === undefined ? {} : { origin }), ...(regions === undefined ? {} : { regions }) }
}
