import type { LoadedConfig } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import type { Egress } from '../infrastructure/index.ts'
import type { SendAlert } from '../investment/index.ts'
import { createPost } from './posting.ts'
import type { Standing } from './standing.ts'

/** Sends alerts of budgets; `undefined` where no webhook is configured. */
export function createAlertSender(standing: Standing, { config }: LoadedConfig, egress: Egress): SendAlert | undefined {
  const { webhook } = config.investment
  if (webhook === undefined) return undefined
  const post = createPost(standing, config, egress)
  return async (alert) => {
    const headers = { 'content-type': 'application/json' }
    const status = await post(webhook, { id: 'investment.webhook', headers, body: JSON.stringify(alert) })
    if (status > 299) throw new PlatformError('UPSTREAM_REJECTED', `the webhook answered ${status}`)
  }
}
