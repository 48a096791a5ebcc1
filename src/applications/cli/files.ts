import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { PlatformError } from '../../core/errors.ts'

/** One file as a document: its name is its path below what was asked for, with forward slashes. */
export interface DocumentFile {
  readonly name: string
  /** Rejects with DOCUMENT_REFUSED when the file cannot be read. */
  readonly readBytes: () => Promise<Uint8Array>
}

export interface FindOptions {
  /** Of the files below a folder, lower case; one that is named itself may have any. Every file when absent. */
  readonly extensions: ReadonlySet<string> | undefined
}

/**
 * The documents at a path, in the order of their names. Hidden files, folders of dependencies and links
 * are left out: a link could lead outside what was asked for. A folder below that cannot be listed stands for itself, and
 * is refused when it is read. Throws NOT_FOUND when there is nothing at the path, or nothing that this user may list.
 */
export async function* findDocuments(path: string, options: FindOptions): AsyncGenerator<DocumentFile> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw new PlatformError('NOT_FOUND', `there is no file or folder ${path}`, { cause })
  })
  if (found.isFile()) {
    yield toDocument(basename(path), path)
    return
  }
  yield* readFolder(path, path, options)
}

async function* readFolder(root: string, folder: string, options: FindOptions): AsyncGenerator<DocumentFile> {
  const listed = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => unlisted(folder, cause))
  if (listed instanceof PlatformError) {
    if (folder === root) throw listed
    const { message, cause } = listed
    const refused = new PlatformError('DOCUMENT_REFUSED', message, { cause })
    yield { name: toName(root, folder), readBytes: () => Promise.reject(refused) }
    return
  }
  for (const entry of listed.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* readFolder(root, path, options)
    else if (entry.isFile() && options.extensions?.has(extensionOf(entry.name)) !== false) {
      yield toDocument(toName(root, path), path)
    }
  }
}

function unlisted(folder: string, cause: unknown): PlatformError {
  return new PlatformError('NOT_FOUND', `the folder ${folder} cannot be listed: ${reasonOf(cause)}`, { cause })
}

function toName(root: string, path: string): string {
  return relative(root, path).split(sep).join('/')
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}

function toDocument(name: string, path: string): DocumentFile {
  return {
    name,
    readBytes: () =>
      readFile(path).catch((cause: unknown) => {
        throw new PlatformError('DOCUMENT_REFUSED', `the file cannot be read: ${reasonOf(cause)}`, { cause })
      }),
  }
}

/**
 * The bytes of a file, or of standard input for `-`. Rejects with NOT_FOUND when it cannot be read, BODY_TOO_LARGE when
 * there are more than `bytesMax`.
 */
export async function readBytes(path: string, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
      const bytes = Buffer.from(chunk as Uint8Array) // streams without an encoding give bytes
      length += bytes.length
      if (length > bytesMax) break
      chunks.push(bytes)
    }
  } catch (cause) {
    throw new PlatformError('NOT_FOUND', `the file ${path} cannot be read: ${reasonOf(cause)}`, { cause })
  }
  if (length > bytesMax) throw new PlatformError('BODY_TOO_LARGE', `${path} has more than ${bytesMax} bytes`)
  return Buffer.concat(chunks)
}

/** The system's own name of what went wrong: EACCES, EIO. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason'
}
