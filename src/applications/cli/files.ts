import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { PlatformError } from '../../core/errors.ts'

/** One file as a document: its name is its path below what was asked for, with forward slashes. */
export interface DocumentFile {
  readonly name: string
  readonly bytes: Uint8Array
}

const documentNames = /\.(md|markdown|txt|text)$/i

/**
 * The text and Markdown files at a path, in the order of their names. Hidden files, folders of dependencies and links
 * are left out: a link could lead outside what was asked for. Throws NOT_FOUND when there is nothing at the path.
 */
export async function* readDocuments(path: string): AsyncGenerator<DocumentFile> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw new PlatformError('NOT_FOUND', `there is no file or folder ${path}`, { cause })
  })
  if (found.isFile()) {
    yield { name: basename(path), bytes: await readFile(path) }
    return
  }
  yield* readFolder(path, path)
}

async function* readFolder(root: string, folder: string): AsyncGenerator<DocumentFile> {
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* readFolder(root, path)
    else if (entry.isFile() && documentNames.test(entry.name)) {
      yield { name: relative(root, path).split(sep).join('/'), bytes: await readFile(path) }
    }
  }
}
