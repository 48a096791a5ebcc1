import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { DispatchIntent, IdentifiedAnswer } from '../../core/ports.ts'
import { listSegments, removeSegment, toSegmentPath } from './files.ts'
import {
  decodeCharged,
  decodeIdentified,
  decodeIntent,
  decodeLine,
  decodeRows,
  type CallRow,
  type Entry,
} from './decode.ts'
import { toInterrupted } from './interrupted.ts'
import type { Posting, TimedCharge } from './posting.ts'
import type { Batch, Position, Sink } from './sink.ts'

const readBytes = 1_048_576

export interface FoldOptions {
  readonly sink: Sink
  readonly folder: string
  readonly journalId: string
  /** Most rows of calls in one transaction, but always one whole tree. */
  readonly rowsMax: number
  /** How far the journal is complete; `undefined` when its writer is dead and everything is. */
  readonly findEnd: () => Position | undefined
  readonly onProgress: (progress: Progress) => void
}

/** What one transaction moved. */
export interface Progress {
  readonly position: Position
  readonly rows: number
  /** Lines passed over because they were torn or damaged. */
  readonly damaged: number
}

/** Moves one journal into the database. Every act may fail and be repeated: it starts where the last commit ended. */
export interface Fold {
  /** Folds everything up to the end known at the call; true when there was something. */
  run(): Promise<boolean>
  /** Folds the rest, gives up the intents that are still open, and removes the files. The number given up. */
  finish(): Promise<number>
}

export async function openFold(options: FoldOptions): Promise<Fold> {
  const { sink, folder, journalId } = options
  const opened = await sink.open(journalId)
  const rootIds = new Set(opened.rootIds)
  let position = opened.position
  const source = createSource(folder, journalId)

  /** One transaction; false when there is nothing more to read. */
  async function step(end: Position | undefined): Promise<boolean> {
    const read = source.read({ from: position, end, rowsMax: options.rowsMax })
    if (read === undefined) return false
    const batch = toBatch(read, { journalId, rootIds })
    await sink.commit(batch)
    const former = position.segment
    position = read.position
    for (const intent of batch.intents) rootIds.add(intent.rootId)
    for (const rootId of batch.closedRootIds) rootIds.delete(rootId)
    for (let segment = former; segment < position.segment; segment++) removeSegment(folder, journalId, segment)
    options.onProgress({ position, rows: batch.calls.count, damaged: read.damaged + batch.calls.damaged })
    return true
  }

  async function run(): Promise<boolean> {
    const end = options.findEnd()
    let moved = false
    while (await step(end)) moved = true
    return moved
  }

  return {
    run,
    async finish() {
      let given: readonly DispatchIntent[] = []
      if (!opened.isClosed) {
        await run()
        given = await sink.listIntents(journalId)
        const calls = toInterrupted(given, source.lastSignMs())
        const closedRootIds = [...new Set(given.map((intent) => intent.rootId))]
        const posting = toAssumed(given, source.lastSignMs())
        await sink.commit({
          journalId,
          position,
          isClosing: true,
          calls,
          intents: [],
          answers: [],
          closedRootIds,
          posting,
        })
      }
      source.close()
      for (const segment of listSegments(folder, journalId)) removeSegment(folder, journalId, segment)
      await sink.forget(journalId)
      return given.length
    },
  }
}

interface ReadResult {
  readonly entries: readonly Entry[]
  readonly position: Position
  readonly damaged: number
}

interface FoldBatch extends Batch {
  readonly calls: SettledCalls
}

/** Intents that were settled in the same batch never touch the database. */
function toBatch(
  read: ReadResult,
  state: { readonly journalId: string; readonly rootIds: ReadonlySet<string> },
): FoldBatch {
  const settled: Entry[] = []
  const closedRootIds: string[] = []
  const open = new Map<string, Entry[]>()
  for (const entry of read.entries) {
    const { type, rootId } = entry
    if (type !== 'settlement') {
      const siblings = open.get(rootId)
      if (siblings === undefined) open.set(rootId, [entry])
      else siblings.push(entry)
      continue
    }
    settled.push(entry)
    open.delete(rootId)
    if (state.rootIds.has(rootId)) closedRootIds.push(rootId)
  }
  const { intents, answers } = takeOpen([...open.values()].flat())
  return {
    journalId: state.journalId,
    position: read.position,
    isClosing: false,
    calls: new SettledCalls(settled),
    intents,
    answers,
    closedRootIds,
    posting: toPosting(settled),
  }
}

/**
 * A dispatch says again what it is about to do when more is held for it: what it said last counts. Answers apart are those of
 * intents that an earlier batch has written.
 */
function takeOpen(entries: readonly Entry[]): Pick<Batch, 'intents' | 'answers'> {
  const last = new Map<string, DispatchIntent>()
  const answers: IdentifiedAnswer[] = []
  for (const entry of entries) {
    if (entry.type === 'intent') {
      const intent = decodeIntent(entry)
      if (intent !== undefined) last.set(intent.callId, { ...intent, answer: last.get(intent.callId)?.answer })
      continue
    }
    const identified = decodeIdentified(entry)
    if (identified === undefined) continue
    const intent = last.get(identified.callId)
    if (intent === undefined) answers.push(identified)
    else last.set(intent.callId, { ...intent, answer: identified.answer })
  }
  return { intents: [...last.values()], answers }
}

function toPosting(settled: readonly Entry[]): Posting {
  const charges: TimedCharge[] = []
  let atMs = 0
  for (const entry of settled) {
    const charged = decodeCharged(entry)
    if (charged === undefined) continue
    for (const charge of charged.charges) charges.push({ ...charge, sinceMs: charged.sinceMs, rootId: entry.rootId })
    atMs = Math.max(atMs, charged.sinceMs)
  }
  return { charges, assumed: [], atMs }
}

/** Nobody knows what those came to: they count as what was held for them, until somebody knows better. */
function toAssumed(given: readonly DispatchIntent[], lastSignMs: number): Posting {
  const held = given.filter((intent) => intent.charges !== undefined)
  return {
    charges: [],
    assumed: held.flatMap(({ charges = [], atMs, rootId, callId }) =>
      charges.map((charge) => ({ ...charge, sinceMs: atMs, rootId, callId })),
    ),
    atMs: Math.trunc(lastSignMs),
  }
}

/**
 * The trees, decoded one at a time while they are written: a thousand decoded trees at once outlive the
 * young generation, and copying them there costs a third of all folding. A class because it counts.
 */
class SettledCalls implements Iterable<readonly CallRow[]> {
  count = 0
  damaged = 0
  readonly #entries: readonly Entry[]

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  *[Symbol.iterator](): Iterator<readonly CallRow[]> {
    this.count = 0
    this.damaged = 0
    for (const entry of this.#entries) {
      const rows = decodeRows(entry)
      if (rows === undefined) {
        this.damaged++
        continue
      }
      this.count += rows.length
      yield rows
    }
  }
}

interface ReadRequest {
  readonly from: Position
  readonly end: Position | undefined
  readonly rowsMax: number
}

interface Source {
  /** Whole lines from a position on; `undefined` at the end. */
  read(request: ReadRequest): ReadResult | undefined
  /** When the writer last wrote, milliseconds UTC, as far as the files tell; 0 when there are none. */
  lastSignMs(): number
  close(): void
}

function createSource(folder: string, journalId: string): Source {
  let opened: { readonly segment: number; readonly file: number } | undefined
  let buffer = Buffer.allocUnsafe(readBytes)
  let lastSignMs = 0

  function close(): void {
    if (opened !== undefined) closeSync(opened.file)
    opened = undefined
  }

  function open(segment: number): number {
    if (opened?.segment !== segment) {
      close()
      opened = { segment, file: openSync(toSegmentPath(folder, journalId, segment), 'r') }
    }
    return opened.file
  }

  /** The first segment at or after the position; a missing one has been folded and removed. */
  function find(request: ReadRequest): Position | undefined {
    if (request.end !== undefined && request.from.segment >= request.end.segment) return request.from
    const segment = listSegments(folder, journalId).find((number) => number >= request.from.segment)
    if (segment === undefined) return undefined
    return segment === request.from.segment ? request.from : { segment, offset: 0 }
  }

  function read(request: ReadRequest): ReadResult | undefined {
    const from = find(request)
    if (from === undefined) return undefined
    const isLive = request.end?.segment === from.segment
    if (isLive && from.offset >= (request.end?.offset ?? 0)) return undefined
    const file = open(from.segment)
    const { size, mtimeMs } = fstatSync(file)
    lastSignMs = Math.max(lastSignMs, mtimeMs)
    const limit = isLive ? Math.min(size, request.end?.offset ?? 0) : size
    const length = readSync(file, buffer, 0, Math.min(buffer.length, Math.max(0, limit - from.offset)), from.offset)
    const result = decode(buffer.subarray(0, length), from, request.rowsMax)
    if (result.position.offset > from.offset) return result
    if (length === buffer.length) {
      buffer = Buffer.allocUnsafe(buffer.length * 2) // one line longer than the buffer
      return read(request)
    }
    if (isLive) return undefined
    return passOver(from, { isLast: !hasMore(from.segment, request), isTorn: length > 0 })
  }

  function hasMore(segment: number, request: ReadRequest): boolean {
    if (request.end !== undefined) return request.end.segment > segment
    return listSegments(folder, journalId).some((number) => number > segment)
  }

  return { read, close, lastSignMs: () => lastSignMs }
}

/** The end of a segment that nobody writes any more; what follows its last newline was torn by a death. */
function passOver(
  from: Position,
  segment: { readonly isLast: boolean; readonly isTorn: boolean },
): ReadResult | undefined {
  if (segment.isLast) return undefined
  const position = { segment: from.segment + 1, offset: 0 }
  return { entries: [], position, damaged: segment.isTorn ? 1 : 0 }
}

function decode(buffer: Buffer, from: Position, rowsMax: number): ReadResult {
  const entries: Entry[] = []
  let rows = 0
  let damaged = 0
  let at = 0
  while (rows < rowsMax) {
    const line = decodeLine(buffer, at)
    if (line === undefined) break
    at = line.end
    const { entry } = line
    if (entry === undefined) {
      damaged++
      continue
    }
    entries.push(entry)
    rows += entry.rows
  }
  return { entries, position: { segment: from.segment, offset: from.offset + at }, damaged }
}
