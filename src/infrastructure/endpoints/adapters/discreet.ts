import { PlatformError } from '../../../core/errors.ts'
import type { PersonalDataMasker } from '../../../core/ports-privacy.ts'
import type { Adapter, Attempt, Upstream } from '../adapter.ts'

/** What an endpoint gets of a request that tells of people: nothing of it, or tokens in its place. */
export type Discretion = 'mask' | 'refuse'

/**
 * An adapter whose endpoint sees no personal data. Such a request is never relayed as it is: it is decoded, masked and
 * encoded again, and the answer is read as events, in which the tokens become values again.
 */
export function createDiscreetAdapter(adapter: Adapter, discretion: Discretion, masker: PersonalDataMasker): Adapter {
  const { rerank } = adapter
  /** The texts as the endpoint may see them. */
  async function toSeen(texts: readonly string[], { endpoint, permit }: Attempt): Promise<readonly string[]> {
    const seen = await masker.maskTexts(texts, permit.call.principal.tenant, permit.call)
    if (discretion === 'refuse' && seen.some((text, index) => text !== texts[index])) {
      refuseFound(new Map([['personal data', 1]]), endpoint.id)
    }
    return seen
  }
  return {
    locate: adapter.locate,
    async answer(request, attempt) {
      const { call } = attempt.permit
      const { tenant } = call.principal
      if (discretion === 'refuse') {
        refuseFound(await masker.findTypes(request, tenant, call), attempt.endpoint.id)
        return adapter.answer(request, attempt)
      }
      const masked = await masker.maskChat(request, tenant, call)
      const upstream = await adapter.answer(masked.request, attempt)
      return new RestoredUpstream(upstream, masked.restore(upstream.events))
    },
    async embed(request, attempt) {
      return adapter.embed({ ...request, inputs: await toSeen(request.inputs, attempt) }, attempt)
    },
    rerank:
      rerank === undefined
        ? undefined
        : async (request, attempt) => {
            const [query = '', ...documents] = await toSeen([request.query, ...request.documents], attempt)
            return rerank({ ...request, query, documents }, attempt)
          },
  }
}

function refuseFound(types: ReadonlyMap<string, number>, endpoint: string): void {
  if (types.size === 0) return
  const found = [...types].map(([type, count]) => `${count} ${type}`).join(', ')
  throw new PlatformError(
    'PERSONAL_DATA_REFUSED',
    `the endpoint ${endpoint} may not see personal data, and the request holds ${found}`,
    { details: { types: [...types.keys()], sent: false } },
  )
}

/** Everything as upstream says it, but for the events. */
class RestoredUpstream implements Upstream {
  readonly events: Upstream['events']
  readonly wire = undefined
  readonly #upstream: Upstream

  constructor(upstream: Upstream, events: Upstream['events']) {
    this.#upstream = upstream
    this.events = events
  }

  get firstByteMs(): number {
    return this.#upstream.firstByteMs
  }

  usage(): ReturnType<Upstream['usage']> {
    return this.#upstream.usage()
  }

  generated(): ReturnType<Upstream['generated']> {
    return this.#upstream.generated()
  }

  cancel(reason: unknown): void {
    this.#upstream.cancel(reason)
  }
}
