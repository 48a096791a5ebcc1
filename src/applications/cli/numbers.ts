import { PlatformError } from '../../core/errors.ts'
import type { CommandContext } from './command.ts'

/** The number of an option, with fraction; `undefined` when it is not given. Throws INVALID_REQUEST outside its bounds. */
export function readNumberOption(
  { options }: Pick<CommandContext, 'options'>,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = options[name]
  if (typeof text !== 'string') return undefined
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new PlatformError('INVALID_REQUEST', `--${name} must be a number from ${min} to ${max}`)
}
