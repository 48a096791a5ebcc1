import { z } from 'zod'
import { address } from './addresses.ts'
import { placeSovereigntySchema } from './sovereignty.ts'

export const telemetrySchema = z
  .strictObject({
    logLevel: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Least level that is logged. Content and keys are never logged at any level.'),
    traces: z
      .strictObject({
        url: address().describe('OTLP/HTTP endpoint that takes JSON, for example http://127.0.0.1:4318/v1/traces.'),
        headers: z
          .record(z.string(), z.string())
          .default({})
          .describe('Headers to send, for example a token as ${OTLP_TOKEN}.'),
        processing: z.array(z.string()).min(1).describe('Regions in which the collector processes.'),
        storage: z.array(z.string()).min(1).describe('Regions in which the collector stores.'),
        sovereignty: placeSovereigntySchema.optional(),
        sample: z.number().min(0).max(1).default(1).describe('Share of call trees exported.'),
        queueLengthMax: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(10_000)
          .describe('Call trees waiting for export; more are dropped and counted.'),
      })
      .optional()
      .describe('Export of call trees as OpenTelemetry spans, through the one door out. Off when absent.'),
  })
  .describe('Logs, metrics, traces.')
