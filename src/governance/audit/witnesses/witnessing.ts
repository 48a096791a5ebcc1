import { createHash } from 'node:crypto'
import type { Config } from '../../../config/index.ts'
import { PlatformError, toPlatformError } from '../../../core/errors.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { Random } from '../../../core/random.ts'
import type { Clock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import type { Verifier } from '../checkpoint.ts'
import { createAuditStore, type AuditStore, type CheckpointRow } from '../store.ts'
import { readCosignature, readWitnessKey, textOfNote } from './cosignature.ts'
import { createWitnessStore, type WitnessStore } from './store.ts'
import { TileTree } from './tile-tree.ts'
import { readTimestamp, readTimestampAnswer, toTimestampRequest } from './timestamp.ts'

/** Has others say of the log what it said of itself, and when: witnesses that it has grown, an authority that it was there. */
export interface Witnessing {
  /** Shows the last checkpoint to who has not seen it, or not for long. Of each, what came of it; never rejects for one of them. */
  run(): Promise<readonly WitnessResult[]>
  /** Does so every `governance.audit.witnessMs`, until `close`. */
  start(): void
  close(): Promise<void>
}

export interface WitnessResult {
  readonly name: string
  /** Records of the checkpoint; `undefined` when nothing was due or it failed. */
  readonly records: number | undefined
  readonly failure: string | undefined
}

/** One request to a place of the configuration, through the door. */
export type AskPlace = (place: WitnessPlace, request: PlaceRequest) => Promise<PlaceAnswer>

export type WitnessPlace =
  | Config['governance']['audit']['witnesses'][number]
  | NonNullable<Config['governance']['audit']['timestamps']>

export interface PlaceRequest {
  /** What follows the address of the place. */
  readonly path: string
  readonly contentType: string
  readonly body: string | Buffer
}

export interface PlaceAnswer {
  readonly status: number
  readonly body: Buffer
}

export interface WitnessingDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly random: Random
  readonly log: EventLog
  readonly config: Config['governance']['audit']
  readonly ask: AskPlace
}

interface Parts extends WitnessingDeps {
  readonly audit: AuditStore
  readonly witnessed: WitnessStore
  readonly tree: TileTree
}

/** Throws CONFIG_INVALID for a key that is none. */
export function createWitnessing(deps: WitnessingDeps): Witnessing {
  const { config, log } = deps
  const audit = createAuditStore(deps.store)
  const tree = new TileTree(async (from, count) =>
    (await audit.listLeaves({ from, limit: count })).map(({ hash }) => Buffer.from(hash, 'hex')),
  )
  const parts: Parts = { ...deps, audit, witnessed: createWitnessStore(deps.store), tree }
  const witnesses = config.witnesses.map((place, index) => ({ place, key: readKey(place.key, index) }))
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<unknown> = Promise.resolve()

  async function runOnce(): Promise<readonly WitnessResult[]> {
    const last = await audit.findLastCheckpoint()
    if (last === undefined) return []
    const results: WitnessResult[] = []
    for (const { place, key } of witnesses) {
      results.push(await tell(key.origin, () => cosign(parts, last, { place, key })))
    }
    const { timestamps } = config
    if (timestamps !== undefined) results.push(await tell('timestamps', () => stamp(parts, last, timestamps)))
    return results
  }

  async function tell(name: string, work: () => Promise<number | undefined>): Promise<WitnessResult> {
    try {
      return { name, records: await work(), failure: undefined }
    } catch (thrown) {
      const failure = thrown instanceof RangeError ? `its answer ${thrown.message}` : toPlatformError(thrown).message
      log.warn({ witness: name, reason: failure }, 'the audit log was not witnessed')
      return { name, records: undefined, failure }
    }
  }

  const run = (): Promise<readonly WitnessResult[]> => {
    const mine = turn.then(runOnce)
    turn = mine.catch(() => undefined) // Whoever asked is told; the next turn goes on.
    return mine
  }
  return {
    run,
    start() {
      if (witnesses.length === 0 && config.timestamps === undefined) return
      timer ??= setInterval(() => {
        run().catch((thrown: unknown) => {
          log.warn({ reason: toPlatformError(thrown).message }, 'the audit log was not witnessed')
        })
      }, config.witnessMs).unref()
    },
    async close() {
      clearInterval(timer)
      await turn
    },
  }
}

function readKey(text: string, index: number): Verifier {
  try {
    return readWitnessKey(text)
  } catch (cause) {
    const param = `governance.audit.witnesses[${index}].key`
    throw new PlatformError('CONFIG_INVALID', `${param} is no key of a witness: NAME+HASH+KEY`, { param, cause })
  }
}

interface Asked {
  readonly place: Config['governance']['audit']['witnesses'][number]
  readonly key: Verifier
}

/** C2SP tlog-witness: the old size, the proof that the log has grown from it, and the checkpoint. */
async function cosign(parts: Parts, last: CheckpointRow, { place, key }: Asked): Promise<number | undefined> {
  const known = await parts.witnessed.findWitnessed(key.origin)
  if (known >= last.size) return undefined
  let answer = await add(parts, last, { place, known })
  if (answer.status === 409) {
    // It has seen more than we remember, or less: it says how much.
    const seen = Number(answer.body.toString('utf8').trim())
    if (!Number.isSafeInteger(seen) || seen < 0 || seen > last.size)
      throw new RangeError('says that it has seen more than there is')
    answer = await add(parts, last, { place, known: seen })
  }
  if (answer.status !== 200) throw new RangeError(`has the status ${answer.status}`)
  const text = textOfNote(last.note)
  const line = answer.body
    .toString('utf8')
    .split('\n')
    .find((each) => readCosignature(each, text, key) !== undefined)
  if (line === undefined) throw new RangeError('holds no cosignature by its key')
  await parts.witnessed.addCosignature({ size: last.size, witness: key.origin, line })
  return last.size
}

async function add(
  { tree, ask }: Parts,
  last: CheckpointRow,
  { place, known }: { readonly place: Asked['place']; readonly known: number },
): Promise<PlaceAnswer> {
  const proof = await tree.proveGrowth(known, last.size)
  const lines = [`old ${known}`, ...proof.map((hash) => hash.toString('base64')), '', last.note]
  return ask(place, { path: '/add-checkpoint', contentType: 'text/plain; charset=utf-8', body: lines.join('\n') })
}

/** RFC 3161, over HTTP as in its section 3.4. */
async function stamp(
  { ask, witnessed, clock, random }: Parts,
  last: CheckpointRow,
  place: NonNullable<Config['governance']['audit']['timestamps']>,
): Promise<number | undefined> {
  const former = await witnessed.findLastTimestamp()
  const nowMs = Math.trunc(clock.now())
  if (former !== undefined && (former.size >= last.size || nowMs - former.atMs < place.everyMs)) return undefined
  const digest = createHash('sha256').update(textOfNote(last.note)).digest()
  const nonce = Buffer.concat([Buffer.from([0x40]), random.bytes(8)]) // a positive number of nine bytes
  const body = toTimestampRequest(digest, nonce)
  const answer = await ask(place, { path: '', contentType: 'application/timestamp-query', body })
  if (answer.status !== 200) throw new RangeError(`has the status ${answer.status}`)
  const token = readTimestampAnswer(answer.body)
  const said = readTimestamp(token)
  if (said.imprint !== digest.toString('hex')) throw new RangeError('stamps something else')
  if (said.nonce !== nonce.toString('hex')) throw new RangeError('answers another request')
  await witnessed.addTimestamp({ size: last.size, atMs: nowMs, token })
  return last.size
}
