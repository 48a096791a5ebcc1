import { crc32, inflateRawSync } from 'node:zlib'
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl'
import type { ParsingLimits } from '../preparation.ts'
import { refuse } from './refusal.ts'
import { decodeXml } from './xml.ts'

/** The files of a ZIP archive, each unpacked when asked for. Nothing is written anywhere. */
export interface Archive {
  /** Paths with forward slashes, in the order of the directory; none that leads out of the archive. */
  readonly paths: readonly string[]
  has(path: string): boolean
  /** `undefined` when there is no such file. Throws DOCUMENT_REFUSED: `archive-bomb`, `password`, `corrupt`. */
  find(path: string): Uint8Array | undefined
  /** As `find`, as UTF-8 or what its byte order mark says. */
  findText(path: string): string | undefined
}

type Limits = Pick<ParsingLimits, 'archiveBytesMax' | 'archiveEntriesMax'>

/** Opens an archive. Throws DOCUMENT_REFUSED: `truncated`, `corrupt`, `archive-bomb`. */
export async function openArchive(source: string, bytes: Uint8Array, limits: Limits): Promise<Archive> {
  const buffer = withWholeComment(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const zip = await fromBufferPromise(buffer, { decodeStrings: false }).catch((cause: unknown) => {
    const reason = buffer.lastIndexOf('PK\u0005\u0006') < 0 ? 'truncated' : 'corrupt'
    throw refuse(source, reason, { says: `is no whole ZIP archive: ${messageOf(cause)}`, cause: cause })
  })
  if (zip.entryCount > limits.archiveEntriesMax) {
    const allowed = `knowledge.parsing.archiveEntriesMax allows ${limits.archiveEntriesMax}`
    throw refuse(source, 'archive-bomb', `has ${zip.entryCount} files inside; ${allowed}`)
  }
  const entries = await readEntries(source, zip)
  const places = new Map<string, Place>()
  for (const entry of entries) {
    const path = safePath(entry)
    if (path === undefined || places.has(path)) continue
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true }).catch((cause: unknown) => {
      throw refuse(source, 'corrupt', { says: `has a broken file inside: ${messageOf(cause)}`, cause: cause })
    })
    places.set(path, { entry, start: fileDataStart })
  }
  return new BufferArchive({ source, buffer, places, limits })
}

interface Place {
  readonly entry: Entry
  readonly start: number
}

interface ArchiveParts {
  readonly source: string
  readonly buffer: Buffer
  readonly places: ReadonlyMap<string, Place>
  readonly limits: Limits
}

class BufferArchive implements Archive {
  readonly paths: readonly string[]
  readonly #parts: ArchiveParts
  #bytesLeft: number

  constructor(parts: ArchiveParts) {
    this.#parts = parts
    this.#bytesLeft = parts.limits.archiveBytesMax
    this.paths = [...parts.places.keys()]
  }

  has(path: string): boolean {
    return this.#parts.places.has(path)
  }

  find(path: string): Uint8Array | undefined {
    const { source, buffer, places, limits } = this.#parts
    const place = places.get(path)
    if (place === undefined) return undefined
    const { entry, start } = place
    if (entry.isEncrypted()) throw refuse(source, 'password', `is protected by a password (${path})`)
    const packed = buffer.subarray(start, start + entry.compressedSize)
    if (packed.length < entry.compressedSize) throw refuse(source, 'truncated', `ends within ${path}`)
    const bytes = this.#unpack(path, entry.compressionMethod, packed)
    if (crc32(bytes) !== entry.crc32)
      throw refuse(source, 'corrupt', `has a broken file inside (${path}): its checksum is wrong`)
    this.#bytesLeft -= bytes.length
    if (this.#bytesLeft < 0) throw tooLarge(source, limits)
    return bytes
  }

  findText(path: string): string | undefined {
    const bytes = this.find(path)
    return bytes === undefined ? undefined : decodeXml(bytes)
  }

  #unpack(path: string, method: number, packed: Uint8Array): Uint8Array {
    const { source, limits } = this.#parts
    if (method === 0) return packed
    if (method !== 8) throw refuse(source, 'archive', `packs ${path} by a method that is not read (${method})`)
    try {
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, this.#bytesLeft) })
    } catch (thrown) {
      if (thrown instanceof RangeError) throw tooLarge(source, limits)
      throw refuse(source, 'corrupt', {
        says: `has a broken file inside (${path}): ${messageOf(thrown)}`,
        cause: thrown,
      })
    }
  }
}

/** Whether programs lie in it: of Office documents, or of OpenDocument (Basic, Python and others). */
export function holdsMacros({ paths }: Archive): boolean {
  return paths.some(
    (path) => path.endsWith('vbaProject.bin') || /^Scripts\/.|^Basic\/[^/]+\/(?!script-l[bc]\.xml$)./.test(path),
  )
}

const endRecordLength = 22

/** An archive whose last bytes were cut off or added to, as by mail, with a comment as long as what is there. */
function withWholeComment(buffer: Buffer): Buffer {
  const end = buffer.lastIndexOf('PK\u0005\u0006')
  const length = buffer.length - end - endRecordLength
  if (end < 0 || length < 0 || length > 0xffff || buffer.readUInt16LE(end + 20) === length) return buffer
  const whole = Buffer.from(buffer)
  whole.writeUInt16LE(length, end + 20)
  return whole
}

async function readEntries(source: string, zip: ZipFile): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  try {
    for await (const entry of zip.eachEntry()) entries.push(entry)
  } catch (thrown) {
    if (/strong encryption/i.test(messageOf(thrown))) throw refuse(source, 'password', 'is protected by a password')
    throw refuse(source, 'corrupt', { says: `has a broken directory of files: ${messageOf(thrown)}`, cause: thrown })
  }
  return entries
}

/** `undefined` for folders and for names that lead out of the archive. */
function safePath(entry: Entry): string | undefined {
  const path = new TextDecoder('utf-8').decode(entry.fileNameRaw).replaceAll('\\', '/')
  if (path.endsWith('/') || path.startsWith('/') || /^[a-z]:/i.test(path) || path.includes('\0')) return undefined
  return path.split('/').includes('..') ? undefined : path
}

function tooLarge(source: string, limits: Limits): Error {
  const allowed = `knowledge.parsing.archiveBytesMax allows ${limits.archiveBytesMax}`
  return refuse(source, 'archive-bomb', `unpacks to more bytes than allowed; ${allowed}`)
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.slice(0, 200) : 'unknown reason'
}
