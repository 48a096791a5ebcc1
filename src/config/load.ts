import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { PlatformError } from '../core/errors.ts'
import { isJsonObject } from '../core/json.ts'
import { freezeDeep, hashCanonicalText, isSecretPath, toCanonicalText } from './canonical.ts'
import type { Discovered } from './discover.ts'
import { parseConfigDocument, type ConfigDocument, type Position } from './document.ts'
import { configJsonSchema, type KeyPath } from './json-schema.ts'
import { explainIssues, type Problem } from './problems.ts'
import { pathKey, resolveReferences, type Environment } from './references.ts'
import { configSchema, type Config } from './schema.ts'

/** What a configuration file is called that nobody names. */
export const configFileName = 'strata.yaml'

/** A configuration that is valid, with where it came from. */
export interface LoadedConfig {
  /** Frozen, all the way down. */
  readonly config: Config
  /** Canonical JSON: may be stored and shown; secrets are masked, references are left as written. */
  readonly text: string
  /** SHA-256 of `text`, hexadecimal. */
  readonly hash: string
  /** The file it was read from; `undefined` when it was discovered. */
  readonly path: string | undefined
  /** The folder that relative paths in it count from. */
  readonly folder: string
  /** What the operator should know of it, one sentence each. */
  readonly notices: readonly string[]
}

export interface LoadOptions {
  /** The file; `strata.yaml` in `folder` when absent. */
  readonly path?: string | undefined
  readonly folder: string
  readonly environment: Environment
  /** Reads a file as UTF-8 and throws as `readFileSync` does, which it is when absent. */
  readonly readFile?: (path: string) => string
}

/**
 * Reads a configuration file. Throws CONFIG_INVALID that lists every problem (at most 20) with its key, line, column
 * and fix, and never a value; `details.problems` holds the same as data.
 */
export function loadConfig(options: LoadOptions, discovered?: Discovered): LoadedConfig {
  const path = resolve(options.folder, options.path ?? configFileName)
  const text = readConfigFile(path, options.readFile ?? readUtf8)
  const document = parseConfigDocument(text)
  const [fault] = document.faults
  if (fault !== undefined) {
    const problems = document.faults.map((each) => ({ ...each, path: '', fix: 'Mend the YAML at that place.' }))
    throw refusal(path, problems)
  }
  const data = discovered === undefined ? document.data : addDiscovered(document.data, discovered)
  const notices = discovered?.notices ?? []
  return toLoadedConfig(data, { path, folder: dirname(path), environment: options.environment, document, notices })
}

/** Whether there is a `strata.yaml` in the folder. */
export function hasConfigFile(options: LoadOptions): boolean {
  try {
    ;(options.readFile ?? readUtf8)(join(options.folder, configFileName))
    return true
  } catch (thrown) {
    if (isMissing(thrown)) return false
    return true // It is there, but cannot be read: loading it says why.
  }
}

export interface ConfigSource {
  readonly path: string | undefined
  readonly folder: string
  readonly environment: Environment
  /** Where the data was parsed from, for lines and columns. */
  readonly document?: ConfigDocument
  readonly notices?: readonly string[]
}

/** Resolves references, validates, freezes. Throws CONFIG_INVALID as `loadConfig` does. */
export function toLoadedConfig(data: unknown, source: ConfigSource): LoadedConfig {
  const resolved = resolveReferences(data, source.environment, configJsonSchema)
  const unresolved = resolved.faults.map((fault): Problem => ({ ...fault, at: 'value' }))
  const parsed = configSchema.safeParse(resolved.data)
  const faultyKeys = new Set(unresolved.map(({ path }) => formatPath(path)))
  const invalid = parsed.success ? [] : explainIssues(parsed.error.issues, resolved.data, configJsonSchema())
  const open = parsed.success ? openPasswords(parsed.data, resolved.written) : []
  const problems = [...unresolved, ...open, ...invalid.filter(({ path }) => !faultyKeys.has(formatPath(path)))]
  if (!parsed.success || problems.length > 0) {
    const located = problems.map((problem) => locate(problem, source.document))
    throw refusal(source.path, located.sort(byPlace))
  }
  const config = freezeDeep(parsed.data)
  const text = toCanonicalText(config, resolved.written)
  return {
    config,
    text,
    hash: hashCanonicalText(text),
    path: source.path,
    folder: source.folder,
    notices: [...(source.notices ?? []), ...noticesOf(config, resolved.written)],
  }
}

/** A mailbox's password opens all that somebody has written: it stands in no file. */
function openPasswords({ sources }: Config, written: ReadonlyMap<string, string>): readonly Problem[] {
  const paths = Object.entries(sources).flatMap(([name, { imap }]) =>
    imap === undefined ? [] : [['sources', name, 'imap', 'password']],
  )
  return paths
    .filter((path) => !written.has(pathKey(path)))
    .map((path) => ({
      path,
      problem: 'a password is written in the file itself',
      fix: 'Keep it in the environment and write ${NAME}.',
      at: 'value',
    }))
}

interface LocatedProblem extends Partial<Position> {
  readonly path: string
  readonly problem: string
  readonly fix: string
}

const problemsMax = 20
const fileBytesMax = 1_048_576

function refusal(path: string | undefined, problems: readonly LocatedProblem[]): PlatformError {
  const shown = problems.slice(0, problemsMax)
  const hidden = problems.length - shown.length
  const name = path ?? 'the configuration made from the environment'
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const lines = shown.map(formatProblem)
  if (hidden > 0) lines.push(`  and ${hidden} more`)
  return new PlatformError('CONFIG_INVALID', `${name} is refused, ${count}:\n${lines.join('\n')}`, {
    param: shown[0]?.path,
    details: {
      problems: shown.map((problem) => ({
        path: problem.path,
        line: problem.line,
        column: problem.column,
        problem: problem.problem,
        fix: problem.fix,
      })),
    },
  })
}

function formatProblem(problem: LocatedProblem): string {
  const place = problem.line === undefined ? '' : `line ${problem.line}:${problem.column}`
  const where = [problem.path, place].filter((part) => part !== '').join(', ')
  return `  ${where === '' ? '' : `${where}: `}${problem.problem}. ${problem.fix}`
}

function locate(problem: Problem, document: ConfigDocument | undefined): LocatedProblem {
  const position = problem.at === 'key' ? document?.locateKey(problem.path) : document?.locate(problem.path)
  return { ...position, path: formatPath(problem.path), problem: problem.problem, fix: problem.fix }
}

function byPlace(left: LocatedProblem, right: LocatedProblem): number {
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0)
}

/** `endpoints.laptop.processing[0]`; names that are not plain words are quoted. */
function formatPath(path: KeyPath): string {
  let text = ''
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`
    else if (/^[A-Za-z0-9_-]+$/.test(segment)) text += text === '' ? segment : `.${segment}`
    else text += `[${JSON.stringify(segment.slice(0, 64))}]`
  }
  return text
}

/** A credential in the file itself works, but ends up in backups and version control. */
function noticesOf(config: Config, written: ReadonlyMap<string, string>): readonly string[] {
  const notices: string[] = []
  for (const [id, endpoint] of Object.entries(config.endpoints)) {
    const path = ['endpoints', id, 'key']
    const isLiteral = endpoint.key !== undefined && isSecretPath(path) && !written.has(JSON.stringify(path))
    if (isLiteral) {
      notices.push(`${formatPath(path)} is written in the file itself; keep it in the environment and write \${NAME}.`)
    }
  }
  return notices
}

function readConfigFile(path: string, readFile: (path: string) => string): string {
  const fault = (problem: string, fix: string): PlatformError => refusal(path, [{ path: '', problem, fix }])
  let text: string
  try {
    text = readFile(path)
  } catch (thrown) {
    if (isMissing(thrown)) throw fault('there is no such file', 'Write it, or name another one.')
    throw fault('the file cannot be read', 'Check that it is a file and that this user may read it.')
  }
  if (Buffer.byteLength(text) > fileBytesMax) {
    throw fault(`the file is larger than ${fileBytesMax} bytes`, 'Write less; knowledge belongs in collections.')
  }
  // Editors that truncate before they write show an empty file for a moment; it must not pass for "all defaults".
  if (text.trim() === '') throw fault('the file is empty', 'Write {} where every default is meant.')
  return text
}

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8')
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')
}

/** The file's data with what was discovered beside it. What the file says wins, name by name. */
function addDiscovered(data: unknown, discovered: Discovered): unknown {
  if (!isJsonObject(data)) return data
  const governance = isJsonObject(data['governance']) ? data['governance'] : {}
  return {
    ...data,
    endpoints: { ...discovered.endpoints, ...asObject(data['endpoints']) },
    models: { ...discovered.models, ...asObject(data['models']) },
    governance: { allowedRegions: discovered.allowedRegions, ...governance },
  }
}

function asObject(value: unknown): object {
  return isJsonObject(value) ? value : {}
}
