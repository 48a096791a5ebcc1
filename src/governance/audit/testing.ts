/** For tests and scorecards only: exports of any size, made by the real code without a database. */
import { createHash, sign, type KeyObject } from 'node:crypto'
import type { CallFacts } from '../../core/call.ts'
import type { JsonObject } from '../../core/json.ts'
import { signCheckpoint, toVerifierKey } from './checkpoint.ts'
import { Frontier, hashLeaf } from './merkle.ts'
import { toCallRecord } from './record.ts'

export interface SyntheticOptions {
  readonly records: number
  readonly tenants: number
  readonly key: KeyObject
  readonly origin: string
  readonly startMs: number
  /** What stands in the detail of each request. */
  readonly detail: JsonObject
  /** Lines of packs and facts, as an export has them. */
  readonly materials: readonly { readonly kind: string; readonly hash: string; readonly text: string }[]
}

const checkpointEvery = 10_000

/** The lines of an export of that many calls, one a millisecond, each with one dispatch. */
export function* makeExport(options: SyntheticOptions): Generator<string> {
  const { records, tenants, key, origin, startMs, detail, materials } = options
  const digest = createHash('sha256')
  const frontier = new Frontier()
  let checkpoints = 0
  const told = (line: string): string => {
    digest.update(line)
    return line
  }
  yield told(`strata-audit\t1\t${toVerifierKey(origin, key)}\t${new Date(startMs).toISOString()}\t*\n`)
  for (const { kind, hash, text } of materials) yield told(`${kind}\t${hash}\t${text}\n`)
  for (let index = 0; index < records; index++) {
    const tenant = `tenant${index % tenants}`
    const place = { tenant, sequence: Math.floor(index / tenants) + 1 }
    const record = toCallRecord(place, toTree({ id: `call_${index}`, tenant, atMs: startMs + index, detail }))
    frontier.append(hashLeaf(Buffer.from(record)))
    yield told(`record\t${index}\t${record}\n`)
    if ((index + 1) % checkpointEvery === 0 || index === records - 1) {
      checkpoints += 1
      const note = signCheckpoint({ origin, size: frontier.size, root: frontier.root() }, key)
      yield told(`checkpoint\t${JSON.stringify(note)}\n`)
    }
  }
  const signature = sign(null, Buffer.from(`strata audit export\n${digest.digest('hex')}\n`), key)
  yield `end\t${records}\t${checkpoints}\t${signature.toString('base64')}\n`
}

interface TreeOptions {
  readonly id: string
  readonly tenant: string
  readonly atMs: number
  readonly detail: JsonObject
}

function toTree({ id, tenant, atMs, detail }: TreeOptions): readonly CallFacts[] {
  const times = { startedAtMs: atMs, durationMs: 812.25, firstByteMs: 120.5 }
  const base = { rootId: id, tenant, keyId: 'key_01', ...times, status: 'ok' as const, errorCode: undefined }
  const usage = {
    inputTotal: 1_200,
    cacheRead: 0,
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    outputTotal: 300,
    reasoning: 0,
    raw: undefined,
    source: 'reported' as const,
  }
  const cost = 360_000_000n
  const none = { vendorModel: undefined, regions: undefined, priceVersion: undefined }
  return [
    { ...base, ...none, id, parentId: undefined, kind: 'request', name: 'everyday', usage, cost, detail },
    {
      ...base,
      id: `${id}.1`,
      parentId: id,
      kind: 'dispatch',
      name: 'eu-large',
      vendorModel: 'large-1',
      regions: ['de'],
      priceVersion: 'catalogue-2026-11',
      usage,
      cost,
      detail: { attempt: 1, reason: 'first', sent: true },
    },
  ]
}
