export {
  startMockUpstream,
  type MockUpstream,
  type MockUpstreamOptions,
  type ConnectionCounts,
} from './mock-upstream.ts'
export type { MockRequest } from './exchange.ts'
export type { Behaviour, RetryHint, SseForm } from './behaviour.ts'
export type { Script, ScriptToolCall, ScriptUsage } from './script.ts'
export { createTinyModel, tinyModelDimensions, type TinyModelOptions } from './gguf.ts'
export { listFaults, type Fault } from './faults.ts'
export { loadOpenaiShapes, type OpenaiShapes } from './openai-shapes.ts'
export {
  createTinyEncoder,
  createTinyReranker,
  createTinyTokenizer,
  tinyBias,
  tinyEncoderDimensions,
  tinyRelevance,
  tinyWeight,
  tinyWords,
} from './onnx.ts'
