import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/index.ts'
import { collectAnswer, replayAnswer, type CompleteAnswer } from '../../core/answer.ts'
import type { Call, PolicyLabel } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Answer } from '../../core/model.ts'
import { toIso, type Clock } from '../../core/time.ts'
import type { Review } from './review.ts'
import type { ReviewFile, Reviews } from './reviews.ts'

/** Holds requests and answers where a policy says that a person decides, and lets through what was accepted. */
export interface Oversight {
  /**
   * Before a request is answered. `undefined`: nothing holds it. Rejects with REVIEW_PENDING while nobody has decided,
   * REVIEW_REFUSED when a person stopped it or nobody decided in time, CONFLICT when the review is of another body or
   * was let through already, NOT_FOUND when the key has no such review.
   */
  admit(call: Call, held: HeldRequest): Promise<Passage> | undefined
  /** Before an answer leaves: the answer itself where nothing holds it. Rejects as `admit`. */
  release(answer: Answer, call: Call, held: HeldRequest): Answer | Promise<Answer>
}

/** A request as it can be held. */
export interface HeldRequest {
  readonly dialect: string
  /** The review that the request says has let it through. */
  readonly review: string | undefined
  /** How long it wants to wait in place, milliseconds. */
  readonly waitMs: number
  /** The body as canonical JSON, without what it says of reviews. */
  text(): string
}

export interface Passage {
  /** What is answered instead of asking a model; `undefined` where the request goes on. */
  readonly answer: Answer | undefined
}

export interface OversightDeps {
  readonly reviews: Pick<Reviews, 'open' | 'get' | 'claim'>
  readonly clock: Clock
  readonly config: Config['governance']['reviews']
}

const pollMs = 250
const retryAfterMsMax = 30_000

export function createOversight(deps: OversightDeps): Oversight {
  return new HoldingOversight(deps)
}

type Opened = Parameters<Reviews['open']>[0]
type HeldPart = Pick<Opened, 'stage' | 'persons' | 'answer'>

class HoldingOversight implements Oversight {
  readonly #deps: OversightDeps
  /** Requests that wait in place now. */
  #waiting = 0

  constructor(deps: OversightDeps) {
    this.#deps = deps
  }

  admit(call: Call, held: HeldRequest): Promise<Passage> | undefined {
    if (held.review !== undefined) return this.#redeem(call, held, held.review)
    const persons = personsBefore(call.labels.policy, this.#deps.config)
    return persons === 0 ? undefined : this.#open(call, held, { stage: 'request', persons, answer: undefined })
  }

  release(answer: Answer, call: Call, held: HeldRequest): Answer | Promise<Answer> {
    const persons = this.#deps.config.oversight === 'hold' ? (call.labels.policy?.oversight.answer ?? 0) : 0
    return persons === 0 ? answer : this.#hold(answer, call, { held, persons })
  }

  async #hold(
    answer: Answer,
    call: Call,
    { held, persons }: { readonly held: HeldRequest; readonly persons: number },
  ): Promise<Answer> {
    const complete = await collectAnswer(answer)
    const passage = await this.#open(call, held, { stage: 'answer', persons, answer: JSON.stringify(complete) })
    return passage.answer ?? replayAnswer(complete)
  }

  async #open(call: Call, held: HeldRequest, part: HeldPart): Promise<Passage> {
    const { principal, origin, labels } = call
    const request = held.text()
    const review = await this.#deps.reviews.open({
      ...part,
      principal,
      askers: [...new Set([principal.user, origin.user].filter((name) => name !== undefined))],
      useCase: labels.policy?.useCase,
      call: call.rootId,
      model: origin.model,
      dialect: held.dialect,
      reason: toReason(labels.policy, part.stage),
      requestHash: toHash(held.dialect, request),
      request,
    })
    return this.#pass(review, call, held.waitMs)
  }

  async #redeem(call: Call, held: HeldRequest, id: string): Promise<Passage> {
    const review = await this.#deps.reviews.get(call.principal.tenant, id)
    if (review.keyId !== call.principal.keyId) throw new PlatformError('NOT_FOUND', 'there is no such review')
    if (review.requestHash !== toHash(held.dialect, held.text())) {
      throw new PlatformError('CONFLICT', 'the body is not the one that was held: send it again as it was', {
        param: 'strata.review',
      })
    }
    return this.#pass(review, call, held.waitMs)
  }

  /** What follows from a review: lets through once, or rejects. */
  async #pass(review: Review, call: Call, waitMs: number): Promise<Passage> {
    note(call, review)
    const seen = review.state === 'pending' ? await this.#wait(review, call, waitMs) : review
    note(call, seen)
    if (seen.state === 'pending') throw toPending(seen, this.#deps.clock.now())
    if (seen.state === 'expired') {
      throw new PlatformError('REVIEW_REFUSED', 'nobody decided on it in time', toDetails(seen))
    }
    if (seen.state === 'stopped') throw new PlatformError('REVIEW_REFUSED', 'a person stopped it', toDetails(seen))
    const file = await this.#deps.reviews.claim(seen.tenant, seen.id, call.id)
    note(call, file.review, file)
    return { answer: toAnswer(file) }
  }

  /** Waits in place as long as the request wants to and may; what stands then. */
  async #wait(review: Review, call: Call, waitMs: number): Promise<Review> {
    const { clock, reviews, config } = this.#deps
    const untilMs = Math.min(clock.monotonicMs() + Math.min(waitMs, config.waitMsMax), call.deadlineMs)
    if (waitMs === 0 || this.#waiting >= config.waitingMax) return review
    let seen = review
    this.#waiting += 1
    try {
      while (seen.state === 'pending' && clock.monotonicMs() < untilMs) {
        const restMs = Math.max(1, untilMs - clock.monotonicMs())
        const { signal } = call.cancellation
        await sleep(Math.min(pollMs, restMs), undefined, { signal }).catch(() => call.cancellation.throwIfCancelled())
        seen = await reviews.get(review.tenant, review.id)
      }
    } finally {
      this.#waiting -= 1
    }
    return seen
  }
}

/** How many people have to agree before a request is sent on. */
function personsBefore(policy: PolicyLabel | undefined, config: OversightDeps['config']): number {
  if (policy === undefined) return 0
  const owed = config.oversight === 'hold' ? policy.oversight.request : 0
  if (policy.decision !== 'review') return owed
  // Two where the answer needs two: who may pass the one alone could pass the other.
  return Math.max(1, policy.oversight.request, policy.oversight.answer)
}

function toReason(policy: PolicyLabel | undefined, stage: Review['stage']): string {
  if (policy?.decision === 'review' && stage === 'request') return policy.refusal
  return `a person has to oversee the ${stage} under the policies in force`
}

/** What was accepted, or what the person said instead; `undefined` where a request goes on to its model. */
function toAnswer({ review, answer, override }: ReviewFile): Answer | undefined {
  if (review.state === 'overridden') {
    if (override === undefined) throw gone()
    return replayAnswer({
      text: override,
      reasoning: [],
      refusal: undefined,
      toolCalls: [],
      citations: [],
      usage: undefined,
      reason: 'stop',
      stopSequence: undefined,
    })
  }
  if (review.stage === 'request') return undefined
  if (answer === undefined) throw gone()
  return replayAnswer(JSON.parse(answer) as CompleteAnswer) // written by `release`
}

function gone(): PlatformError {
  return new PlatformError('CONFLICT', 'the words that were held have been erased; ask again')
}

/** The same for the same body, whoever writes it in whatever order of members. */
function toHash(dialect: string, text: string): string {
  return createHash('sha256').update(`${dialect}\n${text}`).digest('hex')
}

function toPending(review: Review, nowMs: number): PlatformError {
  const who = review.persons === 1 ? 'a person' : `${review.persons} people`
  return new PlatformError('REVIEW_PENDING', `${who} must decide on the ${review.stage} before it goes on`, {
    ...toDetails(review),
    retryAfterMs: Math.min(retryAfterMsMax, Math.max(1_000, review.deadlineMs - nowMs)),
  })
}

function toDetails(review: Review): { readonly details: Readonly<Record<string, string | number>> } {
  const { id, stage, state, persons, deadlineMs } = review
  return { details: { review: id, stage, state, persons, deadline: toIso(deadlineMs) } }
}

/** For the record of the call: which review, and how it stood. */
function note(call: Call, review: Review, file?: ReviewFile): void {
  const by = file?.decisions.filter(({ version }) => version === review.version).map(({ person }) => person)
  call.note({
    review: {
      id: review.id,
      stage: review.stage,
      state: review.state,
      ...(by === undefined ? {} : { by }),
      ...(review.call === call.rootId ? {} : { held_call: review.call }),
    },
  })
}
