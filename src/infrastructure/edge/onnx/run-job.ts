import { PlatformError } from '../../../core/errors.ts'
import type { Clock } from '../../../core/time.ts'
import type { Permit } from '../../egress/index.ts'
import type { OnnxJob, OnnxProcess, OnnxReport } from './protocol.ts'

export interface RunOptions {
  readonly permit: Permit
  readonly clock: Clock
  readonly process: OnnxProcess
}

/**
 * Does a job to its end. Rejects with what the process says, UPSTREAM_TIMEOUT, DEADLINE_EXCEEDED or CANCELLED; the job is
 * stopped then, before its next batch.
 */
export async function runJob(job: OnnxJob, { permit, clock, process }: RunOptions): Promise<OnnxReport> {
  const { call, target } = permit
  const left = (cause: unknown): PlatformError =>
    new PlatformError('CANCELLED', `${target.id} was left before its answer ended`, { cause })
  if (call.cancellation.isCancelled) throw left(call.cancellation.reason)
  const { promise, resolve, reject } = Promise.withResolvers<OnnxReport>()
  let last: OnnxReport | undefined
  const ticket = process.submit(job, {
    onReport: (report) => (last = report),
    onEnd(error) {
      if (error !== undefined) reject(error)
      else if (last === undefined) reject(left(undefined))
      else resolve(last)
    },
  })
  const leave = (error: PlatformError): void => {
    reject(error)
    ticket.cancel()
  }
  const leftMs = call.deadlineMs - clock.monotonicMs()
  // Nothing comes before everything has: the bound on the first byte is one on the whole.
  const patienceMs = Math.min(target.timeouts.firstByteMs, target.timeouts.totalMs)
  const late =
    leftMs <= patienceMs
      ? new PlatformError('DEADLINE_EXCEEDED', `the request ran out of time at ${target.id}`)
      : new PlatformError('UPSTREAM_TIMEOUT', `${target.id} took over ${patienceMs} ms`)
  const timer = setTimeout(() => leave(late), Math.max(0, Math.min(leftMs, patienceMs)))
  const forget = call.cancellation.onCancel((reason) => leave(left(reason)))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    forget()
  }
}
