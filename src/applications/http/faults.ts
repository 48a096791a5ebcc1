import type { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { findNul, toShownPath } from '../../core/json.ts'

/** Parses with a schema; the first fault is named by its path, in few words however long the names are that were sent. Throws INVALID_REQUEST. */
export function parseFields<Fields>(schema: z.ZodType<Fields>, value: unknown, at: readonly string[] = []): Fields {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const [unknown] = issue?.code === 'unrecognized_keys' ? issue.keys : []
  const param = toShownPath([...at, ...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])])
  const what = unknown === undefined ? issue?.message : 'there is no such field'
  const message = param === '' ? (what ?? 'the body is not understood') : `${param}: ${what}`
  throw new PlatformError('INVALID_REQUEST', message, { param })
}

/** Throws INVALID_REQUEST with the place where a text or a name holds U+0000. */
export function refuseNul(value: unknown): void {
  const param = findNul(value)
  if (param === undefined) return
  throw new PlatformError('INVALID_REQUEST', `${param}: must not hold the character U+0000`, { param })
}
