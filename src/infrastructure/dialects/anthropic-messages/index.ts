import type { Dialect } from '../dialect.ts'
import { createRequestPatch, decodeUpstreamFailure } from '../shared/index.ts'
import { decodeAnswer } from './decode-answer.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeAnswer } from './encode-answer.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeError } from './errors.ts'
import { createStreamDecoder } from './stream-decoder.ts'
import { createStreamEncoder } from './stream-encoder.ts'
import { readUsage } from './usage.ts'
import { createWireReader } from './wire-observer.ts'

/**
 * The version of the API that Strata's own requests are written in: it still takes sampling parameters, which
 * 2026-10-21 refuses. A client's own version goes with the client's own body.
 */
const version = '2023-06-01'

/** Anthropic's messages. */
export const anthropicMessages: Dialect = {
  id: 'anthropic-messages',
  path: '/messages',
  headers: (key) => ({ 'anthropic-version': version, ...(key === undefined ? {} : { 'x-api-key': key }) }),
  decodeRequest,
  encodeRequest,
  patchRequest: createRequestPatch({
    asksUsage: false,
    boundNames: () => ['max_tokens'],
    translate: (wire, target) => encodeRequest(decodeRequest(wire.body), target),
  }),
  decodeAnswer,
  encodeAnswer,
  createStreamDecoder,
  createStreamEncoder,
  readUsage,
  createWireReader,
  decodeError: decodeUpstreamFailure,
  encodeError,
}
