import type { GuardConfig, GuardPlace } from '../../config/index.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { Model } from '../../core/model.ts'
import type { Clock } from '../../core/time.ts'
import type { Folder } from './fold.ts'
import type { Guard, Inspected, Inspection, Look } from './guard.ts'
import { createInjectionDetector, type InjectionDetector } from './injection/index.ts'
import { createJudge } from './judge.ts'
import { createLengthScanner } from './length.ts'
import { createPatternScanner } from './pattern/index.ts'
import type { Finding } from './scan.ts'
import { createSchemaLook } from './schema.ts'
import { createSecretScanner, secretTypeNames } from './secrets/index.ts'
import { createTermScanner } from './terms/index.ts'

export interface KindParts {
  readonly clock: Clock
  readonly folder: Folder
  /** The model of a name, with no guards around it. */
  readonly findModel: (name: string) => Model | undefined
  /** The language a text is mostly in; `undefined` when it does not show. */
  readonly findLanguage: (text: string) => string | undefined
}

type Settings<Kind extends GuardConfig['guard']> = Extract<GuardConfig, { readonly guard: Kind }>

const msMaxDefault = 1_000
const judgeMsMaxDefault = 10_000
const matchLengthMax = 1_024

/** The guard of one line of the configuration. Throws CONFIG_INVALID at `path`. */
export function createGuard(parts: KindParts, config: GuardConfig, path: string): Guard {
  const at: readonly GuardPlace[] = config.guard === 'schema' ? ['answer'] : config.at
  const mark = 'to' in config ? config.to : undefined
  if (config.guard === 'injection' && config.do === 'rewrite' && at.includes('answer')) {
    throw fault(`${path}.do`, 'an injection is told from the whole text, so an answer can only be observed or blocked')
  }
  return {
    name: config.name ?? config.guard,
    at: new Set(at),
    does: config.do,
    onError: config.onError,
    msMax: config.ms ?? (config.guard === 'judge' ? judgeMsMaxDefault : msMaxDefault),
    models: config.models === undefined ? undefined : new Set(config.models),
    markOf: ({ what }) => mark ?? (config.guard === 'length' ? '' : `[removed: ${what}]`),
    look: createLook(parts, config, path),
  }
}

function createLook(parts: KindParts, config: GuardConfig, path: string): Look {
  const what = config.name ?? config.guard
  switch (config.guard) {
    case 'injection':
      return inspectInjections(createInjectionDetector(parts.folder), config)
    case 'secrets':
      return { type: 'scan', scanner: createSecretScanner(checkTypes(config, path)) }
    case 'terms': {
      const { terms, within } = config
      return at(`${path}.terms`, () => ({
        type: 'scan',
        scanner: createTermScanner({ folder: parts.folder, terms, within, what }),
      }))
    }
    case 'pattern': {
      const { pattern: source, caseless, words } = config
      return at(`${path}.pattern`, () => ({
        type: 'scan',
        scanner: createPatternScanner([{ what, source, caseless, words }], matchLengthMax),
      }))
    }
    case 'schema':
      return { type: 'inspect', inspect: createSchemaLook(config) }
    case 'language':
      return { type: 'inspect', inspect: (text) => inspectLanguage(parts.findLanguage(text), config) }
    case 'length':
      return { type: 'scan', scanner: createLengthScanner(config.charactersMax) }
    case 'judge':
      return { type: 'judge', judge: createJudge(parts, config, path) }
  }
}

function inspectLanguage(language: string | undefined, { is }: Settings<'language'>): Inspected {
  const allowed: readonly string[] = is
  if (language === undefined || allowed.includes(language)) return { findings: [] }
  return { findings: [{ start: 0, end: 0, what: language }] }
}

function checkTypes({ types }: Settings<'secrets'>, path: string): readonly string[] | undefined {
  const stranger = types?.findIndex((type) => !secretTypeNames.includes(type)) ?? -1
  if (stranger === -1) return types
  throw fault(
    `${path}.types[${stranger}]`,
    `there is no type of secret of that name; there are ${secretTypeNames.join(', ')}`,
  )
}

const pieceLength = 16_384
/** Signs that lie across two pieces are seen in one of them. */
const pieceOverlap = 512

function inspectInjections(detector: InjectionDetector, { threshold, do: does }: Settings<'injection'>): Look {
  return {
    type: 'inspect',
    inspect(text: string, { throwIfLate }: Inspection): Inspected {
      let score = 0
      const findings: Finding[] = []
      for (let from = 0; from === 0 || from < text.length; from += pieceLength) {
        const piece = detector.inspect(text.slice(from, from + pieceLength + pieceOverlap))
        throwIfLate()
        score = Math.max(score, piece.score)
        if (piece.score < threshold) continue
        for (const { start, end, what } of piece.findings) {
          const found = { start: from + start, end: from + end, what }
          findings.push(does === 'rewrite' ? { ...found, ...toSentence(text, found) } : found)
        }
        // Only what nobody sees speaks for it.
        if (piece.findings.length === 0) findings.push({ start: from, end: from + pieceLength, what: 'unseen' })
      }
      return findings.length === 0 ? { findings } : { findings, score }
    },
  }
}

/** The sentence that a finding stands in: half of an instruction is one too. */
function toSentence(text: string, { start, end }: Finding): Pick<Finding, 'start' | 'end'> {
  const before = text.slice(Math.max(0, start - pieceOverlap), start)
  const behind = text.slice(end, end + pieceOverlap)
  const begun = Math.max(
    ...['\n', '. ', '! ', '? ', '。', '！', '？'].map(
      (mark) => before.lastIndexOf(mark) + (before.includes(mark) ? mark.length : 0),
    ),
  )
  const closed = /[.!?](?=\s)|[。！？]|\n/.exec(behind)
  return {
    start: start - (before.length - Math.max(0, begun)),
    end: closed === null ? end + behind.length : end + closed.index + (closed[0] === '\n' ? 0 : closed[0].length),
  }
}

function at(path: string, create: () => Look): Look {
  try {
    return create()
  } catch (thrown) {
    throw fault(path, toPlatformError(thrown).message, thrown)
  }
}

export function fault(path: string, message: string, cause?: unknown): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${message}`, { param: path, cause })
}
