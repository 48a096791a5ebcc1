import { isJsonObject } from './json.ts'

/**
 * Keys sorted by code unit, no white space: RFC 8785, whose numbers are those of JSON.stringify. Members that are undefined are
 * left out. Written without arrays between: the audit log makes every record twice.
 */
export function toCanonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    let text = ''
    for (const member of value as readonly unknown[])
      text += text === '' ? toCanonicalJson(member) : `,${toCanonicalJson(member)}`
    return `[${text}]`
  }
  if (!isJsonObject(value)) return JSON.stringify(value)
  let text = ''
  for (const key of toSortedKeys(value)) {
    const member = value[key]
    if (member === undefined) continue
    const name = plainKey.test(key) ? `"${key}"` : JSON.stringify(key)
    text += text === '' ? `${name}:${toCanonicalJson(member)}` : `,${name}:${toCanonicalJson(member)}`
  }
  return `{${text}}`
}

/** A key that stands in JSON as it is. */
const plainKey = /^[\w-]*$/

/** Most objects have theirs in order already. */
function toSortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value)
  let last = ''
  for (const key of keys) {
    if (key < last) return keys.sort(byCodeUnit)
    last = key
  }
  return keys
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
