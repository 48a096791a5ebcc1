import type { AnswerEvent } from '../../../core/chat.ts'
import { GeneratedMeter, type Generated } from '../../../core/generated.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { Clock } from '../../../core/time.ts'
import { createUsage, type Usage } from '../../../core/usage.ts'
import type { Upstream } from '../../endpoints/index.ts'
import type { Permit } from '../../egress/index.ts'
import type { Ticket } from '../child/index.ts'
import type { Job, LlamaProcess, Report } from './protocol.ts'

export interface StartOptions {
  readonly permit: Permit
  readonly clock: Clock
  readonly process: LlamaProcess
}

export interface LocalUpstream extends Upstream {
  /** The vectors of an embedding job. */
  vectors(): Promise<readonly (readonly number[])[]>
}

/**
 * Starts a job and resolves with its first report. Rejects with what the process says, UPSTREAM_TIMEOUT (first token,
 * silence, total), DEADLINE_EXCEEDED or CANCELLED; the job is stopped then.
 */
export async function startUpstream(job: Job, options: StartOptions): Promise<LocalUpstream> {
  const { clock, permit } = options
  const { cancellation } = permit.call
  if (cancellation.isCancelled) throw left(permit, cancellation.reason)
  const startedMs = clock.monotonicMs()
  const run = createRun(job, options)
  await run.first
  const firstByteMs = clock.monotonicMs() - startedMs
  return {
    events: toEvents(run),
    wire: undefined,
    firstByteMs,
    usage: () => run.usage(),
    generated: () => run.generated(),
    cancel: (reason) => run.fail(left(permit, reason)),
    async vectors() {
      for await (const report of run.reports()) if (report.type === 'embedded') return report.vectors
      throw new PlatformError('RUNTIME_FAILED', `${permit.target.id} gave no vectors`)
    },
  }
}

/** A job under way, as the process reports of it. */
interface Run {
  /** Settles with the first report, or the failure before it. */
  readonly first: Promise<void>
  /** Ends when the job is done; throws when it fails. Leaving it early stops the job. */
  reports(): AsyncGenerator<Report>
  /** Ends the run with an error and stops the job. */
  fail(error: PlatformError): void
  usage(): Usage | undefined
  generated(): Generated
}

function createRun(job: Job, options: StartOptions): Run {
  const { permit, process } = options
  const waiting: Report[] = []
  let end: { readonly error: PlatformError | undefined } | undefined
  let last: Report | undefined
  const generated = new GeneratedMeter()
  let wake = (): void => undefined
  const { promise: first, resolve, reject } = Promise.withResolvers<void>()

  const settle = (error: PlatformError | undefined): void => {
    if (end !== undefined) return
    end = { error }
    stopWatching()
    if (error === undefined) resolve()
    else reject(error)
    wake()
  }
  const fail = (error: PlatformError): void => {
    if (end !== undefined) return
    settle(error)
    ticket?.cancel()
  }
  let ticket: Ticket | undefined
  const watch = createWatch(options, fail)
  const forget = permit.call.cancellation.onCancel((reason) => {
    fail(left(permit, reason))
  })
  const stopWatching = (): void => {
    watch.stop()
    forget()
  }
  try {
    ticket = process.submit(job, {
      onReport(report) {
        // Counts matter also after a cancel: what was generated is charged.
        last = report
        if (end !== undefined) return
        if (report.type === 'text' || report.type === 'reasoning') generated.add(report.text)
        waiting.push(report)
        watch.touch()
        resolve()
        wake()
      },
      onEnd: settle,
    })
  } catch (thrown) {
    stopWatching()
    throw thrown
  }
  async function* reports(): AsyncGenerator<Report> {
    try {
      for (;;) {
        // Nobody wants what had arrived; after any other end somebody does.
        if (end?.error?.code === 'CANCELLED') throw end.error
        const report = waiting.shift()
        if (report !== undefined) yield report
        else if (end === undefined) await new Promise<void>((next) => (wake = next))
        else if (end.error !== undefined) throw end.error
        else return
      }
    } finally {
      fail(left(permit, undefined))
    }
  }
  return { first, reports, fail, usage: () => toUsage(last), generated: () => generated }
}

function left(permit: Permit, cause: unknown): PlatformError {
  return new PlatformError('CANCELLED', `${permit.target.id} was left before its answer ended`, { cause })
}

interface Watch {
  /** Something has come: the wait for the next begins. */
  touch(): void
  stop(): void
}

/** Bounds the wait for the first token, for the next ones and for the whole; one timer, since the nearest bound counts. */
function createWatch({ permit, clock }: StartOptions, onLate: (error: PlatformError) => void): Watch {
  const { timeouts, id } = permit.target
  const { deadlineMs } = permit.call
  const totalAtMs = clock.monotonicMs() + timeouts.totalMs
  const arm = (waitMs: number, what: string): NodeJS.Timeout => {
    const nowMs = clock.monotonicMs()
    const lateAtMs = Math.min(nowMs + waitMs, totalAtMs, deadlineMs)
    const report = (): void => {
      if (lateAtMs === deadlineMs)
        onLate(new PlatformError('DEADLINE_EXCEEDED', `the request ran out of time at ${id}`))
      else if (lateAtMs === totalAtMs)
        onLate(new PlatformError('UPSTREAM_TIMEOUT', `${id} took over ${timeouts.totalMs} ms`))
      else onLate(new PlatformError('UPSTREAM_TIMEOUT', `${id} sent ${what} for ${waitMs} ms`))
    }
    return setTimeout(report, Math.max(0, lateAtMs - nowMs))
  }
  let timer = arm(timeouts.firstByteMs, 'no first token')
  return {
    touch() {
      clearTimeout(timer)
      timer = arm(timeouts.idleMs, 'nothing')
    },
    stop: () => clearTimeout(timer),
  }
}

async function* toEvents(run: Run): AsyncGenerator<AnswerEvent> {
  let isReasoning = false
  for await (const report of run.reports()) {
    if (isReasoning && report.type !== 'reasoning') {
      isReasoning = false
      yield { type: 'reasoning-end', signature: undefined, redacted: undefined }
    }
    if (report.type === 'reasoning') {
      isReasoning = true
      yield { type: 'reasoning-delta', text: report.text }
    } else if (report.type === 'text') {
      yield { type: 'text-delta', text: report.text }
    } else if (report.type === 'answered') {
      const usage = toUsage(report)
      if (usage !== undefined) yield { type: 'usage', usage }
      const reason = report.reason === 'length' ? 'length' : 'stop'
      yield { type: 'finish', reason, stopSequence: report.stopSequence }
    }
  }
}

/** The process counts its own tokens; of a job that was left, as far as it had come. */
function toUsage(report: Report | undefined): Usage | undefined {
  switch (report?.type) {
    case undefined:
      return undefined
    case 'embedded':
      return createUsage({ inputTotal: report.inputTokens })
    case 'text':
    case 'reasoning':
    case 'answered':
      return createUsage({ inputTotal: report.inputTokens, outputTotal: report.outputTokens })
  }
}
