import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { digest, openAnswer, sealAnswer, type KeptAnswer } from './seal.ts'
import { createIdempotencyStore, type Entry, type IdempotencyStore, type OwnPlace } from './store.ts'

/** Answers each request with an idempotency key once, and its repetitions with the same answer. */
export interface Idempotency {
  /**
   * Begins the work, or finds its answer. Rejects with INVALID_REQUEST for a key that is none, IDEMPOTENCY_CONFLICT for
   * another request under the key, an answer that was too large to be kept or that rests on a deleted document, IDEMPOTENCY_IN_WORK.
   */
  begin(request: RepeatableRequest): Promise<Begun>
  close(): void
}

export interface RepeatableRequest {
  readonly tenant: string
  /** The id of the key that asks: idempotency keys of others are others. */
  readonly principal: string
  /** What the client sent to say who it is; answers are sealed with it. */
  readonly credential: string
  readonly key: string
  /** Tells requests apart. */
  readonly fingerprint: string
}

export type Begun =
  | { readonly type: 'work'; readonly work: Work }
  | { readonly type: 'answered'; readonly answer: KeptAnswer }

/** One of the two is called, once. Neither rejects: an answer that cannot be kept is still an answer. */
export interface Work {
  /** `undefined` for an answer that is too large. */
  finish(answer: KeptAnswer | undefined, callId: string | undefined): Promise<void>
  /** Nothing was answered that could be answered again: the next request with the key begins anew. */
  abandon(): Promise<void>
}

export interface IdempotencyConfig {
  readonly keepMs: number
  readonly leaseMs: number
  readonly answersMax: number
  readonly bytesMax: number
}

export interface IdempotencyDeps {
  /** Whether an answer rests on a document that has been deleted since: that is given to nobody again. */
  readonly isWithdrawn: (tenant: string, callId: string | undefined, answer: KeptAnswer) => Promise<boolean>
  readonly store: Pick<Store, 'sql'>
  readonly clock: Clock
  readonly random: Random
  readonly log: EventLog
  readonly config: IdempotencyConfig
}

const keyPattern = /^[\x21-\x7e]{1,255}$/
const retryAfterMs = 1_000
const sweepMs = 60_000
/** Bounds are passed by so many answers at most before they are looked at. */
const answersBetweenTrims = 1_000

export function createIdempotency(deps: IdempotencyDeps): Idempotency {
  return new StoredIdempotency(deps)
}

class StoredIdempotency implements Idempotency {
  readonly #deps: IdempotencyDeps
  readonly #store: IdempotencyStore
  /** Names this process among all that share the database. */
  readonly #owner: string
  /** Fingerprints of what is in work here. */
  readonly #inWork = new Map<string, string>()
  #heartbeat: NodeJS.Timeout | undefined
  readonly #sweep: NodeJS.Timeout
  #untrimmed = 0

  constructor(deps: IdempotencyDeps) {
    this.#deps = deps
    this.#store = createIdempotencyStore(deps.store)
    this.#owner = Buffer.from(deps.random.bytes(16)).toString('base64url')
    this.#sweep = setInterval(() => void this.#tidy(), sweepMs).unref()
  }

  async begin(request: RepeatableRequest): Promise<Begun> {
    const { tenant, principal, key, fingerprint, credential } = request
    if (!keyPattern.test(key)) {
      throw new PlatformError('INVALID_REQUEST', 'idempotency-key must be 1 to 255 visible ASCII characters', {
        param: 'idempotency-key',
      })
    }
    const nowMs = Math.trunc(this.#deps.clock.now())
    const place = { tenant, id: digest(principal, key), owner: this.#owner }
    const secret = `${credential}\n${key}`
    const under = this.#inWork.get(nameOf(place))
    if (under !== undefined) throw under === fingerprint ? inWork() : conflict('is in use for another request')
    this.#enter(place, fingerprint)
    try {
      const expiresAtMs = nowMs + this.#deps.config.leaseMs
      const found = await this.#store.begin({ ...place, fingerprint, expiresAtMs }, nowMs)
      if (found === undefined) return { type: 'work', work: this.#toWork(place, secret) }
      this.#leave(place)
      const answer = toAnswer(found, { fingerprint, secret })
      if (await this.#deps.isWithdrawn(tenant, found.callId, answer))
        throw conflict('was used before, and a document that its answer rests on has been deleted', found.callId)
      return { type: 'answered', answer }
    } catch (thrown) {
      this.#leave(place)
      throw thrown
    }
  }

  close(): void {
    clearInterval(this.#sweep)
    clearInterval(this.#heartbeat)
  }

  #toWork(place: OwnPlace, secret: string): Work {
    const { clock, random, config } = this.#deps
    return {
      finish: (answer, callId) =>
        this.#end(place, async () => {
          const expiresAtMs = Math.trunc(clock.now()) + config.keepMs
          const sealed = answer === undefined ? undefined : sealAnswer(answer, secret, random)
          await this.#store.finish(place, { callId, answer: sealed, expiresAtMs })
          if (++this.#untrimmed >= Math.min(answersBetweenTrims, config.answersMax)) await this.#trim()
        }),
      abandon: () => this.#end(place, () => this.#store.abandon(place)),
    }
  }

  async #end(place: OwnPlace, act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (thrown) {
      // The entry lapses: the same request is done again then, as one whose process has died.
      this.#warn(thrown, 'the answer to a request with an idempotency key could not be kept')
    } finally {
      this.#leave(place)
    }
  }

  #enter(place: OwnPlace, fingerprint: string): void {
    this.#inWork.set(nameOf(place), fingerprint)
    this.#heartbeat ??= setInterval(() => void this.#prolong(), this.#deps.config.leaseMs / 3).unref()
  }

  #leave(place: OwnPlace): void {
    this.#inWork.delete(nameOf(place))
    if (this.#inWork.size > 0) return
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }

  async #prolong(): Promise<void> {
    try {
      await this.#store.prolong(this.#owner, Math.trunc(this.#deps.clock.now()) + this.#deps.config.leaseMs)
    } catch (thrown) {
      this.#warn(thrown, 'requests with an idempotency key could not be kept in work')
    }
  }

  async #tidy(): Promise<void> {
    try {
      await this.#store.expire(Math.trunc(this.#deps.clock.now()))
      if (this.#untrimmed > 0) await this.#trim()
    } catch (thrown) {
      this.#warn(thrown, 'answers kept for idempotency keys could not be tidied')
    }
  }

  async #trim(): Promise<void> {
    this.#untrimmed = 0
    const dropped = await this.#store.trim(this.#deps.config)
    if (dropped > 0)
      this.#deps.log.warn({ dropped }, 'answers kept for idempotency keys were dropped before their time')
  }

  #warn(thrown: unknown, message: string): void {
    this.#deps.log.warn({ reason: toPlatformError(thrown).message }, message)
  }
}

function toAnswer(entry: Entry, asked: { readonly fingerprint: string; readonly secret: string }): KeptAnswer {
  if (entry.fingerprint !== asked.fingerprint) throw conflict('was used for another request', entry.callId)
  if (entry.state === 'begun') throw inWork()
  if (entry.answer === undefined)
    throw conflict('was used before, and its answer was too large to be kept', entry.callId)
  return openAnswer(entry.answer, asked.secret)
}

function conflict(what: string, callId?: string): PlatformError {
  return new PlatformError('IDEMPOTENCY_CONFLICT', `the idempotency key ${what}`, {
    param: 'idempotency-key',
    details: { call: callId ?? null },
  })
}

function inWork(): PlatformError {
  return new PlatformError('IDEMPOTENCY_IN_WORK', 'the first request with this idempotency key is still in work', {
    param: 'idempotency-key',
    retryAfterMs,
  })
}

function nameOf({ tenant, id }: OwnPlace): string {
  return `${tenant} ${id}`
}
