import { watch } from 'node:fs'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import { readableExtensions } from '../../preparation/index.ts'
import type { Connector, Listed } from '../source.ts'

export interface FolderOptions {
  readonly path: string
  readonly documentBytesMax: number
}

/** Every readable file below a folder, in the order of their names; an item is as its size and its time of change say. */
export function createFolderConnector({ path, documentBytesMax }: FolderOptions): Connector {
  return { list: () => listFolder({ root: path, below: '', documentBytesMax }) }
}

interface Place {
  readonly root: string
  /** Path below the root, with forward slashes; empty for the root itself. */
  readonly below: string
  readonly documentBytesMax: number
}

async function* listFolder({ root, below, documentBytesMax }: Place): AsyncGenerator<Listed> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch((cause: unknown) => {
    // A folder that is away for a moment, as a network drive is, must not look like an empty one.
    throw new PlatformError('NOT_FOUND', `the folder ${below === '' ? 'of the source' : below} cannot be listed`, {
      cause,
    })
  })
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const id = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) yield* listFolder({ root, below: id, documentBytesMax })
    else if (entry.isFile() && readableExtensions.has(extensionOf(entry.name))) {
      yield await toListed(join(root, id), id, documentBytesMax)
    }
  }
}

async function toListed(path: string, id: string, bytesMax: number): Promise<Listed> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return { type: 'failed', id, reason: 'went while it was listed', hidesOthers: false }
  return {
    type: 'item',
    item: {
      id,
      name: id,
      mark: `${found.size} ${Math.trunc(found.mtimeMs)}`,
      read: () => {
        if (found.size > bytesMax) return Promise.reject(tooLarge(id, found.size, bytesMax))
        return readFile(path).catch((cause: unknown) => {
          throw new PlatformError('NOT_FOUND', `${id} cannot be read`, { cause })
        })
      },
    },
  }
}

export function tooLarge(id: string, bytes: number, bytesMax: number): PlatformError {
  return new PlatformError(
    'DOCUMENT_REFUSED',
    `${id} has ${bytes} bytes; knowledge.documentBytesMax allows ${bytesMax}`,
    {
      details: { reason: 'size' },
    },
  )
}

export function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}

/** Quiet for so long, and the changes to a folder are over for now. */
const quietMs = 1_000

/** Calls back when something below a folder has changed and nothing has for a second. Gives what ends it. */
export function watchFolder(path: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const later = (): void => {
    clearTimeout(timer)
    timer = setTimeout(onChange, quietMs).unref()
  }
  const watcher = watch(path, { recursive: true, persistent: false }, later)
  // A folder that has gone cannot be watched; the next sync says so.
  watcher.on('error', () => watcher.close())
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
