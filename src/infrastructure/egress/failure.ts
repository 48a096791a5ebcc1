import { PlatformError, type ErrorCode } from '../../core/errors.ts'
import type { Call } from '../../core/call.ts'
import type { EgressTarget } from './egress.ts'

/** How far a request had come: nothing was sent yet, it was sent, or the head of the response had arrived. */
export type Progress = 'unsent' | 'sent' | 'answered'

/** What an error of the connection means. The cause is kept; the message names the endpoint, never its URL. */
export function toUpstreamError(thrown: unknown, target: EgressTarget, progress: Progress): PlatformError {
  if (thrown instanceof PlatformError) return thrown
  const reason = readCode(thrown)
  const { code, message } = explain(reason, target.id, progress)
  const limit = reason === 'ETIMEDOUT' && progress === 'unsent' ? { limit: 'connectMs' } : {}
  return new PlatformError(code, message, {
    details: { sent: progress !== 'unsent', reason, ...limit },
    cause: thrown,
  })
}

function explain(reason: string, id: string, progress: Progress): { code: ErrorCode; message: string } {
  switch (reason) {
    case 'ETIMEDOUT':
      return { code: 'UPSTREAM_TIMEOUT', message: `endpoint ${id} could not be connected to in time` }
    case 'unsendable':
      return {
        code: 'CONFIG_INVALID',
        message: `a header of endpoint ${id} cannot be sent; check endpoints.${id}.key and endpoints.${id}.headers for line breaks`,
      }
    case 'not-http':
      return progress === 'answered'
        ? { code: 'UPSTREAM_CUT', message: `endpoint ${id} broke the HTTP framing in the middle of its answer` }
        : { code: 'UPSTREAM_INVALID', message: `endpoint ${id} answered something that is not HTTP` }
    default:
  }
  switch (progress) {
    case 'unsent':
      return { code: 'UPSTREAM_UNREACHABLE', message: `endpoint ${id} could not be connected to (${reason})` }
    case 'sent':
      return { code: 'UPSTREAM_UNREACHABLE', message: `endpoint ${id} closed the connection without an answer` }
    case 'answered':
      return { code: 'UPSTREAM_CUT', message: `endpoint ${id} closed the connection in the middle of its answer` }
  }
}

function readCode(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return readCode(thrown.errors[0])
  return 'unknown'
}

/** The error of a call that was cancelled: the reason itself when it is one of ours. */
export function toCancelled(reason: unknown, sent: boolean): PlatformError {
  if (reason instanceof PlatformError) return reason
  return new PlatformError('CANCELLED', 'the client left before the answer was complete', {
    details: { sent },
    cause: reason,
  })
}

/** The error of a call whose time is over. */
export function toDeadlineExceeded(call: Call, sent: boolean): PlatformError {
  const durationMs = Math.round(call.deadlineMs - call.startedMonotonicMs)
  return new PlatformError('DEADLINE_EXCEEDED', `the request did not finish in the ${durationMs} ms it had`, {
    details: { sent },
  })
}
