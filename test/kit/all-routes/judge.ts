import { errorCatalogue, type ErrorCode } from '../../../src/core/errors.ts'
import type { JsonValue } from '../../../src/core/json.ts'
import { faceOf } from '../faces.ts'

/** What comes of an endpoint or a limit, and not of what a client has sent. */
const promised: ReadonlySet<string> = new Set([
  'UPSTREAM_REJECTED',
  'UPSTREAM_FAILED',
  'UPSTREAM_INVALID',
  'UPSTREAM_CUT',
  'OVERLOADED',
  'ANSWER_REFUSED',
])

/** Words of the inside, that nobody outside is ever told. */
const inside =
  /\.ts:\d+|node_modules|\bat (?:async )?[\w.]+ \(|SQLITE_|no such (?:table|column)|syntax error at|duplicate key value|violates|UNIQUE constraint|\bselect \S+ from\b|\binsert into\b|TypeError|RangeError|ECONNREFUSED|\/tmp\//i

export interface Judged {
  readonly path: string
  readonly method: string
  readonly status: number
  readonly code: string | null
  readonly text: string
}

/** What is wrong with an answer to a request of which anything may be wrong; `undefined` when nothing is. */
export function findFault({ path, method, status, code, text }: Judged): string | undefined {
  if (inside.test(text)) return 'tells of the inside'
  if (status >= 500 && !promised.has(code ?? '')) return `${status} ${code ?? 'without a code'}`
  if (status < 400 || method === 'HEAD') return undefined
  if (code === null) return `${status} without x-strata-error`
  const entry = errorCatalogue[code as ErrorCode] as (typeof errorCatalogue)[ErrorCode] | undefined // it may be none
  if (entry === undefined) return `a code that is not in the catalogue: ${code}`
  if (entry.status !== status) return `${status}, though ${code} is ${entry.status}`
  // As it was sent: a client takes `..` out of a path.
  const error = faceOf(new URL(path, 'http://localhost').pathname).errorOf(parse(text))
  if (error === undefined) return 'an error that is not in the shape of its face'
  if (error.code !== code) return `an error whose code is ${error.code ?? 'nothing'}, not ${code}`
  if (!error.message.includes(entry.help)) return 'an error that does not say how to mend it'
  return error.message.length > 8_000 ? 'an error as long as what was sent' : undefined
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue // whatever JSON.parse gives is JSON
  } catch {
    return null
  }
}
