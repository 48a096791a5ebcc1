import { createHash } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import { createInflate, inflateSync } from 'node:zlib'
import { applyDelta, broken, readDeltaHead } from './delta.ts'

export interface GitObject {
  readonly type: 'commit' | 'tree' | 'blob' | 'tag'
  readonly bytes: Buffer
}

/** The objects of one pack, by their id (SHA-1, hexadecimal). */
export interface Pack {
  /** `undefined` when it is not in the pack, or is larger than allowed. */
  find(id: string): GitObject | undefined
  /** Something in it is larger than allowed, and has no id here. */
  readonly hasOversized: boolean
}

export interface PackBounds {
  /** Larger objects are passed over. */
  readonly objectBytesMax: number
  /** Of all objects together, unpacked. Rejects with UPSTREAM_INVALID beyond. */
  readonly bytesMax: number
}

type Base = { readonly type: GitObject['type'] } | { readonly type: 'delta'; readonly of: number | string }

/** One entry of the file: an object, or what makes one of another. */
interface Entry {
  readonly base: Base
  readonly bytes: number
  /** Where its compressed bytes begin. */
  readonly start: number
}

const types: Readonly<Record<number, GitObject['type']>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const [offsetDelta, idDelta] = [6, 7]
const idBytes = 20
/** Other work of the process is done after so many bytes. */
const breathBytes = 4_194_304
/** Unpacked objects that are kept, since the next delta likely builds on one of them. */
const keptBytesMax = 33_554_432

/**
 * Reads a pack (git's documentation, gitformat-pack, version 2). Rejects with UPSTREAM_INVALID when it is damaged, says what
 * is not so, or is larger than its bounds.
 */
export async function readPack(bytes: Buffer, bounds: PackBounds): Promise<Pack> {
  const isPack =
    bytes.length >= 12 + idBytes && bytes.toString('latin1', 0, 4) === 'PACK' && bytes.readUInt32BE(4) === 2
  if (!isPack) throw broken()
  const sum = createHash('sha1').update(bytes.subarray(0, -idBytes)).digest()
  if (!sum.equals(bytes.subarray(-idBytes))) throw broken()
  const reader = new PackReader(bytes, bounds)
  await reader.scan(bytes.readUInt32BE(8))
  await reader.resolve()
  return reader
}

class PackReader implements Pack {
  readonly #bytes: Buffer
  readonly #bounds: PackBounds
  /** By where they begin in the file. */
  readonly #entries = new Map<number, Entry>()
  readonly #offsets = new Map<string, number>()
  /** Entries that are made of another one, by its place or its id. */
  readonly #waiting = new Map<number | string, number[]>()
  readonly #kept = new Map<number, GitObject>()
  #keptBytes = 0
  #unpackedBytes = 0
  #sinceBreath = 0
  hasOversized = false

  constructor(bytes: Buffer, bounds: PackBounds) {
    this.#bytes = bytes
    this.#bounds = bounds
  }

  find(id: string): GitObject | undefined {
    const offset = this.#offsets.get(id)
    return offset === undefined ? undefined : this.#unpack(offset)
  }

  /** Finds where each entry begins and ends, and the ids of those that stand for themselves. */
  async scan(count: number): Promise<void> {
    let at = 12
    for (let index = 0; index < count; index++) {
      const entry = this.#readHead(at)
      this.#entries.set(at, entry)
      const isOversized = entry.bytes > this.#bounds.objectBytesMax
      let end: number
      if (isOversized) {
        this.hasOversized = true
        end = await this.#skip(entry)
      } else {
        const { content, used } = this.#inflate(entry)
        end = entry.start + used
        if (entry.base.type !== 'delta') this.#name(at, { type: entry.base.type, bytes: content })
        else if (readDeltaHead(content).bytes > this.#bounds.objectBytesMax) this.hasOversized = true
        else this.#wait(entry.base.of, at)
      }
      at = end
      await this.#breathe(entry.bytes)
    }
    if (at !== this.#bytes.length - idBytes) throw broken()
  }

  /** Makes each delta an object, as soon as what it is made of is one. */
  async resolve(): Promise<void> {
    const ready = [...this.#offsets].map(([id, offset]) => ({ id, offset }))
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      const followers = [...(this.#waiting.get(next.offset) ?? []), ...(this.#waiting.get(next.id) ?? [])]
      this.#waiting.delete(next.offset)
      this.#waiting.delete(next.id)
      for (const offset of followers) {
        const object = this.#unpack(offset, next.offset)
        ready.push({ id: this.#name(offset, object), offset })
        await this.#breathe(object.bytes.length)
      }
    }
    // What is left builds on something that was passed over, or that is not here.
    if (this.#waiting.size > 0 && !this.hasOversized) throw broken()
  }

  #readHead(offset: number): Entry {
    let at = offset
    const next = (): number => {
      if (at >= this.#bytes.length - idBytes) throw broken()
      return this.#bytes[at++] ?? 0
    }
    let byte = next()
    const type = (byte >> 4) & 7
    let bytes = byte & 15
    for (let factor = 16; (byte & 0x80) !== 0; factor *= 128) {
      if (factor > 2 ** 44) throw broken()
      byte = next()
      bytes += (byte & 0x7f) * factor
    }
    const plain = types[type]
    if (plain !== undefined) return { base: { type: plain }, bytes, start: at }
    if (type === idDelta) {
      const of = this.#bytes.toString('hex', at, at + idBytes)
      return { base: { type: 'delta', of }, bytes, start: at + idBytes }
    }
    if (type !== offsetDelta) throw broken()
    byte = next()
    let back = byte & 0x7f
    while ((byte & 0x80) !== 0) {
      byte = next()
      back = (back + 1) * 128 + (byte & 0x7f)
    }
    const of = offset - back
    if (!this.#entries.has(of)) throw broken()
    return { base: { type: 'delta', of }, bytes, start: at }
  }

  #inflate({ start, bytes }: Entry): { readonly content: Buffer; readonly used: number } {
    try {
      // With `info` the declaration says so little as `Buffer`; the result is both.
      const done = inflateSync(this.#bytes.subarray(start), {
        info: true,
        maxOutputLength: Math.max(1, bytes),
        chunkSize: Math.max(64, Math.min(bytes + 1, breathBytes)),
      }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }
      if (done.buffer.length !== bytes) throw broken()
      return { content: done.buffer, used: done.engine.bytesWritten }
    } catch {
      throw broken()
    }
  }

  /** The end of an entry that is not kept. */
  async #skip({ start, bytes }: Entry): Promise<number> {
    const inflate = createInflate()
    let length = 0
    inflate.end(this.#bytes.subarray(start))
    try {
      for await (const chunk of inflate) length += (chunk as Buffer).length
    } catch {
      throw broken()
    }
    if (length !== bytes) throw broken()
    return start + inflate.bytesWritten
  }

  #wait(base: number | string, offset: number): void {
    const known = this.#waiting.get(base)
    if (known === undefined) this.#waiting.set(base, [offset])
    else known.push(offset)
  }

  #name(offset: number, object: GitObject): string {
    this.#unpackedBytes += object.bytes.length
    if (this.#unpackedBytes > this.#bounds.bytesMax) throw broken()
    const head = `${object.type} ${object.bytes.length}\0`
    const id = createHash('sha1').update(head).update(object.bytes).digest('hex')
    this.#offsets.set(id, offset)
    this.#keep(offset, object)
    return id
  }

  /** Undoes deltas from the nearest object that is kept, or stands for itself. `base` is where that of a delta by id is. */
  #unpack(offset: number, base?: number): GitObject {
    const deltas: number[] = []
    let at = offset
    let object = this.#kept.get(at)
    while (object === undefined) {
      const entry = this.#entries.get(at)
      if (entry === undefined) throw broken()
      if (entry.base.type !== 'delta') object = { type: entry.base.type, bytes: this.#inflate(entry).content }
      else {
        deltas.push(at)
        const { of } = entry.base
        const below: number | undefined = typeof of === 'number' ? of : (this.#offsets.get(of) ?? base)
        if (below === undefined || deltas.length > this.#entries.size) throw broken()
        at = below
        object = this.#kept.get(at)
      }
    }
    for (const each of deltas.toReversed()) {
      const entry = this.#entries.get(each)
      if (entry === undefined) throw broken()
      object = { type: object.type, bytes: applyDelta(object.bytes, this.#inflate(entry).content) }
      this.#keep(each, object)
    }
    return object
  }

  #keep(offset: number, object: GitObject): void {
    if (this.#kept.has(offset)) return
    this.#kept.set(offset, object)
    this.#keptBytes += object.bytes.length
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#keptBytes <= keptBytesMax || oldest === offset) break
      this.#kept.delete(oldest)
      this.#keptBytes -= bytes.length
    }
  }

  async #breathe(bytes: number): Promise<void> {
    this.#sinceBreath += bytes
    if (this.#sinceBreath < breathBytes) return
    this.#sinceBreath = 0
    await breathe()
  }
}
