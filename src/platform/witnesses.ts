import type { Config } from '../config/index.ts'
import { createWitnessing, type AskPlace, type Witnessing } from '../governance/index.ts'
import { createErrands, type Egress } from '../infrastructure/index.ts'
import type { Standing } from './standing.ts'

const answerBytesMax = 131_072

/** Witnesses and time-stamps of the audit log, reached through the same door as everything else. */
export function createConfiguredWitnessing(standing: Standing, config: Config, egress: Egress): Witnessing {
  const { clock, random, ids, store, telemetry } = standing
  const { allowedRegions, audit } = config.governance
  const { timeouts } = config.egress
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const ask: AskPlace = ({ url, processing, storage, sovereignty }, { path, contentType, body }) => {
    const { origin, pathname, search } = new URL(url)
    const target = { id: 'audit-witness', url: origin, credentials: {}, processing, storage, sovereignty, timeouts }
    const place = path === '' ? `${pathname}${search}` : `${pathname.replace(/\/$/, '')}${path}`
    const request = { method: 'POST', path: place, headers: { 'content-type': contentType }, body } as const
    return run({ target, allowedRegions, request, answerBytesMax })
  }
  return createWitnessing({ store, clock, random, log: telemetry.log, config: audit, ask })
}
