import type { Dialect } from '../dialect.ts'
import {
  createRequestPatch,
  decodeUpstreamFailure,
  encodeOpenaiError,
  isOpenaiReasoningModel,
} from '../shared/index.ts'
import { decodeAnswer } from './decode-answer.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeAnswer } from './encode-answer.ts'
import { encodeRequest } from './encode-request.ts'
import { createStreamDecoder } from './stream-decoder.ts'
import { createStreamEncoder } from './stream-encoder.ts'
import { readUsage } from './usage.ts'
import { createWireReader } from './wire-observer.ts'

/** OpenAI's chat completions, as OpenAI and the many servers that follow it speak them. */
export const openaiChat: Dialect = {
  id: 'openai-chat',
  path: '/chat/completions',
  headers: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
  decodeRequest,
  encodeRequest,
  patchRequest: createRequestPatch({
    asksUsage: true,
    boundNames: (model) =>
      isOpenaiReasoningModel(model) ? ['max_completion_tokens', 'max_tokens'] : ['max_tokens', 'max_completion_tokens'],
    translate: (wire, target) => encodeRequest(decodeRequest(wire.body), target),
  }),
  decodeAnswer,
  encodeAnswer,
  createStreamDecoder,
  createStreamEncoder,
  readUsage,
  createWireReader,
  decodeError: decodeUpstreamFailure,
  encodeError: encodeOpenaiError,
}
