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
  const told = secrets.filter((secret) => secret.length >= secretLengthMin)
  const message = told.reduce(removeSecret, error.message)
  if (message === error.message) return error
  const { param, retryAfterMs, details } = error
  // Its cause would say it again.
  return new PlatformError(error.code, message, { param, retryAfterMs, details })
}

/** Words that are quoted are cut, and a secret at their end with them. */
function removeSecret(text: string, secret: string): string {
  const removed = text.replaceAll(secret, '[removed]')
  for (let length = secret.length - 1; length >= secretLengthMin; length--) {
    const cut = `${secret.slice(0, length)}…`
    if (removed.includes(cut)) return removed.replaceAll(cut, '[removed]…')
  }
  return removed
}
