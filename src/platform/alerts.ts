import type { LoadedConfig } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import { splitUrl } from '../core/urls.ts'
import { createErrands, type Egress } from '../infrastructure/index.ts'
import type { SendAlert } from '../investment/index.ts'
import type { Standing } from './standing.ts'

/** Sends alerts of budgets through the same door as everything else; `undefined` where no webhook is configured. */
export function createAlertSender(
  { clock, ids, store }: Standing,
  { config }: LoadedConfig,
  egress: Egress,
): SendAlert | undefined {
  const { webhook } = config.investment
  if (webhook === undefined) return undefined
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { url, headers: credentials, processing, storage, sovereignty } = webhook
  const { timeouts } = config.egress
  const { origin, path } = splitUrl(url)
  const target = { id: 'investment.webhook', url: origin, credentials, processing, storage, sovereignty, timeouts }
  const { allowedRegions } = config.governance
  return async (alert) => {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', path, headers, body: JSON.stringify(alert) } as const
    const { status } = await run({ target, allowedRegions, request, answerBytesMax: 65_536 })
    if (status > 299) throw new PlatformError('UPSTREAM_REJECTED', `the webhook answered ${status}`)
  }
}
