export { createExtractAdapter, createExtractor, type ExtractAdapterDeps } from './extract/index.ts'
export {
  createCommandRunner,
  createLlamaAdapter,
  createRuntimeInstaller,
  llamaRuntimeVersion,
  type CommandRunner,
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
