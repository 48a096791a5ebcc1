import { createHash } from 'node:crypto'

/** JSON with the keys of every object in the order of their characters, so that equal things have equal text everywhere. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value))
}

/** SHA-256 of the canonical JSON, lower-case hexadecimal. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(toCanonicalJson(value)).digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    entries.toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([key, member]) => [key, sorted(member)]),
  )
}
