import { createHash } from 'node:crypto'
import { toCanonicalJson } from '../../core/canonical-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import { createPolicyEngine, readPack, type Pack, type PolicyEngine } from '../policy/index.ts'
import { createRegionGate } from '../sovereignty/index.ts'
import { createGoneJudge } from './judge-gone.ts'
import { createReviewJudge } from './judge-reviews.ts'

/** What is wrong, and where: a place among the records, or a line of the file. */
export interface Finding {
  readonly type:
    | 'malformed'
    | 'foreign'
    | 'truncated'
    | 'uncovered'
    | 'rewound'
    | 'order'
    | 'fork'
    | 'unsigned'
    | 'changed'
    | 'gap'
    | 'decision'
    | 'residency'
    | 'cost'
    | 'chain'
    | 'review'
    | 'cosignature'
    | 'timestamp'
    | 'unwitnessed'
  readonly place: number
  readonly message: string
}

export interface RecordJudge {
  takeMaterial(kind: 'pack' | 'facts', hash: string, text: string): void
  takeRecord(place: number, text: string): void
  /** A record that is said to have been deleted by retention. */
  takeGone(place: number, tenant: string, sequence: number): void
  /** After the last record: what only all of them together tell. */
  finish(): void
  summary(): {
    readonly tenants: number
    readonly decisions: number
    readonly decisionsForeign: number
    readonly placements: number
    readonly oldestAt: string | undefined
    readonly newestAt: string | undefined
  }
}

/** Reads what each record says, and whether it holds together: numbers, decisions, regions, costs, chains of tries. */
export function createRecordJudge(find: (finding: Finding) => void): RecordJudge {
  return new Judge(find)
}

const dayMs = 86_400_000

interface JudgedRequest {
  readonly place: number
  readonly root: JsonObject
  readonly atMs: number
  /** It ended in an error, and nothing of it had left. */
  readonly wasRefused: boolean
}

class Judge implements RecordJudge {
  readonly #find: (finding: Finding) => void
  readonly #sequences = new Map<string, number>()
  readonly #engines = new Map<string, PolicyEngine>()
  readonly #facts = new Map<string, unknown>()
  /** Packs in another language. */
  readonly #foreign = new Set<string>()
  #decisionsForeign = 0
  /** By pack, facts and day: requests of one use case on one day are decided alike. */
  readonly #decided = new Map<string, string>()
  readonly #gate = createRegionGate({ regions: {} })
  readonly #reviews = createReviewJudge()
  readonly #gone = createGoneJudge()
  #decisions = 0
  #placements = 0
  #oldestMs = Number.POSITIVE_INFINITY
  #newestMs = Number.NEGATIVE_INFINITY

  constructor(find: (finding: Finding) => void) {
    this.#find = find
  }

  takeMaterial(kind: 'pack' | 'facts', hash: string, text: string): void {
    const actual = createHash('sha256').update(text).digest('hex')
    if (actual !== hash)
      return this.#find({ type: 'decision', place: 0, message: `the ${kind} of hash ${hash} are others` })
    if (kind === 'facts') this.#facts.set(hash, JSON.parse(text))
    else this.#takePack(hash, readPack(JSON.parse(text)))
  }

  /** A pack in another language is decided by an engine that a verifier need not have. */
  #takePack(hash: string, pack: Pack): void {
    if (pack.language === undefined) this.#engines.set(hash, createPolicyEngine(pack))
    else this.#foreign.add(hash)
  }

  takeRecord(place: number, text: string): void {
    const record: unknown = JSON.parse(text)
    if (!isJsonObject(record) || !isOneWay(record, text)) {
      return this.#find({ type: 'malformed', place, message: 'the record can be read in two ways' })
    }
    const tenant = textOf(record['tenant'])
    const sequence = Number(record['sequence'])
    this.#count(place, tenant, sequence)
    if (record['type'] === 'call') this.#judgeTree(place, listObjects(record['calls']))
    else {
      this.#note(Number(record['at_ms']))
      if (isJsonObject(record['act'])) {
        this.#reviews.takeAct(place, record['act'])
        this.#gone.takeAct(tenant, record['act'])
      }
    }
  }

  takeGone(place: number, tenant: string, sequence: number): void {
    this.#count(place, tenant, sequence)
    this.#gone.takeGone(place, tenant, sequence)
  }

  /** A tenant's records are numbered without a gap. */
  #count(place: number, tenant: string, sequence: number): void {
    const expected = (this.#sequences.get(tenant) ?? 0) + 1
    if (sequence !== expected) {
      this.#find({ type: 'gap', place, message: `the tenant's record ${expected} is missing; this is its ${sequence}` })
    }
    this.#sequences.set(tenant, sequence)
  }

  finish(): void {
    this.#gone.finish((place, message) => this.#find({ type: 'gap', place, message }))
    this.#reviews.finish((place, message) => this.#find({ type: 'review', place, message }))
  }

  summary(): ReturnType<RecordJudge['summary']> {
    const isEmpty = this.#newestMs < this.#oldestMs
    return {
      tenants: this.#sequences.size,
      decisions: this.#decisions,
      decisionsForeign: this.#decisionsForeign,
      placements: this.#placements,
      oldestAt: isEmpty ? undefined : toIso(this.#oldestMs),
      newestAt: isEmpty ? undefined : toIso(this.#newestMs),
    }
  }

  #judgeTree(place: number, calls: readonly JsonObject[]): void {
    const [root] = calls
    if (root === undefined || root['kind'] !== 'request') {
      return this.#find({ type: 'chain', place, message: 'a tree does not begin with its request' })
    }
    const atMs = Number(root['started_at_ms'])
    this.#note(atMs)
    const detail = isJsonObject(root['detail']) ? root['detail'] : {}
    const dispatches = calls.filter((call) => call['kind'] === 'dispatch')
    const wasRefused = typeof root['error'] === 'string' && !dispatches.some(wasSent)
    for (const policy of listObjects(detail['policies'])) {
      this.#judgeDecision({ place, root, atMs, wasRefused }, policy)
    }
    this.#judgeChain(place, calls)
    this.#judgeCost(place, root, dispatches)
    const allowed = detail['allowed_regions']
    if (Array.isArray(allowed)) this.#judgePlaces(place, allowed.map(String), dispatches)
  }

  /** Made again from the facts and the pack, on the day of the request. */
  #judgeDecision({ place, root, atMs, wasRefused }: JudgedRequest, policy: JsonObject): void {
    const [hash, factsHash, said] = [textOf(policy['hash']), textOf(policy['facts']), textOf(policy['decision'])]
    if (this.#foreign.has(hash)) {
      this.#decisionsForeign += 1
      return
    }
    const engine = this.#engines.get(hash)
    const facts = this.#facts.get(factsHash)
    if (engine === undefined || facts === undefined) {
      return this.#find({
        type: 'decision',
        place,
        message: `the pack ${hash} or the facts ${factsHash} are not in the export`,
      })
    }
    this.#decisions += 1
    const key = `${hash} ${factsHash} ${Math.floor(atMs / dayMs)}`
    const made = this.#decided.get(key) ?? engine.decide(engine.read(facts), atMs).decision
    this.#decided.set(key, made)
    if (made !== said) {
      this.#find({
        type: 'decision',
        place,
        message: `${textOf(policy['pack'])} decides ${made}; the record says ${said}`,
      })
    }
    if (policy['mode'] !== 'enforce' || made === 'allow' || wasRefused) return
    if (made === 'review') this.#reviews.takePassed(place, textOf(root['id']))
    else {
      this.#find({
        type: 'decision',
        place,
        message: `${textOf(policy['pack'])} decides ${made}; the request was not refused`,
      })
    }
  }

  #judgeChain(place: number, calls: readonly JsonObject[]): void {
    const ids = new Set(calls.map((call) => call['id']))
    const rootId = textOf(calls[0]?.['id'])
    for (const call of calls.slice(1)) {
      const isOfTree = textOf(call['id']).startsWith(`${rootId}.`)
      if (!isOfTree || !ids.has(call['parent'] ?? null)) {
        this.#find({ type: 'chain', place, message: `${textOf(call['id'])} hangs on nothing` })
      }
    }
    const attempts = new Map<unknown, number>()
    for (const call of calls) {
      const detail = isJsonObject(call['detail']) ? call['detail'] : {}
      const attempt = detail['attempt']
      if (call['kind'] !== 'dispatch' || typeof attempt !== 'number') continue
      const last = attempts.get(call['parent']) ?? 0
      // Two tries may stand in each other's place when one was refused before it counted.
      if (attempt > last + 1 || (last === 0 && detail['reason'] !== 'first')) {
        this.#find({ type: 'chain', place, message: `${textOf(call['id'])} is try ${attempt} after ${last}` })
      }
      attempts.set(call['parent'], Math.max(last, attempt))
    }
  }

  #judgeCost(place: number, root: JsonObject, dispatches: readonly JsonObject[]): void {
    if (typeof root['cost'] !== 'string') return
    const known = dispatches.flatMap(({ cost }) => (typeof cost === 'string' ? [BigInt(cost)] : []))
    const sum = known.reduce((total, cost) => total + cost, 0n)
    if (sum !== BigInt(root['cost'])) {
      this.#find({ type: 'cost', place, message: `the request says ${root['cost']}; its dispatches sum up to ${sum}` })
    }
  }

  #judgePlaces(place: number, allowed: readonly string[], dispatches: readonly JsonObject[]): void {
    if (!allowed.every((region) => this.#gate.has(region))) return // regions of the operator's own: not known here
    for (const dispatch of dispatches) {
      const { regions } = dispatch
      if (!wasSent(dispatch) || !Array.isArray(regions)) continue
      const processing = regions.map(String)
      if (!processing.every((region) => this.#gate.has(region))) continue
      this.#placements += 1
      const verdict = this.#gate.decide({ processing, storage: [] }, allowed)
      if (verdict.type === 'deny') this.#find({ type: 'residency', place, message: verdict.reason })
    }
  }

  #note(atMs: number): void {
    if (!Number.isFinite(atMs)) return
    this.#oldestMs = Math.min(this.#oldestMs, atMs)
    this.#newestMs = Math.max(this.#newestMs, atMs)
  }
}

function wasSent({ detail }: JsonObject): boolean {
  return isJsonObject(detail) && detail['sent'] === true
}

/** Whether a text says just this value: no name twice, no number in another form. Canonical JSON does. */
function isOneWay(value: JsonObject, text: string): boolean {
  return JSON.stringify(value) === text || toCanonicalJson(value) === text
}

/** The text of a member; empty when it is no text. */
function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function listObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
