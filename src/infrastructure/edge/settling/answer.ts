import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import type { Picodollars } from '../../../core/money.ts'
import { toIso } from '../../../core/time.ts'
import type { Settlement } from './centre.ts'

const settlementSchema = z.looseObject({
  acknowledged: z.int().min(0),
  head: z.string().max(64),
  lease: z.looseObject({
    granted: z.string().regex(/^\d{1,30}$/),
    regions: z.array(z.string().max(64)).max(64),
    expires_at: z.iso.datetime(),
  }),
})

/** What a centre says to a delivery. `granted` is in picodollars. */
export function toSettlementJson({ acknowledged, head, lease }: Settlement): object {
  const { granted, regions, expiresAtMs } = lease
  return {
    object: 'edge.settlement',
    acknowledged,
    head,
    lease: { granted: String(granted), regions, expires_at: toIso(expiresAtMs) },
  }
}

/** Throws UPSTREAM_INVALID for what no centre says. */
export function readSettlement(body: Buffer): Settlement {
  const parsed = settlementSchema.safeParse(parse(body))
  if (!parsed.success)
    throw new PlatformError('UPSTREAM_INVALID', 'the centre answered something else than a settlement')
  const { acknowledged, head, lease } = parsed.data
  return {
    acknowledged,
    head,
    lease: {
      granted: BigInt(lease.granted) as Picodollars, // an integer, by its schema
      regions: lease.regions,
      expiresAtMs: Date.parse(lease.expires_at),
    },
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
