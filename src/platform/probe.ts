import { z } from 'zod'
import { configSchema, type ReadOptions } from '../config/index.ts'
import { createIds } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import { createRegionGate } from '../governance/sovereignty/index.ts'
import { createEgress, createErrands } from '../infrastructure/egress/index.ts'
import { createPricer } from '../investment/prices/index.ts'

export interface ProbeDeps {
  readonly clock: Clock
  readonly random: Random
}

/** Asks servers on this machine for the names of their models, before there is a configuration. */
export function createProbe(deps: ProbeDeps): ReadOptions['probe'] {
  const config = configSchema.parse({})
  const recorder = { intend: () => undefined, identify: () => undefined, settle: () => undefined }
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  const parts = { gate: createRegionGate(config.governance), pricer: createPricer({ config }), recorder, log }
  const timeouts = { connectMs: probeMsMax, firstByteMs: probeMsMax, idleMs: probeMsMax, totalMs: probeMsMax }
  const place = { id: 'discovery', processing: ['local'], storage: ['local'], credentials: {}, timeouts }
  return async (url) => {
    const egress = createEgress({ ...parts, config: config.egress, unknownPrice: 'flag', clock: deps.clock })
    const run = createErrands({ egress, recorder, clock: deps.clock, ids: createIds(deps) })
    try {
      const target = { ...place, url }
      const request = { method: 'GET', path: '', headers: {}, body: undefined } as const
      const answer = await run({ target, allowedRegions: ['local'], request, answerBytesMax: 1_048_576 })
      const list = listSchema.safeParse(JSON.parse(answer.body.toString('utf8')))
      return list.success ? list.data.data.map((model) => model.id) : undefined
    } catch {
      return undefined // Nobody is there, or it is something else: nothing was found.
    } finally {
      await egress.close()
    }
  }
}

const probeMsMax = 300
const listSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) })
