import { resolve } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import { createPreparation, type Preparation } from '../tools/preparation/index.ts'
import { runtimeFolderOf } from './folders.ts'

/** Reads documents under a configuration, pictures too where `runtime add ocr` has installed what that needs. */
export function openPreparation({ folder, config }: Pick<LoadedConfig, 'folder' | 'config'>): Preparation {
  const ocrFolder = runtimeFolderOf(resolve(folder, config.store.folder), 'ocr')
  return createPreparation(config.knowledge, { ocrFolder })
}
