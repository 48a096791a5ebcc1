export { createLlamaAdapter, type LlamaAdapter, type LlamaAdapterDeps } from './adapter.ts'
export {
  createRuntimeInstaller,
  llamaRuntimeVersion,
  type RuntimeInstaller,
  type RuntimeInstallerDeps,
} from './installer.ts'
