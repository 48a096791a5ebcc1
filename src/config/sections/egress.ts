import { z } from 'zod'

const timeouts = {
  connectMs: z.int().min(1).max(600_000).describe('To open a connection, milliseconds.'),
  firstByteMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .describe('From sending the request to the first byte of the answer, milliseconds.'),
  idleMs: z.int().min(1).max(3_600_000).describe('Between two chunks of a stream, milliseconds.'),
  totalMs: z.int().min(1).max(86_400_000).describe('For the whole answer, milliseconds.'),
}

const timeoutsSchema = z
  .strictObject({
    connectMs: timeouts.connectMs.default(5_000),
    firstByteMs: timeouts.firstByteMs.default(120_000),
    idleMs: timeouts.idleMs.default(60_000),
    totalMs: timeouts.totalMs.default(600_000),
  })
  .describe('How long an endpoint may take.')

/** Of one endpoint: only what is written; a default here would hide what egress says. */
export const endpointTimeoutsSchema = z.strictObject(timeouts).partial()

export const egressSchema = z
  .strictObject({
    timeouts: timeoutsSchema.prefault({}),
    connectionsPerOriginMax: z
      .int()
      .min(1)
      .max(65_535)
      .default(512)
      .describe('Connections open to one origin at once.'),
    answerBytesMax: z
      .int()
      .min(1_024)
      .max(1_073_741_824)
      .default(67_108_864)
      .describe('Largest answer that is not streamed, bytes.'),
    eventBytesMax: z
      .int()
      .min(1_024)
      .max(1_073_741_824)
      .default(8_388_608)
      .describe('Largest single event of a stream, bytes.'),
    attemptsMax: z.int().min(1).max(20).default(3).describe('Tries per leaf and request, the first one included.'),
    outputTokensAssumed: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(4_096)
      .describe(
        'Output tokens put aside, and set as the bound, for a request under a budget that neither the client nor the endpoint bounds.',
      ),
    retryBackoffMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(200)
      .describe('Base of the exponential back-off with full jitter, milliseconds.'),
    retryWaitMsMax: z
      .int()
      .min(0)
      .max(600_000)
      .default(10_000)
      .describe('Longest wait before a retry; a longer retry-after is passed to the client instead, milliseconds.'),
    hedgesSampleMin: z
      .int()
      .min(1)
      .max(100_000)
      .default(50)
      .describe('First-byte times an endpoint must have shown before its quantiles start hedges.'),
    breaker: z
      .strictObject({
        failuresMax: z.int().min(1).max(10_000).default(5).describe('Failures in a row that open the breaker.'),
        openMs: z
          .int()
          .min(1)
          .max(3_600_000)
          .default(15_000)
          .describe('How long an open breaker refuses before it lets one try through, milliseconds.'),
      })
      .prefault({})
      .describe('Circuit breaker, one per endpoint.'),
    probeMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(0)
      .describe('How often an endpoint that had no traffic is probed, milliseconds; 0 probes only open breakers.'),
  })
  .describe('The one door out.')
