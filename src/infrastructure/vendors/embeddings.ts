import type { EmbeddingModelV4, SharedV4ProviderOptions } from '@ai-sdk/provider'
import { PlatformError } from '../../core/errors.ts'
import type { Embedded } from '../../core/model.ts'
import { createUsage } from '../../core/usage.ts'
import type { EmbedTexts } from '../endpoints/index.ts'
import { unsupported } from './prompt.ts'
import type { VendorWays } from './ways.ts'

export interface EmbedPlace {
  readonly endpointId: string
  readonly ways: VendorWays
}

/** Embeds in batches as large as the vendor takes, one after another. The usage is known only when every batch reported its own. */
export async function embedInBatches(
  model: EmbeddingModelV4,
  request: EmbedTexts,
  { endpointId, ways }: EmbedPlace,
): Promise<Embedded> {
  const options = toOptions(request, ways)
  const inputsMax = (await model.maxEmbeddingsPerCall) ?? Math.max(1, request.inputs.length)
  const vectors: (readonly number[])[] = []
  let tokens: number | undefined = 0
  for (let start = 0; start < request.inputs.length; start += inputsMax) {
    const values = request.inputs.slice(start, start + inputsMax)
    const result = await model.doEmbed({ values, ...options })
    if (result.embeddings.length !== values.length) throw uneven(endpointId)
    vectors.push(...result.embeddings)
    tokens = tokens === undefined ? undefined : addCount(tokens, result.usage?.tokens)
  }
  const length = vectors[0]?.length ?? 0
  if (vectors.some((vector) => vector.length !== length || length === 0)) throw uneven(endpointId)
  const usage = tokens === undefined ? undefined : createUsage({ inputTotal: tokens, outputTotal: 0 })
  return { vectors, usage }
}

function toOptions({ dimensions, parameter }: EmbedTexts, ways: VendorWays) {
  if (dimensions !== undefined && ways.dimensions === undefined) throw unsupported('dimensions')
  if (parameter !== undefined && ways.embedding === undefined) throw unsupported(parameter.name)
  const providerOptions: SharedV4ProviderOptions = dimensions === undefined ? {} : (ways.dimensions?.(dimensions) ?? {})
  if (parameter === undefined || ways.embedding === undefined) return { providerOptions }
  const { embedding: vendor } = ways
  const said = { ...providerOptions[vendor], [parameter.name]: parameter.value }
  return { providerOptions: { ...providerOptions, [vendor]: said } }
}

/** Packages say 0, or no number, where the vendor said nothing; no text has no tokens. */
function addCount(sum: number, count: number | undefined): number | undefined {
  return count === undefined || !Number.isFinite(count) || count <= 0 ? undefined : sum + count
}

function uneven(endpointId: string): PlatformError {
  return new PlatformError(
    'UPSTREAM_INVALID',
    `endpoint ${endpointId} did not answer one vector of one length for each input`,
  )
}
