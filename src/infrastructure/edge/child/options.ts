import { PlatformError } from '../../../core/errors.ts'
import type { Endpoint } from '../../endpoints/index.ts'

/** A whole number among the options of an endpoint. Throws CONFIG_INVALID for anything else. */
export function readNumber({ id, config }: Endpoint, name: string, absent: number): number {
  const value = config.options[name]
  if (value === undefined) return absent
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  const param = `endpoints.${id}.options.${name}`
  throw new PlatformError('CONFIG_INVALID', `${param} is not a whole number from 0 on`, { param })
}
