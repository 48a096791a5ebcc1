import type { Config } from '../config/index.ts'
import { splitUrl } from '../core/urls.ts'
import { createErrands, type Egress, type ErrandTarget } from '../infrastructure/index.ts'
import type { Standing } from './standing.ts'

/** Where the configuration has something posted to. */
export interface PostPlace extends Partial<Pick<ErrandTarget, 'processing' | 'storage' | 'sovereignty'>> {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** What is posted, and under which name the place is on record. */
export interface Posted {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Posts through the same door as everything else, to the whole address with its query. Resolves with the status. */
export function createPost(
  { clock, ids, store }: Standing,
  config: Config,
  egress: Egress,
): (place: PostPlace, posted: Posted) => Promise<number> {
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { timeouts } = config.egress
  const { allowedRegions } = config.governance
  return async ({ url, headers: credentials, processing, storage, sovereignty }, { id, headers, body }) => {
    const { origin, path } = splitUrl(url)
    const target = { id, url: origin, credentials, processing, storage, sovereignty, timeouts }
    const request = { method: 'POST', path, headers, body } as const
    return (await run({ target, allowedRegions, request, answerBytesMax: 65_536 })).status
  }
}
