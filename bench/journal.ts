import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../src/config/index.ts'
import type { CallFacts } from '../src/core/call.ts'
import type { CallRecorder, DispatchIntent, EventLog } from '../src/core/ports.ts'
import { createSystemClock } from '../src/core/time.ts'
import { createUsage } from '../src/core/usage.ts'
import { createStore, type Store } from '../src/store/index.ts'
import { createReport, median, printReport, type Measurement } from './kit/report.ts'

/**
 * `node bench/journal.ts [rounds] [calls]`: what recording one call costs the thread that answers (an intent and the
 * settlement of a request with one dispatch), and what folding it into SQLite costs the threads behind: processor time, so
 * that a busy machine does not count. Medians of the rounds; `bareWrite` is what two writes of as many bytes cost without anything of ours.
 */
const [roundsMax = 7, callsMax = 40_000] = process.argv.slice(2).map(Number)
const lotLength = 100
const clock = createSystemClock()
const print = (line: string): void => console.log(line)
const noLog: EventLog = { debug: ignore, info: ignore, warn: ignore, error: ignore }
printReport(createReport('journal', await measure()), print)

async function measure(): Promise<Measurement> {
  const rounds: Readonly<Record<string, number>>[] = []
  await measureRound() // warms the compiler
  for (let round = 0; round < roundsMax; round++) rounds.push(await measureRound())
  const figures: Record<string, number> = {}
  for (const key of Object.keys(rounds[0] ?? {})) {
    const values = rounds.map((round) => round[key] ?? Number.NaN)
    figures[key] = median(values) ?? Number.NaN
    figures[`${key}.spread`] = Math.max(...values) - Math.min(...values)
  }
  const promised = { 'append.usPerCall': ['<=', 5], 'fold.usPerCall': ['<=', 8] } as const
  return { figures, promised, unmeasured: [] }
}

async function measureRound(): Promise<Readonly<Record<string, number>>> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-bench-'))
  try {
    const quiet = await open(folder, 60_000)
    measureAppend(quiet.recorder)
    await quiet.flush() // a thread that has just been started compiles first, as it does once in the life of a server
    const appendUs = measureAppend(quiet.recorder)
    const { journalBytes } = quiet.stats()
    const foldUs = await measureFold(quiet)
    await quiet.close()
    const databaseBytes = statSync(join(folder, 'strata.db')).size
    const busy = await open(folder, 50)
    const busyUs = measureAppend(busy.recorder)
    const identifyUs = measureIdentify(busy.recorder)
    await busy.close()
    return {
      'append.usPerCall': appendUs,
      'append.whileFolding.usPerCall': busyUs,
      'append.bareWrite.usPerCall': measureBareWrite(folder, Math.round(journalBytes / callsMax)),
      'append.identify.usPerCall': identifyUs,
      'fold.usPerCall': foldUs,
      'journal.bytesPerCall': journalBytes / callsMax,
      'database.bytesPerCall': databaseBytes / (2 * callsMax),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function open(folder: string, foldMs: number): Promise<Store> {
  const config = configSchema.parse({ store: { folder, foldMs } }).store
  return createStore({ config, clock, log: noLog })
}

/** Calls are made in small lots just before they are recorded, as in life: they lie in the processor's cache. */
function measureAppend(recorder: CallRecorder): number {
  let spentUs = 0
  recorder.intend(createIntent(`${createId()}.1`)) // opens the journal
  for (let call = 0; call < callsMax; call += lotLength) {
    const trees = createTrees()
    const start = process.threadCpuUsage()
    for (const { intent, facts } of trees) {
      recorder.intend(intent)
      recorder.settle(facts)
    }
    spentUs += toUs(process.threadCpuUsage(start))
  }
  return spentUs / callsMax
}

/** What a stream costs on top: by which id its vendor knows the answer. */
function measureIdentify(recorder: CallRecorder): number {
  let spentUs = 0
  const regions = ['eu', 'local']
  for (let call = 0; call < callsMax; call += lotLength) {
    const ids = Array.from({ length: lotLength }, createId)
    const start = process.threadCpuUsage()
    for (const rootId of ids) {
      const answer = { id: `gen-${rootId}`, lookup: 'openrouter', origin: 'https://openrouter.ai', regions } as const
      recorder.identify({ rootId, callId: `${rootId}.1`, answer })
    }
    spentUs += toUs(process.threadCpuUsage(start))
  }
  return spentUs / callsMax
}

async function measureFold(store: Store): Promise<number> {
  const all = process.cpuUsage()
  const here = process.threadCpuUsage()
  await store.flush()
  return (toUs(process.cpuUsage(all)) - toUs(process.threadCpuUsage(here))) / callsMax
}

function measureBareWrite(folder: string, bytes: number): number {
  const file = openSync(join(folder, 'bare.log'), 'a')
  const buffer = Buffer.alloc(bytes)
  const intentBytes = Math.round(bytes / 5)
  const start = process.threadCpuUsage()
  for (let call = 0; call < callsMax; call++) {
    writeSync(file, buffer, 0, intentBytes, null)
    writeSync(file, buffer, 0, bytes - intentBytes, null)
  }
  const us = toUs(process.threadCpuUsage(start)) / callsMax
  closeSync(file)
  return us
}

function toUs(usage: NodeJS.CpuUsage): number {
  return usage.user + usage.system
}

interface Tree {
  readonly intent: DispatchIntent
  readonly facts: readonly CallFacts[]
}

function createTrees(): readonly Tree[] {
  return Array.from({ length: lotLength }, () => {
    const id = createId()
    return { intent: createIntent(`${id}.1`), facts: [createDispatch(id), createRequest(id)] }
  })
}

function createId(): string {
  return `call_${process.hrtime.bigint().toString(32).padStart(26, '0')}`
}

function createIntent(callId: string): DispatchIntent {
  return {
    callId,
    rootId: callId.slice(0, -2),
    tenant: 'default',
    keyId: 'key_01jd8n5w3e9rtyq4k2m7xv0abc',
    endpoint: 'eu-large',
    vendorModel: 'gpt-4o-mini-2024-07-18',
    atMs: clock.now(),
  }
}

function createRequest(id: string): CallFacts {
  return {
    id,
    rootId: id,
    parentId: undefined,
    kind: 'request',
    name: 'everyday',
    tenant: 'default',
    keyId: 'key_01jd8n5w3e9rtyq4k2m7xv0abc',
    startedAtMs: clock.now(),
    durationMs: clock.monotonicMs() % 1_000,
    firstByteMs: clock.monotonicMs() % 100,
    status: 'ok',
    errorCode: undefined,
    vendorModel: undefined,
    regions: undefined,
    usage: undefined,
    cost: undefined,
    priceVersion: undefined,
    detail: { face: 'openai', route: '/v1/chat/completions', streamed: false },
  }
}

function createDispatch(id: string): CallFacts {
  const raw = {
    prompt_tokens: 1_200,
    completion_tokens: 310,
    total_tokens: 1_510,
    prompt_tokens_details: { cached_tokens: 1_024, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 64, audio_tokens: 0 },
  }
  return {
    ...createRequest(id),
    id: `${id}.1`,
    parentId: id,
    kind: 'dispatch',
    name: 'eu-large',
    vendorModel: 'gpt-4o-mini-2024-07-18',
    regions: ['eu'],
    usage: createUsage({ inputTotal: 1_200, cacheRead: 1_024, outputTotal: 310, reasoning: 64, raw }),
    cost: 366_000_000n,
    priceVersion: 'genai-prices@2026-11-01/openai/gpt-4o-mini#0',
    detail: { attempt: 1, status: 200 },
  }
}

function ignore(): void {
  // a benchmark has no log
}
