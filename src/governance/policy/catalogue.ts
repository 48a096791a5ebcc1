import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { PlatformError } from '../../core/errors.ts'
import { findSimilar } from '../../core/similar.ts'
import { readCases, readPack, type Pack, type PackCases } from './pack.ts'

/** The packs that come with Strata, by id. */
export const builtInPacks = ['eu-ai-act', 'eu-sovereignty', 'cn-genai', 'us-states'] as const

const packBytesMax = 4_194_304

/**
 * A pack by its id, or of a file of YAML or JSON (anything with a dot or a slash in it). Throws NOT_FOUND for a name that
 * is neither, INVALID_REQUEST with the place of what is wrong in a file.
 */
export function loadPack(name: string): Pack {
  return readPack(readYamlFile(findPath(name, '.yaml')))
}

/** The cases that lie beside a pack, as `NAME.tests.yaml`; `undefined` when there are none. */
export function findCases(name: string): PackCases | undefined {
  const path = findPath(name, '.tests.yaml')
  const text = readText(path)
  return text === undefined ? undefined : readCases(parseYaml(text, path))
}

function findPath(name: string, ending: '.yaml' | '.tests.yaml'): string {
  if (builtInPacks.some((id) => id === name)) return join(import.meta.dirname, 'packs', `${name}${ending}`)
  if (/[./\\]/.test(name)) return ending === '.yaml' ? name : name.replace(/\.(ya?ml|json)$/, ending)
  const similar = findSimilar(name, builtInPacks)
  const advice = similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : `there are ${builtInPacks.join(', ')}`
  throw new PlatformError('NOT_FOUND', `there is no policy pack ${name.slice(0, 100)}; ${advice}`)
}

/** Throws NOT_FOUND, or INVALID_REQUEST with the place of what is wrong. */
export function readYamlFile(path: string): unknown {
  const text = readText(path)
  if (text === undefined) throw new PlatformError('NOT_FOUND', `there is no file ${path.slice(0, 300)}`)
  return parseYaml(text, path)
}

function readText(path: string): string | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  if (text.length <= packBytesMax) return text
  throw new PlatformError('INVALID_REQUEST', `${path} is larger than ${packBytesMax} bytes`)
}

/** One document without aliases: a small file must not become a large pack. */
function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true })
  const [fault] = document.errors
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line
    throw new PlatformError('INVALID_REQUEST', `${path}${line === undefined ? '' : `, line ${line}`}: is not YAML`, {
      cause: fault,
    })
  }
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (thrown) {
    throw new PlatformError('INVALID_REQUEST', `${path}: aliases are not taken`, { cause: thrown })
  }
}
