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
