import { PlatformError } from '../../core/errors.ts'
import { findNul } from '../../core/json.ts'

/** Throws INVALID_REQUEST with the place where a text or a name holds U+0000. */
export function refuseNul(value: unknown): void {
  const param = findNul(value)
  if (param === undefined) return
  throw new PlatformError('INVALID_REQUEST', `${param}: must not hold the character U+0000`, { param })
}
