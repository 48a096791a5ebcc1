import { createHash } from 'node:crypto'
import { PlatformError } from '../../../../core/errors.ts'
import { readableExtensions } from '../../../preparation/index.ts'
import type { Connector, Listed, Listing, SourceSend } from '../../source.ts'
import { extensionOf, tooLarge } from '../folder.ts'
import { readPack, type Pack } from './pack.ts'
import { listTree, type TreeEntry } from './tree.ts'
import { openWire, type Wire } from './wire.ts'

export interface RemoteGitOptions {
  readonly url: string
  readonly ref: string
  readonly user: string
  readonly token?: string | undefined
  /** Taken in as text besides the known formats. */
  readonly extensions: readonly string[]
  /** Most that is fetched at once, bytes. */
  readonly bytesMax: number
  readonly send: SourceSend
  readonly documentBytesMax: number
}

/** Files asked for in one request. */
const filesPerRequest = 50
/** What a pack of bytes may become, at most: packs of text are a fifth of it. */
const unpackedFactor = 20

/**
 * The files of one commit of a repository elsewhere; an item is as the hash of its content says. Only that commit is
 * fetched, and of it, where the server can do so, only the files that are new or have changed. While the commit stays the same
 * nothing is fetched.
 */
export function createRemoteGitConnector(options: RemoteGitOptions): Connector {
  const how = createHash('sha256')
    .update(JSON.stringify([options.url, options.extensions]))
    .digest('hex')
    .slice(0, 16)
  return {
    async *list(listing) {
      const wire = await openWire({ ...options, signal: listing.signal })
      const commit = await wire.findCommit(options.ref)
      const cursor = `${commit} ${how}`
      if (listing.cursor === cursor) yield { type: 'same' }
      else yield* listCommit(options, { wire, commit, listing })
      yield { type: 'cursor', value: cursor }
    },
  }
}

interface Reading {
  readonly wire: Wire
  readonly commit: string
  readonly listing: Listing
}

async function* listCommit(options: RemoteGitOptions, { wire, commit, listing }: Reading): AsyncGenerator<Listed> {
  const pack = await unpack(options, await wire.fetchCommit(commit))
  const entries: TreeEntry[] = []
  const isWanted = ({ path }: TreeEntry): boolean => readableExtensions.has(extensionOf(path)) || isText(options, path)
  for (const entry of listTree(pack, commit)) {
    if (entry === 'partial') yield { type: 'partial', reason: 'the commit has more files than are listed' }
    else if (isWanted(entry)) entries.push(entry)
  }
  const isDue = ({ path, id }: TreeEntry): boolean => listing.markOf(path) !== id && !listing.isDone(path)
  const due = wire.isPartial ? entries.filter(isDue) : []
  const files = wire.isPartial ? createFiles(options, wire, due) : createPacked(options, pack)
  for (const { path, id } of entries) {
    yield {
      type: 'item',
      item: {
        id: path,
        name: path,
        mark: id,
        ...(isText(options, path) ? { mediaType: 'text/plain' } : {}),
        read: () => files(path, id),
      },
    }
  }
}

type ReadFile = (path: string, id: string) => Promise<Buffer>

function createPacked(options: RemoteGitOptions, pack: Pack): ReadFile {
  return async (path, id) => requireFile(options, pack, { path, id })
}

/** Fetches what is due in the order in which it is read, many at a time; one at a time where many are too much. */
function createFiles(options: RemoteGitOptions, wire: Wire, due: readonly TreeEntry[]): ReadFile {
  const places = new Map(due.map(({ path }, index) => [path, index]))
  let held: { readonly pack: Pack; readonly ids: ReadonlySet<string> } | undefined
  let count = filesPerRequest
  const fetch = async (from: number): Promise<void> => {
    const ids = new Set(due.slice(from, from + count).map(({ id }) => id))
    held = undefined
    try {
      held = { pack: await unpack(options, await wire.fetchBlobs([...ids])), ids }
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || thrown.code !== 'UPSTREAM_INVALID' || count === 1) throw thrown
      count = 1
      await fetch(from)
    }
  }
  return async (path, id) => {
    const place = places.get(path)
    if (place === undefined) throw new PlatformError('INTERNAL', `${path} was not due and is read`)
    if (held?.ids.has(id) !== true) await fetch(place)
    if (held === undefined) throw new PlatformError('INTERNAL', 'files were fetched and are not there')
    return requireFile(options, held.pack, { path, id })
  }
}

function requireFile({ documentBytesMax }: RemoteGitOptions, pack: Pack, { path, id }: TreeEntry): Buffer {
  const found = pack.find(id)
  if (found?.type === 'blob') {
    if (found.bytes.length > documentBytesMax) throw tooLarge(path, found.bytes.length, documentBytesMax)
    return found.bytes
  }
  if (!pack.hasOversized) throw new PlatformError('UPSTREAM_INVALID', `the repository did not send ${path}`)
  throw new PlatformError('DOCUMENT_REFUSED', `${path} has more bytes than knowledge.documentBytesMax allows`, {
    details: { reason: 'size' },
  })
}

/** Folders and commits are read whatever a document may have. */
const objectBytesMin = 16_777_216

function unpack({ documentBytesMax, bytesMax }: RemoteGitOptions, bytes: Buffer): Promise<Pack> {
  const objectBytesMax = Math.max(documentBytesMax, objectBytesMin)
  return readPack(bytes, { objectBytesMax, bytesMax: bytesMax * unpackedFactor })
}

/** Those of the extensions that the configuration adds. */
function isText({ extensions }: RemoteGitOptions, path: string): boolean {
  return extensions.includes(extensionOf(path))
}
