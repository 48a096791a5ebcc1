import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSeededRandom } from '../../../src/core/random.ts'
import { createSystemClock } from '../../../src/core/time.ts'
import { verifyExport } from '../../../src/governance/index.ts'
import { createLedger } from '../../../src/investment/ledger/index.ts'
import { examples, fill, type Example } from './examples.ts'
import type { FullHouse, FullTenant } from './house.ts'
import { findFault } from './judge.ts'
import { mutate, type RawRequest } from './mutate.ts'

export interface Fuzzed {
  readonly requests: number
  /** How many were answered with which class of status: 2 for 2xx. */
  readonly byClass: Readonly<Record<string, number>>
  /** What is wrong, once for each kind and route, with one request that shows it. */
  readonly faults: readonly string[]
}

export interface FuzzOptions {
  readonly seed: number
  readonly rounds: number
  /** Most that one answer may take, milliseconds: a bound of a hang, not of a pace. */
  readonly msMax?: number
  readonly onRound?: (round: number, so: Fuzzed) => void
}

/** Sends each example in each round with one change made by chance, and judges what is answered. */
export async function fuzz(house: FullHouse, tenant: FullTenant, options: FuzzOptions): Promise<Fuzzed> {
  const random = createSeededRandom(options.seed)
  const faults = new Map<string, string>()
  const byClass: Record<string, number> = {}
  let requests = 0
  for (let round = 0; round < options.rounds; round++) {
    for (const example of examples) {
      const raw = mutate(fill(example, tenant.names), random)
      const answer = await send(house, raw, { key: tenant.keys[example.by ?? 'admin'], msMax: options.msMax ?? 60_000 })
      requests++
      const fault = typeof answer === 'string' ? answer : findFault({ ...raw, ...answer })
      if (typeof answer !== 'string') count(byClass, String(Math.floor(answer.status / 100)))
      if (fault !== undefined)
        note(faults, { example, raw, fault, text: typeof answer === 'string' ? '' : answer.text })
    }
    options.onRound?.(round, { requests, byClass, faults: [...faults.values()] })
  }
  return { requests, byClass, faults: [...faults.values()] }
}

interface Answer {
  readonly status: number
  readonly code: string | null
  readonly text: string
}

/** The answer, or why there is none. */
async function send(
  { strata }: FullHouse,
  { method, path, headers, body }: RawRequest,
  { key, msMax }: { readonly key: string; readonly msMax: number },
): Promise<Answer | string> {
  try {
    const response = await strata.request(path, undefined, {
      method,
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
      signal: AbortSignal.timeout(msMax),
    })
    return { status: response.status, code: response.headers.get('x-strata-error'), text: await response.text() }
  } catch (thrown) {
    return `no answer: ${thrown instanceof Error ? `${thrown.name} ${thrown.message}` : 'unknown'}`
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function note(
  faults: Map<string, string>,
  {
    example,
    raw,
    fault,
    text,
  }: { readonly example: Example; readonly raw: RawRequest; readonly fault: string; readonly text: string },
): void {
  const key = `${fault} | ${example.route}`
  const shown = `${raw.method} ${raw.path.slice(0, 200)} with ${raw.change}`
  if (!faults.has(key)) faults.set(key, `${key}\n  ${shown}\n  ${text.slice(0, 500)}`)
}

/** What does not hold of what is kept: books, audit log, journal, collections, defects in the log. Nothing when all does. */
export async function findInconsistencies({ strata, tenants }: FullHouse): Promise<readonly string[]> {
  const { store, audit } = strata.platform
  await sleep(200) // What was begun beside has got going.
  await store.flush()
  const found: string[] = []
  const books = await createLedger({ store, clock: createSystemClock() }).audit(600_000)
  for (const [name, value] of Object.entries(books)) {
    if (name !== 'accounts' && name !== 'transfers' && value !== 0) found.push(`books: ${value} ${name}`)
  }
  await audit.seal()
  for (const { id } of tenants) {
    const { findings } = await verifyExport(Readable.from(audit.export({ tenant: id })), {
      verifierKey: audit.verifierKey,
    })
    found.push(...findings.map((finding) => `audit log: ${JSON.stringify(finding)}`))
    const { knowledge } = strata.platform.parts()
    for (const { name } of await knowledge.listCollections(id)) {
      const { documents: _, passages: __, historyBreak, ...wrong } = await knowledge.verify(id, name)
      if (historyBreak !== undefined) found.push(`${name}: its history is broken`)
      for (const [what, value] of Object.entries(wrong)) if (value !== 0) found.push(`${name}: ${value} ${what}`)
    }
  }
  const defects = strata.logLines.filter((line) => line.includes('met a defect'))
  found.push(...new Set(defects.map((line) => `a defect: ${line.slice(0, 800)}`)))
  return found
}
