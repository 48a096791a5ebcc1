import { join } from 'node:path'

/** Where a runtime is installed. */
export function runtimeFolderOf(folder: string, name: 'llama' | 'onnx' | 'ocr'): string {
  return join(folder, 'runtimes', name)
}
