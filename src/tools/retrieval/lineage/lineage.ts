import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import type { Clock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import type { ParsedDocument, Preparation, SourceFile } from '../../preparation/index.ts'
import type { Stage } from './stages.ts'
import { createStageRows, type ContextCount, type VersionStageRow } from './store.ts'

/** A version with each step that it took. */
export interface VersionLineage {
  readonly version: string
  readonly stages: readonly Stage[]
}

export interface LineageParts {
  readonly store: Pick<Store, 'sql'>
  readonly clock: Clock
  readonly preparation: Preparation
}

export interface ReadFile {
  readonly parsed: ParsedDocument
  readonly isReused: boolean
  readonly parseMs: number
  /** For the row of the version: what it was read under, and what it came to. */
  readonly parseKey: string | null
  readonly kept: Uint8Array | null
}

const [pack, unpack] = [promisify(deflate), promisify(inflate)]
/** More text than that is read again rather than kept. */
const keptUnitsMax = 33_554_432
const unpackedBytesMax = 268_435_456

/** Reads a file, unless the same file was read before by the same readers under the same configuration. Rejects as `parse` does. */
export async function readOnce(parts: LineageParts, tenant: string, file: SourceFile): Promise<ReadFile> {
  const { store, clock, preparation } = parts
  const startedMs = clock.monotonicMs()
  const elapsedMs = (): number => clock.monotonicMs() - startedMs
  const parseKey = preparation.parseKeyOf(file) ?? null
  if (parseKey === null) {
    const parsed = await preparation.parse(file)
    return { parsed, isReused: false, parseMs: elapsedMs(), parseKey, kept: null }
  }
  const found = await createStageRows(store.sql).findParsed(tenant, parseKey)
  if (found !== undefined) {
    const text = (await unpack(found, { maxOutputLength: unpackedBytesMax })).toString('utf8')
    const parsed = JSON.parse(text) as ParsedDocument // written below
    return { parsed, isReused: true, parseMs: elapsedMs(), parseKey, kept: found }
  }
  const parsed = await preparation.parse(file)
  const parseMs = elapsedMs()
  const text = parsed.text.length > keptUnitsMax ? undefined : JSON.stringify(parsed)
  const isKept = text !== undefined && text.length <= keptUnitsMax
  return { parsed, isReused: false, parseMs, parseKey, kept: isKept ? await pack(text) : null }
}

/** Every version of a document that is there, earliest first, with what has become of it. */
export async function listLineage(
  store: Pick<Store, 'sql'>,
  tenant: string,
  document: string,
): Promise<readonly VersionLineage[]> {
  const rows = createStageRows(store.sql)
  const found: VersionLineage[] = []
  for (const row of await rows.listStages(tenant, document)) {
    const stages = JSON.parse(row.stages) as readonly Stage[] // written by `toStages`
    const embedded = await rows.countVectors(tenant, row.version_id)
    const input = stages.at(-1)?.input ?? ''
    const after = { input, configuration: '', durationMs: undefined, isReused: false }
    const vectors = embedded.map(
      ({ generation, model, state, vectors: count }): Stage => ({
        ...after,
        stage: 'embed',
        version: `${model}, generation ${generation}`,
        outcome: `${count} of ${row.passages} passages, ${state}`,
      }),
    )
    const contexts = toOutcome(await rows.countContexts(tenant, row.version_id))
    const taken = stages.map((stage) =>
      stage.stage === 'context' ? { ...stage, outcome: [stage.outcome, ...contexts].join(', ') } : stage,
    )
    found.push({
      version: row.version_id,
      stages: [...taken, ...vectors, { ...after, stage: 'publish', version: '', outcome: toState(row) }],
    })
  }
  return found
}

/** What has become of contexts by a model; nothing where none was asked. */
function toOutcome(counts: readonly ContextCount[]): readonly string[] {
  const written = counts.reduce((sum, count) => sum + count.written, 0)
  const faults = counts.flatMap(({ fault, passages }) => (fault === null ? [] : [`${passages} degraded (${fault})`]))
  return [...(written === 0 ? [] : [`${written} written by a model`]), ...faults]
}

function toState({ from_ms: fromMs, to_ms: toMs }: VersionStageRow): string {
  if (fromMs === null) return 'no longer searched'
  return toMs === null ? 'in force' : 'of the past'
}
