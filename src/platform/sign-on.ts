import type { Config } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import { splitUrl } from '../core/urls.ts'
import { createSignOn, type AskProvider, type SignOn } from '../governance/index.ts'
import { createErrands, type Egress, type ErrandTarget } from '../infrastructure/index.ts'
import type { Standing } from './standing.ts'

const answerBytesMax = 1_048_576

/** Single sign-on whose provider is reached through the same door as everything else; `undefined` where none is configured. */
export function createConfiguredSignOn(standing: Standing, config: Config, egress: Egress): SignOn | undefined {
  const { signOn, allowedRegions } = config.governance
  if (signOn === undefined) return undefined
  const { clock, random, ids, store, identity } = standing
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { processing, storage, sovereignty } = signOn
  const { timeouts } = config.egress
  const targets = new Map(
    [signOn.issuer, ...signOn.origins].map((address): readonly [string, ErrandTarget] => {
      const { origin } = new URL(address)
      return [origin, { id: 'sign-on', url: origin, credentials: {}, processing, storage, sovereignty, timeouts }]
    }),
  )
  const ask: AskProvider = ({ url, method, headers, body }) => {
    const { origin, path } = splitUrl(url)
    const target = targets.get(origin)
    if (target === undefined) {
      const message = `the provider names ${origin}; add it to governance.signOn.origins if it is the provider's`
      throw new PlatformError('ADDRESS_REFUSED', message)
    }
    return run({
      target,
      allowedRegions,
      request: { method, path, headers, body },
      answerBytesMax,
    })
  }
  const { directory } = standing.governance
  return createSignOn({ config: signOn, clock, random, keys: identity.keys, directory, ask })
}
