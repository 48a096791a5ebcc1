export { createExtractAdapter, createExtractor, type ExtractAdapterDeps } from './extract/index.ts'
export { createCommandRunner, installPackages, type CommandRunner } from './child/index.ts'
export { createOnnxAdapter, createOnnxInstaller, onnxRuntimeVersion, type OnnxAdapter } from './onnx/index.ts'
export {
  createLlamaAdapter,
  createRuntimeInstaller,
  llamaRuntimeVersion,
  type LlamaAdapter,
  type LlamaAdapterDeps,
  type RuntimeInstaller,
  type RuntimeInstallerDeps,
} from './llama/index.ts'
export {
  createCentre,
  createSettlingStore,
  createUplink,
  readSettlement,
  toSettlementJson,
  type Centre,
  type Delivery,
  type EdgeNodeRow,
  type Lease as EdgeLease,
  type NodeTerms,
  type Uplink,
  type UplinkState,
} from './settling/index.ts'
