import { join } from 'node:path'

export const runtimeNames = ['llama', 'onnx', 'ocr', 'tokenizers'] as const

export type RuntimeName = (typeof runtimeNames)[number]

/** Where a runtime is installed. */
export function runtimeFolderOf(folder: string, name: RuntimeName): string {
  return join(folder, 'runtimes', name)
}
