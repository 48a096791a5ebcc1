import { PlatformError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { toIso } from '../core/time.ts'
import { readServiceTier, readUnits } from '../core/usage-units.ts'
import type { Usage } from '../core/usage.ts'
import type { BodyDialect } from '../infrastructure/index.ts'
import type { HttpParts } from './http/index.ts'
import { toMoneyJson, toUsageJson } from './shapes/index.ts'

/** Whose body it is, and which price is asked for. */
export interface PriceAsk {
  readonly dialect: BodyDialect
  /** The model as the vendor names it; the body's own when absent. */
  readonly model: string | undefined
  /** The vendor as the price catalogue names it; that of the dialect when absent. */
  readonly vendor: string | undefined
  /** A configured endpoint whose price is to be used. */
  readonly endpoint: string | undefined
  /** Milliseconds UTC; now when absent. */
  readonly atMs: number | undefined
}

/**
 * Usage and cost of one response body. What is not known is null, with the reason. Throws what is wrong with the body,
 * INVALID_REQUEST when neither the caller nor the body names a model, NOT_FOUND for an endpoint that is not configured.
 */
export function priceBody(parts: HttpParts, bytes: Buffer, ask: PriceAsk): JsonObject {
  if (ask.endpoint !== undefined && parts.config.endpoints[ask.endpoint] === undefined) {
    throw new PlatformError('NOT_FOUND', `there is no endpoint ${ask.endpoint.slice(0, 64)}`, { param: 'endpoint' })
  }
  const reading = parts.readBody(bytes, ask.dialect)
  const model = ask.model ?? reading.model
  if (model === undefined) {
    throw new PlatformError('INVALID_REQUEST', 'the body does not name its model; say which it is', { param: 'model' })
  }
  const atMs = ask.atMs ?? parts.clock.now()
  const vendor = ask.vendor ?? (ask.endpoint === undefined ? parts.prices.findVendor(ask.dialect) : undefined)
  const query = { endpoint: ask.endpoint ?? '', vendor, model, atMs }
  const price = parts.prices.find(query)
  const described = parts.prices.describePrice(query)
  const { usage } = reading
  const charge =
    usage === undefined
      ? { type: 'unknown' as const, reason: 'the body reports no usage' }
      : (price?.explain(usage) ?? {
          type: 'unknown' as const,
          reason: `there is no price for ${model} of ${vendor ?? ask.endpoint ?? 'an unknown vendor'} at that time`,
        })
  return {
    object: 'price',
    dialect: ask.dialect,
    vendor: described?.vendor ?? vendor ?? null,
    model,
    body_model: reading.model ?? null,
    at: toIso(atMs),
    form: reading.form,
    complete: reading.isComplete,
    error: reading.error ?? null,
    usage: toFullUsageJson(usage),
    price: described === undefined ? null : { version: described.version, source: described.source },
    cost: charge.type === 'unknown' ? null : toMoneyJson(charge.amount),
    reason: charge.type === 'unknown' ? charge.reason : null,
    parts:
      charge.type === 'unknown'
        ? []
        : charge.parts.map(({ name, count, picodollarsEach, per }) => ({
            name,
            count,
            picodollars_each: picodollarsEach,
            per: per ?? 1,
          })),
  }
}

/** The normal form with everything a body tells: units beside the totals, the service tier, the vendor's own object. */
function toFullUsageJson(usage: Usage | undefined): JsonObject | null {
  if (usage === undefined) return null
  const units = readUnits(usage.raw)
  const totals = toUsageJson(usage)
  return {
    ...(typeof totals === 'object' && totals !== null ? (totals as JsonObject) : {}), // it is an object: usage is known
    input_audio: units.inputAudio ?? null,
    input_image: units.inputImage ?? null,
    input_video: units.inputVideo ?? null,
    output_audio: units.outputAudio ?? null,
    output_image: units.outputImage ?? null,
    output_video: units.outputVideo ?? null,
    audio_seconds: units.audioSeconds ?? null,
    web_searches: units.webSearches ?? null,
    file_searches: units.fileSearches ?? null,
    pages: units.pages ?? null,
    rankings: units.rankings ?? null,
    requests: 1,
    service_tier: readServiceTier(usage.raw) ?? null,
    raw: usage.raw ?? null,
  }
}
