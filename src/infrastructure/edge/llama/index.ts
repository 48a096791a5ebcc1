export { createLlamaAdapter, type LlamaAdapter, type LlamaAdapterDeps } from './adapter.ts'
export {
  createCommandRunner,
  createRuntimeInstaller,
  llamaRuntimeVersion,
  type CommandRunner,
  type RuntimeInstaller,
  type RuntimeInstallerDeps,
} from './installer.ts'
