import { isJsonObject } from '../core/json.ts'
import { findKeySchema, variantsOf, type KeyPath, type KeySchema } from './json-schema.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Data with its references resolved, and how each text that held one was written. */
export interface ResolvedData {
  readonly data: unknown
  /** By path (as `pathKey` writes it): the text before resolving. */
  readonly written: ReadonlyMap<string, string>
  readonly faults: readonly ReferenceFault[]
}

export interface ReferenceFault {
  readonly path: KeyPath
  readonly problem: string
  readonly fix: string
}

/** A path as a map key; no two paths share one. */
export function pathKey(path: KeyPath): string {
  return JSON.stringify(path)
}

const references = /\$\$\{|\$\{([^}]*)\}?/g
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Replaces `${NAME}` in every text value by the environment variable, once: what a variable holds is not looked into
 * again. `$${` stands for a plain `${`. A value that is one reference and nothing else becomes a number or a truth
 * value where the schema wants one.
 */
export function resolveReferences(data: unknown, environment: Environment, findRoot: () => KeySchema): ResolvedData {
  const written = new Map<string, string>()
  const faults: ReferenceFault[] = []

  const resolveText = (text: string, path: KeyPath): unknown => {
    if (!text.includes('${')) return text
    written.set(pathKey(path), text)
    const resolved = text.replace(references, (whole: string, name: string | undefined) => {
      if (whole === '$${') return '${'
      const value = name === undefined || !variableName.test(name) ? undefined : environment[name]
      if (value !== undefined && value !== '' && whole.endsWith('}')) return value
      faults.push({ path, ...describeFault(whole, name ?? '', value) })
      return ''
    })
    return /^\$\{[^}]*\}$/.test(text) ? toScalar(resolved, findKeySchema(findRoot(), path), findRoot()) : resolved
  }
  const resolve = (value: unknown, path: KeyPath): unknown => {
    if (typeof value === 'string') return resolveText(value, path)
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, [...path, index]))
    if (!isJsonObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, [...path, key])]))
  }
  return { data: resolve(data, []), written, faults }
}

function describeFault(
  whole: string,
  name: string,
  value: string | undefined,
): { readonly problem: string; readonly fix: string } {
  if (!whole.endsWith('}') || !variableName.test(name)) {
    return {
      problem: 'a reference is malformed',
      fix: 'Write ${NAME} with letters, digits and underscores; write $${ where a plain ${ is meant.',
    }
  }
  return value === ''
    ? { problem: `the environment variable ${name} is empty`, fix: `Give ${name} a value, or remove the key.` }
    : { problem: `the environment variable ${name} is not set`, fix: `Set ${name}, or remove the key.` }
}

function toScalar(text: string, schema: KeySchema | undefined, root: KeySchema): unknown {
  const types = schema === undefined ? [] : variantsOf(root, schema).map((variant) => variant.type)
  if (types.includes('string') || types.length === 0) return text
  if ((types.includes('integer') || types.includes('number')) && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
