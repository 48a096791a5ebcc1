import type { Config, EndpointConfig, EndpointDialect } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import type { UpstreamFailure } from '../dialects/index.ts'
import type { Egress } from '../egress/index.ts'
import type { Adapter, Attempt, EndpointLocation } from '../endpoints/index.ts'
import { openStream, toWhole } from './answer.ts'
import { toCallOptions } from './call-options.ts'
import { createDoorFetch, type DoorFetch } from './door-fetch.ts'
import { embedInBatches } from './embeddings.ts'
import { findErrorIn, toFailure, toRefusal } from './failure.ts'
import { vendorTable, type Vendor, type VendorModels } from './vendor-table.ts'

export interface VendorAdapterDeps {
  readonly egress: Egress
  readonly clock: Clock
  readonly config: Pick<Config['egress'], 'answerBytesMax' | 'eventBytesMax'>
  /** What a refusal means: the reading that the native dialects use, retry hints of every form included. */
  readonly decodeError: (failure: UpstreamFailure) => PlatformError
}

/** One adapter per vendor whose dialect is translated by the vendor's own package. */
export function createVendorAdapters(deps: VendorAdapterDeps): Readonly<Partial<Record<EndpointDialect, Adapter>>> {
  const entries = Object.entries(vendorTable).map(([dialect, vendor]) => [dialect, createVendorAdapter(deps, vendor)])
  return Object.freeze(Object.fromEntries(entries))
}

/** An answer may come in so many instalments, each asked for by a request of its own. */
const instalmentsMax = 8

function createVendorAdapter(deps: VendorAdapterDeps, vendor: Vendor): Adapter {
  const { ways } = vendor

  function openDoor({ permit }: Attempt, options: { readonly isStream: boolean; readonly requestsMax: number }) {
    return createDoorFetch({
      ...deps,
      ...options,
      permit,
      amend: ways.amend,
      toRefusal: (failure) => toRefusal(deps.decodeError, failure),
      findError: findErrorIn,
    })
  }

  function load(door: DoorFetch, { endpoint, permit }: Attempt): Promise<VendorModels> {
    return vendor.load({ url: permit.target.url ?? '', fetch: door.fetch, config: endpoint.config })
  }

  return {
    locate: (config) => locate(vendor, config),

    async answer(request, attempt) {
      const { id, config } = attempt.endpoint
      const door = openDoor(attempt, { isStream: request.stream, requestsMax: instalmentsMax })
      const toOurs = (thrown: unknown): PlatformError =>
        toFailure(thrown, { endpointId: id, wasSent: door.requestCount() > 0 })
      try {
        const options = toCallOptions(request.chat, ways)
        const model = (await load(door, attempt)).chat(config.model)
        const place = { door, ways, toFailure: toOurs, texts: attempt.texts }
        if (!request.stream) return toWhole(await model.doGenerate(options), place)
        // The chunks as they came, for the usage in them.
        const { stream } = await model.doStream({ ...options, includeRawChunks: true })
        return await openStream(stream, place)
      } catch (thrown) {
        door.cancel()
        throw toOurs(thrown)
      }
    },

    async embed(request, attempt) {
      const { id, config } = attempt.endpoint
      // Some vendors embed one text at a time.
      const door = openDoor(attempt, { isStream: false, requestsMax: Math.max(1, request.inputs.length) })
      try {
        const models = await load(door, attempt)
        if (models.embedding === undefined) throw cannotEmbed(id)
        const model = models.embedding(config.model)
        return await embedInBatches(model, request, { endpointId: id, ways })
      } catch (thrown) {
        door.cancel()
        throw toFailure(thrown, { endpointId: id, wasSent: door.requestCount() > 0 })
      }
    },
  }
}

function locate(vendor: Vendor, config: EndpointConfig): EndpointLocation {
  const url = config.url ?? vendor.url(config)
  if (url === undefined) {
    throw new PlatformError(
      'CONFIG_INVALID',
      `an endpoint of the dialect ${config.dialect} needs url or ${vendor.needs}`,
    )
  }
  const credentials = config.key === undefined ? {} : vendor.credentials(config.key)
  return { url, credentials, vendor: vendor.name, probePath: undefined }
}

function cannotEmbed(endpointId: string): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `endpoint ${endpointId} does not embed`, { param: 'model' })
}
