import { z } from 'zod'

export const serverSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Anything but loopback needs keys, which Strata always demands.'),
    port: z.int().min(0).max(65_535).default(7077).describe('TCP port; 0 lets the system choose.'),
    bodyBytesMax: z.int().min(1_024).max(1_073_741_824).default(33_554_432).describe('Largest request body, bytes.'),
    requestMsMax: z
      .int()
      .min(1)
      .max(86_400_000)
      .default(600_000)
      .describe('Longest time one request may take, milliseconds.'),
    requestsOpenMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(4_096)
      .describe('Requests in work at once; one more is refused with OVERLOADED.'),
    drainMsMax: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(30_000)
      .describe('How long a stopping server waits for requests in work, milliseconds.'),
    headersMsMax: z
      .int()
      .min(100)
      .max(600_000)
      .default(15_000)
      .describe('How long a client may take to send its headers, milliseconds.'),
    keepAliveMsMax: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(65_000)
      .describe('How long an idle client connection is kept, milliseconds.'),
    idempotency: z
      .strictObject({
        keepMs: z
          .int()
          .min(1_000)
          .max(2_592_000_000)
          .default(86_400_000)
          .describe(
            'How long the answer to a request with an idempotency key is kept for its repetitions, milliseconds.',
          ),
        leaseMs: z
          .int()
          .min(1_000)
          .max(600_000)
          .default(15_000)
          .describe('How long such a request counts as in work after its process has died, milliseconds.'),
        answerBytesMax: z
          .int()
          .min(1_024)
          .max(16_777_216)
          .default(1_048_576)
          .describe('Largest answer that is kept, bytes; of a larger one only that it was given.'),
        answersMax: z
          .int()
          .min(1)
          .max(10_000_000)
          .default(100_000)
          .describe('Answers kept for each tenant; the oldest go first.'),
        bytesMax: z
          .int()
          .min(1_024)
          .max(1_099_511_627_776)
          .default(268_435_456)
          .describe('Bytes of answers kept for each tenant; the oldest go first.'),
      })
      .prefault({})
      .describe('Answers kept for requests that are repeated with the same idempotency-key header.'),
  })
  .describe('The HTTP server that clients talk to.')
