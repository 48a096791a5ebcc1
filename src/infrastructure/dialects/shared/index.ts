export { AnswerIdFinder } from './answer-id.ts'
export { createAnnouncedCalls, type AnnouncedCalls } from './tool-results.ts'
export { encodeOpenaiError, toMessage } from './client-errors.ts'
export { openCallId, sealCallId, type SealedCallId } from './call-ids.ts'
export { refuseContinuation } from './continuation.ts'
export { createRequestPatch } from './patch-request.ts'
export { createScanner, type Scanner } from './scanner.ts'
export { createWireReaderOf, cut, notJson, parseData, type WireObserver } from './wire-reader.ts'
export { decodeUpstreamFailure, findInBandError, toEndedInError } from './upstream-errors.ts'
export {
  estimateBodyTokens,
  estimateInputTokens,
  estimateTokens,
  estimateTokensOfLength,
} from '../../../core/token-estimate.ts'
export {
  invalid,
  isArray,
  type Located,
  pathOf,
  pickUnknown,
  readArray,
  readBoolean,
  readInteger,
  readNumber,
  readObject,
  readObjects,
  readString,
  readStrings,
  readValue,
  readWord,
  requireObject,
  requireString,
  toPlace,
  unsupported,
} from './fields.ts'
export { isOpenaiReasoningModel } from './model-names.ts'
export { emptySeal, isSealed, openSignature, sealMark, sealSignature } from './signatures.ts'
export { memberOf, toCount, toUsageOf, withTier } from './counts.ts'
export { reasoningEfforts, toEffort, toReasoningTokens } from './reasoning.ts'
export { takeExtra } from './foreign.ts'
export { toAnswerSpan, toCitationUrl } from './citations.ts'
export { toDataUrl, toMediaSource } from './media.ts'
export { toDialectId } from './ids.ts'
