import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { isJsonObject } from '../core/json.ts'
import type { KeyPath } from './json-schema.ts'

/** A YAML text as data, with the place of every key. */
export interface ConfigDocument {
  readonly data: unknown
  /** Faults of the YAML itself; `data` is `undefined` when there are any. */
  readonly faults: readonly YamlFault[]
  /** Where a path is written; of a key that is absent, where its nearest parent is. */
  locate(path: KeyPath): Position | undefined
  /** Where the key itself is written, rather than its value. */
  locateKey(path: KeyPath): Position | undefined
}

export interface YamlFault extends Position {
  readonly problem: string
}

/** Both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

const aliasesMax = 100

/** Reads one YAML 1.2 document. Never throws; messages name a kind of fault and a place, never a piece of the text. */
export function parseConfigDocument(text: string): ConfigDocument {
  const lines = new LineCounter()
  const document = parseDocument(shieldReferences(text), {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    logLevel: 'silent',
  })
  const positionOf = (offset: number | undefined): Position | undefined => {
    if (offset === undefined) return undefined
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  // One fault upsets what follows it, so that the first is the one to read.
  const faults = document.errors.slice(0, 1).map((error) => ({
    ...(positionOf(error.pos[0]) ?? { line: 1, column: 1 }),
    problem: yamlFaults.get(error.code) ?? `this is not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
  }))
  const data = faults.length > 0 ? undefined : toData(document)
  return {
    data: data?.value,
    faults: data?.fault === undefined ? faults : [{ line: 1, column: 1, problem: data.fault }],
    locate: (path) => positionOf(findOffset(document, path, 'value')),
    locateKey: (path) => positionOf(findOffset(document, path, 'key')),
  }
}

const yamlFaults: ReadonlyMap<string, string> = new Map([
  [
    'BAD_INDENT',
    'the indentation is wrong, or a { or [ before it is not closed; sibling keys start in the same column',
  ],
  ['DUPLICATE_KEY', 'this key is written twice in one mapping'],
  ['MISSING_CHAR', 'a character is missing: a closing quote, bracket or colon'],
  ['MULTIPLE_DOCS', 'there is more than one document; remove everything after the line ---'],
  ['TAB_AS_INDENT', 'a tab is used to indent; YAML indents with spaces'],
  ['UNEXPECTED_TOKEN', 'something stands where YAML expects nothing; quote texts that hold : or #'],
])

function toData(document: Document): { readonly value?: unknown; readonly fault?: string } {
  try {
    return { value: unshieldReferences(document.toJS({ maxAliasCount: aliasesMax })) }
  } catch {
    return { fault: `an alias is unknown, or aliases expand more than ${aliasesMax} times; write the values out` }
  }
}

/**
 * A brace ends a plain text inside `{ … }`, so that `{ key: ${KEY} }` is not YAML. While YAML is read, the braces of
 * references are characters of the private use area: as long, so that every place stays where it is.
 */
function shieldReferences(text: string): string {
  return text.replace(/\$\{([^{}\n]*)\}/g, '$\uE000$1\uE001')
}

function unshieldReferences(value: unknown): unknown {
  if (typeof value === 'string') return unshieldText(value)
  if (Array.isArray(value)) return value.map(unshieldReferences)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [unshieldText(key), unshieldReferences(item)]))
}

function unshieldText(text: string): string {
  return text.replace(/\$\uE000([^\uE001]*)\uE001/g, (_, name: string) => `\${${name}}`)
}

function findOffset(document: Document, path: KeyPath, which: 'key' | 'value'): number | undefined {
  let node: unknown = document.contents
  let offset = offsetOf(node)
  for (const [index, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const found = findChild(node, segment)
    if (found === undefined) return offset
    const isLast = index === path.length - 1
    const keyOffset = offsetOf(found.key)
    offset = (isLast && which === 'key' ? keyOffset : (offsetOf(found.value) ?? keyOffset)) ?? offset
    node = found.value
  }
  return offset
}

function findChild(node: unknown, segment: string | number): { key: unknown; value: unknown } | undefined {
  if (isSeq(node) && typeof segment === 'number') return { key: node.items[segment], value: node.items[segment] }
  if (!isMap(node)) return undefined
  return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(segment))
}

function offsetOf(node: unknown): number | undefined {
  // Every node that a text was parsed into has a range; nodes made by hand have none, and there are none here.
  return (node as Node | null | undefined)?.range?.[0]
}
