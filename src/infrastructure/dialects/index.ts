export type {
  AnswerMeta,
  Dialect,
  SseEvent,
  StreamDecoder,
  StreamEncoder,
  UpstreamFailure,
  WireReader,
} from './dialect.ts'
export { createSseReader, type SseReader, toSse } from './sse/index.ts'
export {
  decodeEmbeddingAnswer,
  decodeEmbeddingRequest,
  type EmbeddingRequest,
  encodeEmbeddingAnswer,
  encodeEmbeddingRequest,
} from './embeddings.ts'
export { decodeRerankAnswer, encodeRerankRequest } from './reranking.ts'
export { dialects, nativeDialects } from './registry.ts'
export {
  AnswerIdFinder,
  estimateInputTokens,
  estimateTokens,
  findInBandError,
  openCallId,
  openSignature,
  refuseContinuation,
  sealCallId,
  sealSignature,
  toEffort,
  toEndedInError,
} from './shared/index.ts'
export { findUsage as findOpenaiUsage, toOpenaiUsage } from './openai-chat/usage.ts'
export { createStreamUsage as createAnthropicStreamUsage, toAnthropicUsage } from './anthropic-messages/usage.ts'
export { memberOf, toCount, toUsageOf, withTier } from './shared/index.ts'
