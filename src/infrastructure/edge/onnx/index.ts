export { createOnnxAdapter, type OnnxAdapter, type OnnxAdapterDeps } from './adapter.ts'
export { createOnnxInstaller, onnxRuntimeVersion, type OnnxInstaller, type OnnxInstallerDeps } from './installer.ts'
