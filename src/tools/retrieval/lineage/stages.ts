import { createHash } from 'node:crypto'
import type { ParsedDocument, Preparation, PreparedDocument, SourceFile } from '../../preparation/index.ts'

/** One step of a version on its way in. */
export interface Stage {
  readonly stage: StageName
  /** Hash of what it was given: the file, or the canonical text. The same input, version and configuration give the same. */
  readonly input: string
  readonly version: string
  /** Hash of the part of the configuration that it depends on; empty where it depends on none. */
  readonly configuration: string
  readonly outcome: string
  /** Milliseconds of the clock; `undefined` where it is part of the stage before it, or was done elsewhere. */
  readonly durationMs: number | undefined
  /** It was not done again: the same had been done before. */
  readonly isReused: boolean
}

export type StageName =
  | 'fetch'
  | 'sniff'
  | 'quarantine'
  | 'parse'
  | 'text'
  | 'quality'
  | 'language'
  | 'chunk'
  | 'context'
  | 'duplicates'
  | 'index'
  | 'embed'
  | 'publish'

/** What was measured on the way. */
export interface Taken {
  readonly file: SourceFile
  readonly prepared: PreparedDocument
  readonly isReused: boolean
  readonly parseMs: number
  readonly chunkMs: number
  readonly indexMs: number
  readonly analyser: string
  /** Passages that have a sketch by which their like is found. */
  readonly sketches: number
}

/** Enough to tell any two apart that anybody will meet, and to read aloud. */
const digitsMax = 32

function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, digitsMax)
}

/** All stages up to the index, in their order. */
export function toStages(preparation: Pick<Preparation, 'stages'>, taken: Taken): readonly Stage[] {
  const { file, prepared, isReused, analyser } = taken
  const { version, configurations } = preparation.stages(file)
  const content = hashOf(file.bytes)
  const text = hashOf(prepared.text)
  const round = (ms: number): number => Math.round(ms * 100) / 100
  const made = (stage: StageName, outcome: string, more: Partial<Stage> = {}): Stage => ({
    stage,
    input: content,
    version,
    configuration: '',
    outcome,
    durationMs: undefined,
    isReused: false,
    ...more,
  })
  const { parser, chunks } = prepared
  const parse = { version: parser, configuration: configurations.parse, durationMs: round(taken.parseMs), isReused }
  return [
    made('fetch', `${file.bytes.length} bytes`, { version: '' }),
    made('sniff', parser.replace(/@.*$/, ''), { isReused }),
    made('quarantine', 'passed', { configuration: configurations.parse, isReused }),
    made('parse', `${prepared.pages.length} pages`, parse),
    made('text', `${prepared.text.length} units, ${text}`, { isReused }),
    made('quality', toQuality(prepared), { input: text, isReused }),
    made('language', prepared.language ?? 'unknown', { input: text, isReused }),
    made('chunk', `${chunks.length} passages`, {
      input: text,
      configuration: configurations.chunk,
      durationMs: round(taken.chunkMs),
    }),
    made('context', `${chunks.filter(({ headings }) => headings.length > 0).length} with headings`, { input: text }),
    made('duplicates', `${taken.sketches} sketches`, { input: text, version: analyser }),
    made('index', `${chunks.length} passages`, { input: text, version: analyser, durationMs: round(taken.indexMs) }),
  ]
}

function toQuality({ pages, notices }: ParsedDocument): string {
  const counts = Map.groupBy(pages, ({ state, reason }) => (reason === undefined ? state : `${state} (${reason})`))
  const said = [...counts].map(([state, of]) => `${of.length} ${state}`)
  return [...said, ...notices].join(', ').slice(0, 500)
}
