import { configJsonSchema, type KeySchema } from '../../src/config/index.ts'
import { toCode, toMarkdownTable, toPage } from './page.ts'

/** Every key of strata.yaml, section by section. */
export function toConfigurationPage(): string {
  const root = configJsonSchema()
  const keys = Object.entries(root.properties ?? {})
  const isSection = (schema: KeySchema): boolean => schema.type === 'object'
  const plain = keys.filter(([, schema]) => !isSection(schema))
  const top = toMarkdownTable(headings, toRows(root, { properties: Object.fromEntries(plain) }, ''))
  const sections = keys
    .filter(([, schema]) => isSection(schema))
    .map(([name, section]) => {
      const rows = toRows(root, section, '')
      return `## ${name}\n\n${section.description ?? ''}\n\n${toMarkdownTable(headings, rows)}`
    })
  return toPage(
    'Configuration',
    'Strata reads `strata.yaml` in the folder it is started in, or the file named by `--config`. Every key may be left out ' +
      'unless it says *required*. `${NAME}` in a value is the environment variable NAME; `$${` is a plain `${`. ' +
      '`strata config check` says what is wrong with a file, where, and how to mend it. For editors there is ' +
      '[strata.schema.json](strata.schema.json): put `# yaml-language-server: $schema=…/strata.schema.json` in the first line.',
    [...(plain.length === 0 ? [] : [top]), ...sections, ...toSharedSections(root)],
  )
}

/** The JSON Schema, for editors. */
export function toConfigurationSchema(): string {
  return `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`
}

const headings = ['key', 'value', 'default', 'what it is']

function toRows(root: KeySchema, schema: KeySchema, path: string): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = []
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const place = path === '' ? key : `${path}.${key}`
    const isRequired = schema.required?.includes(key) === true
    const what = value.description ?? resolve(root, value).description ?? ''
    rows.push([toCode(place), toKind(root, value), toDefault(value, isRequired), what])
    rows.push(...toNestedRows(root, value, place))
  }
  if (path === '') rows.push(...toNestedRows(root, schema, path))
  return rows
}

/** Of a mapping with free names, and of a list, the keys of what is in it. References are described once, at the top. */
function toNestedRows(root: KeySchema, schema: KeySchema, path: string): readonly (readonly string[])[] {
  if (path !== '' && schema.properties !== undefined) return toRows(root, schema, path)
  if (typeof schema.additionalProperties === 'object') {
    const place = path === '' ? 'NAME' : `${path}.NAME`
    const value = path === '' ? resolve(root, schema.additionalProperties) : schema.additionalProperties
    const variants = value.anyOf ?? [value]
    return variants.flatMap((variant) => (isObject(variant) ? toRows(root, variant, place) : []))
  }
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((variant) => toNestedRows(root, variant, path))
  return schema.items !== undefined && isObject(schema.items) ? toRows(root, schema.items, `${path}[]`) : []
}

function isObject(schema: KeySchema): boolean {
  return schema.properties !== undefined
}

function resolve(root: KeySchema, schema: KeySchema): KeySchema {
  const [only] = schema.allOf ?? []
  if (schema.$ref === undefined) return only === undefined ? schema : resolve(root, only)
  const target = root.definitions?.[schema.$ref.slice('#/definitions/'.length)]
  return target === undefined ? schema : resolve(root, target)
}

function toKind(root: KeySchema, schema: KeySchema): string {
  const shared = nameOf(schema)
  if (shared !== undefined) return sharedKinds[shared] ?? sharedKinds['model'] ?? 'value'
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => toKind(root, each)).join(', or ')
  if (schema.enum !== undefined) return schema.enum.map((value) => toCode(String(value))).join(', ')
  switch (schema.type) {
    case 'integer':
      return `whole number${toRange(schema)}`
    case 'number':
      return `number${toRange(schema)}`
    case 'boolean':
      return '`true`, `false`'
    case 'array':
      return `list of ${schema.items === undefined ? 'values' : toKind(root, schema.items)}`
    case 'object':
      return 'mapping'
    case 'string':
      return schema.format === 'uri' ? 'URL' : schema.format === 'date' ? 'date' : 'text'
    default:
      return 'value'
  }
}

/** What is described once and named in many places. */
const sharedKinds: Readonly<Record<string, string>> = {
  model: 'a model: a name, or a node in place',
  budget: 'a [budget](#a-budget)',
  check: 'a [check](#a-check)',
  condition: 'a [condition](#a-condition)',
}

/** The name under which a schema stands among the definitions; `undefined` for one that is written in place. */
function nameOf({ $ref, allOf }: KeySchema): string | undefined {
  const reference = $ref ?? allOf?.[0]?.$ref
  return reference?.slice('#/definitions/'.length)
}

/** The keys of each shared shape, once. */
function toSharedSections(root: KeySchema): readonly string[] {
  return ['budget', 'check', 'condition'].map((name) => {
    const shape = root.definitions?.[name] ?? {}
    const rows = toRows(root, shape, '')
    return `## A ${name}\n\n${shape.description ?? ''}\n\n${toMarkdownTable(headings, rows)}`
  })
}

function toRange(schema: KeySchema): string {
  if (schema.exclusiveMinimum !== undefined) return `, above ${schema.exclusiveMinimum}, at most ${schema.maximum}`
  return schema.minimum === undefined ? '' : `, ${schema.minimum} to ${schema.maximum}`
}

function toDefault(schema: KeySchema, isRequired: boolean): string {
  if (isRequired) return '*required*'
  const isMapping = typeof schema.default === 'object' && schema.properties !== undefined
  return schema.default === undefined || isMapping ? '' : toCode(JSON.stringify(schema.default))
}
