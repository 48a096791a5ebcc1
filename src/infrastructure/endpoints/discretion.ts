import { PlatformError } from '../../core/errors.ts'
import type { Endpoint } from './adapter.ts'

/** Shorter ones are words that messages may hold for reasons of their own. */
const secretLengthMin = 8

/** The error without what the endpoint was told in confidence, its key and own headers: some vendors quote them back. */
export function keepSecrets(error: PlatformError, { config }: Pick<Endpoint, 'config'>): PlatformError {
  const secrets = [config.key ?? '', ...Object.values(config.headers)].flatMap((value) => [
    value,
    value.replace(/^(?:bearer|basic)\s+/i, ''),
  ])
  const told = secrets.filter((secret) => secret.length >= secretLengthMin && error.message.includes(secret))
  if (told.length === 0) return error
  const message = told.reduce((text, secret) => text.replaceAll(secret, '[removed]'), error.message)
  const { param, retryAfterMs, details } = error
  // Its cause would say it again.
  return new PlatformError(error.code, message, { param, retryAfterMs, details })
}
