import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'

/** Keywords that say something about a value but do not narrow it. */
const annotations = new Set(['title', 'description', 'default', 'examples', '$schema', '$id', '$comment', 'deprecated'])
/** Keywords the grammar keeps as they are. */
const kept = new Set(['type', 'enum', 'const', '$ref', 'minLength', 'maxLength', 'minItems', 'maxItems', 'required'])
const formats = new Set(['date-time', 'time', 'date'])
const depthMax = 64

/**
 * A JSON Schema in the form that node-llama-cpp makes a grammar of: output under it is always valid under the schema.
 * Optional properties are always written. Throws UNSUPPORTED_PARAMETER at the first keyword that a grammar cannot keep
 * (`pattern`, `minimum`, `allOf`, …), since dropping it would break the promise. `param` is its path.
 */
export function toGrammarSchema(schema: JsonObject): JsonObject {
  return convert(schema, { path: 'response_format.schema', depth: 0, definitions: schema['$defs'] })
}

interface Place {
  readonly path: string
  readonly depth: number
  readonly definitions: JsonValue | undefined
}

function convert(schema: JsonValue | undefined, place: Place): JsonObject {
  if (!isJsonObject(schema)) throw unsupported(place.path, 'a schema that is no object')
  if (place.depth > depthMax) throw unsupported(place.path, `schemas nested deeper than ${depthMax}`)
  const converted: Record<string, JsonValue> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (value === undefined || annotations.has(keyword)) continue
    if (kept.has(keyword)) converted[keyword] = value
    else Object.assign(converted, convertKeyword(keyword, value, place))
  }
  if (converted['$ref'] !== undefined) checkReference(converted['$ref'], place)
  const says = ['type', 'enum', 'const', 'oneOf', '$ref'].some((keyword) => converted[keyword] !== undefined)
  if (!says) throw unsupported(place.path, 'a schema that allows anything; give it a type')
  if (
    converted['type'] === 'object' &&
    converted['properties'] === undefined &&
    converted['additionalProperties'] === undefined
  ) {
    converted['additionalProperties'] = true
  }
  return converted
}

function convertKeyword(keyword: string, value: JsonValue, place: Place): JsonObject {
  const within = (name: string): Place => ({ ...place, path: `${place.path}.${name}`, depth: place.depth + 1 })
  switch (keyword) {
    case 'properties':
    case '$defs':
      return { [keyword]: convertEach(value, within(keyword)) }
    case 'items':
      return { items: convert(value, within('items')) }
    case 'anyOf':
    case 'oneOf':
      return { oneOf: convertList(value, within(keyword)) }
    case 'prefixItems':
      return { prefixItems: convertList(value, within(keyword)) }
    case 'additionalProperties':
      return { additionalProperties: typeof value === 'boolean' ? value : convert(value, within(keyword)) }
    case 'format':
      if (typeof value === 'string' && formats.has(value)) return { format: value }
      throw unsupported(within('format').path, `the format ${JSON.stringify(value)}`)
    default:
      throw unsupported(within(keyword).path, `the keyword ${keyword}`)
  }
}

function convertEach(value: JsonValue, place: Place): JsonObject {
  if (!isJsonObject(value)) throw unsupported(place.path, 'what is no object of schemas')
  const entries = Object.entries(value).map(([name, schema]) => {
    return [name, convert(schema, { ...place, path: `${place.path}.${name}` })] as const
  })
  return Object.fromEntries(entries)
}

function convertList(value: JsonValue, place: Place): readonly JsonObject[] {
  if (!Array.isArray(value)) throw unsupported(place.path, 'what is no list of schemas')
  return value.map((schema: JsonValue, index) => convert(schema, { ...place, path: `${place.path}[${index}]` }))
}

function checkReference(reference: JsonValue, { path, definitions }: Place): void {
  const name = typeof reference === 'string' && reference.startsWith('#/$defs/') ? reference.slice(8) : undefined
  if (name !== undefined && isJsonObject(definitions) && Object.hasOwn(definitions, name)) return
  throw unsupported(`${path}.$ref`, 'a reference to anything but #/$defs of the whole schema')
}

function unsupported(param: string, what: string): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `llama cannot constrain its output to ${what}, at ${param}`, {
    param,
  })
}
