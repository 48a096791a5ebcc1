import { createHash } from 'node:crypto'
import { isJsonObject } from '../core/json.ts'
import { maskUrls } from '../core/urls.ts'
import type { KeyPath } from './json-schema.ts'
import { pathKey } from './references.ts'

/** The same object, and all in it, made immutable. */
export function freezeDeep<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freezeDeep(part)
  }
  return value
}

/**
 * A configuration as one line of JSON that may be stored and shown: keys sorted, defaults filled in, references as they
 * are written, secrets masked. A secret that is rotated does not change it.
 */
export function toCanonicalText(config: unknown, written: ReadonlyMap<string, string>): string {
  const canonical = (value: unknown, path: KeyPath): unknown => {
    if (typeof value === 'string') return toShown(value, path, written.get(pathKey(path)))
    const reference = written.get(pathKey(path))
    if (reference !== undefined) return reference
    if (Array.isArray(value)) return value.map((item, index) => canonical(item, [...path, index]))
    if (!isJsonObject(value)) return value
    const keys = Object.keys(value).sort()
    return Object.fromEntries(keys.map((key) => [key, canonical(value[key], [...path, key])]))
  }
  return JSON.stringify(canonical(config, []))
}

/** SHA-256 of the canonical text, lower-case hexadecimal: two servers with the same one run the same configuration. */
export function hashCanonicalText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** True where the schema expects a credential: a key, or a header, which may carry one. */
export function isSecretPath(path: KeyPath): boolean {
  const [section, , field] = path
  if (section === 'endpoints') return field === 'key' || (field === 'headers' && path.length === 4)
  if (section === 'governance') {
    if (path[1] === 'signOn') return field === 'clientSecret'
    return ['privacy', 'audit', 'marks'].includes(String(path[1])) && field === 'key' && path.length === 3
  }
  if (section === 'edge') return path[1] === 'centre' && field === 'key'
  // Headers of a webhook, and of a meter, which has a name before them.
  if (section === 'investment' && path[1] === 'webhook') return field === 'headers' && path.length === 4
  if (section === 'investment' && path[1] === 'meterSinks') return path[3] === 'headers' && path.length === 5
  if (section === 'sources') return ['accessKey', 'secretKey', 'password', 'token'].includes(String(path[3]))
  return section === 'telemetry' && path[1] === 'traces' && field === 'headers' && path.length === 4
}

const mask = '***'
const reference = /\$\{[A-Za-z_][A-Za-z0-9_]*\}/g

function toShown(value: string, path: KeyPath, written: string | undefined): string {
  if (isSecretPath(path)) {
    const names = written?.match(reference) ?? []
    return names.length === 0 ? mask : names.join('') === written ? written : `${mask}${names.join('')}`
  }
  return maskUrls(written ?? value, mask)
}
