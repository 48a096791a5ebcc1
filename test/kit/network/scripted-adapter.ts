import type { AnswerEvent, ChatRequest } from '../../../src/core/chat.ts'
import type { Call } from '../../../src/core/call.ts'
import { PlatformError, type ErrorCode } from '../../../src/core/errors.ts'
import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import type { FakeClock } from '../../../src/core/time.ts'
import { estimateInputTokens } from '../../../src/core/token-estimate.ts'
import { createUsage, type Usage } from '../../../src/core/usage.ts'
import type { createEndpoints } from '../../../src/infrastructure/index.ts'

type Adapter = NonNullable<Parameters<typeof createEndpoints>[0]['adapters']['openai']>

/** One send, as the upstream sees it. */
export interface Send {
  readonly endpoint: string
  readonly call: Call
  /** It was after its call's deadline. */
  readonly isLate: boolean
}

/** Upstreams that do as chance will have it, on a clock that is moved by hand. */
export interface ScriptedUpstreams {
  readonly adapter: Adapter
  readonly sends: readonly Send[]
  /** Answers begun that were neither read to an end nor cancelled. */
  readonly open: number
  /** Moves time to where the first of those that hang gives up; false when none hangs. */
  passTime(): boolean
  /** Forgets what was sent. */
  reset(): void
}

const texts = [
  'The answer is 42.',
  'It is 42',
  'It is 7, since 3 + 4 = 7',
  '3 + 4 = 8',
  '{"n": 1}',
  '{"score": 8}',
  '7 kg',
  '答案是 42。',
  '',
]
const refusals: readonly ErrorCode[] = [
  'UPSTREAM_FAILED',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_OVERLOADED',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_UNAUTHENTICATED',
  'UPSTREAM_REJECTED',
  'UPSTREAM_INVALID',
  'CONTEXT_TOO_LONG',
]

interface Hanging {
  readonly call: Call
  readonly giveUp: (error: PlatformError) => void
}

export function createScriptedUpstreams(random: Random, clock: FakeClock): ScriptedUpstreams {
  let sends: Send[] = []
  let open = 0
  const waiting = createWaiting(clock)

  async function begin(endpoint: string, call: Call): Promise<void> {
    // As the door does: who was cancelled between the permit and the sending sends nothing.
    if (call.cancellation.isCancelled) throw new PlatformError('CANCELLED', 'left', { details: { sent: false } })
    const isLate = clock.monotonicMs() >= call.deadlineMs
    sends.push({ endpoint, call, isLate })
    const chance = random.next()
    if (chance < 0.25) await Promise.resolve()
    if (chance < 0.1) await waiting.hang(call)
    if (chance < 0.28)
      throw new PlatformError(pick(random, refusals), `${endpoint} refuses`, { details: { sent: true } })
  }

  const adapter: Adapter = {
    async answer(request, { endpoint, permit }) {
      await begin(endpoint.id, permit.call)
      const usage = drawUsage(random, request, endpoint.config.outputTokensMax)
      const text = pick(random, texts)
      let isOver = false
      open++
      const close = (): void => {
        if (!isOver) open--
        isOver = true
      }
      const hangs = random.next() < 0.05 ? (): Promise<never> => waiting.hang(permit.call) : undefined
      const breaks = random.next() < 0.06
      return {
        events: play({ text, usage, waiting: hangs, breaks, calls: random.next() < 0.03, close }),
        wire: undefined,
        firstByteMs: 1,
        usage: () => usage,
        generated: () => ({ units: text.length, wide: 0, pieces: 1 }),
        cancel: close,
      }
    },
    async embed(request, { endpoint, permit }) {
      await begin(endpoint.id, permit.call)
      const vectors = request.inputs.map((text) => [text.length % 3, 1])
      return { vectors, usage: createUsage({ inputTotal: request.inputs.length, outputTotal: 0 }) }
    },
  }

  return {
    adapter,
    get sends() {
      return sends
    },
    get open() {
      return open
    },
    passTime: waiting.passTime,
    reset() {
      sends = []
    },
  }
}

/** Calls that hang, until they are cancelled or time has passed. */
function createWaiting(clock: FakeClock): {
  readonly hang: (call: Call) => Promise<never>
  readonly passTime: () => boolean
} {
  const hanging = new Set<Hanging>()
  return {
    hang: (call) =>
      new Promise((_, reject) => {
        const one: Hanging = { call, giveUp: (error) => end(error) }
        const end = (error: unknown): void => {
          hanging.delete(one)
          reject(error)
        }
        hanging.add(one)
        call.cancellation.onCancel((reason) => end(new PlatformError('CANCELLED', 'left', { cause: reason })))
      }),
    passTime() {
      const first = [...hanging].toSorted((left, right) => left.call.deadlineMs - right.call.deadlineMs)[0]
      if (first === undefined) return false
      const untilMs = Math.min(first.call.deadlineMs, clock.monotonicMs() + 300)
      clock.advance(Math.max(0, untilMs - clock.monotonicMs()))
      for (const { call, giveUp } of hanging) {
        const isDeadline = clock.monotonicMs() >= call.deadlineMs
        const code = isDeadline ? 'DEADLINE_EXCEEDED' : 'UPSTREAM_TIMEOUT'
        giveUp(new PlatformError(code, 'no answer', { details: { sent: true } }))
      }
      return true
    },
  }
}

/** Within the bounds that the request and the endpoint set; input within what was put aside for it. */
function drawUsage(random: Random, request: ChatRequest, configured: number | undefined): Usage {
  const bound = Math.min(request.outputTokensMax ?? Infinity, configured ?? Infinity)
  const output = Number.isFinite(bound) ? bound : 64
  const input = Math.ceil(estimateInputTokens(request.chat) * (0.6 + 0.6 * random.next()))
  return createUsage({ inputTotal: input, outputTotal: Math.floor(output * (random.next() < 0.3 ? 1 : random.next())) })
}

interface Play {
  readonly text: string
  readonly usage: Usage
  readonly waiting: (() => Promise<never>) | undefined
  readonly breaks: boolean
  readonly calls: boolean
  readonly close: () => void
}

async function* play({ text, usage, waiting, breaks, calls, close }: Play): AsyncGenerator<AnswerEvent> {
  try {
    if (calls) {
      yield { type: 'tool-call-start', index: 0, id: 'call_1', name: 'search' }
      yield { type: 'tool-call-delta', index: 0, arguments: '{"q":1}' }
      yield { type: 'tool-call-end', index: 0 }
    } else yield { type: 'text-delta', text: text.slice(0, 5) }
    if (waiting !== undefined) await waiting()
    if (breaks) throw new PlatformError('UPSTREAM_CUT', 'cut', { details: { sent: true } })
    if (!calls) yield { type: 'text-delta', text: text.slice(5) }
    yield { type: 'usage', usage }
    yield { type: 'finish', reason: calls ? 'tool-calls' : 'stop' }
  } finally {
    close()
  }
}
