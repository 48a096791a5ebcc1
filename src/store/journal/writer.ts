import { closeSync, openSync, writeSync } from 'node:fs'
import { PlatformError } from '../../core/errors.ts'
import type { ByteLine } from './byte-line.ts'
import { toSegmentPath } from './files.ts'

/** What writer and folding thread share: the segment being written, its bytes, and whether the thread wants to be woken. */
export const shared = { segment: 0, bytes: 1, wantsWaking: 2, length: 3 } as const

export interface WriterOptions {
  readonly folder: string
  readonly journalId: string
  readonly segmentBytesMax: number
  readonly state: Int32Array
  /** Called when the thread had nothing to do and now has. */
  readonly wake: () => void
}

export interface Writer {
  /** Bytes in the segments that are not forgotten. */
  readonly bytesHeld: number
  /** One line, durable against the death of the process on return. Throws `STORE_UNAVAILABLE`. */
  append(line: ByteLine): void
  /** Counts the segments below `segment` no longer: they have been folded. */
  forget(segment: number): void
  close(): void
}

/** Appends to the journal of this process. Cost: one `write` of the system. Throws `STORE_UNAVAILABLE`. */
export function createWriter(options: WriterOptions): Writer {
  return new SegmentWriter(options)
}

const newline = Buffer.from('\n')

/** A class because its state changes with every request. */
class SegmentWriter implements Writer {
  readonly #options: WriterOptions
  readonly #completed = new Map<number, number>()
  #file: number
  #segment = 1
  #bytes = 0
  #bytesBefore = 0
  #isTorn = false

  constructor(options: WriterOptions) {
    this.#options = options
    this.#file = openSegment(options, this.#segment)
    Atomics.store(options.state, shared.segment, this.#segment)
  }

  get bytesHeld(): number {
    return this.#bytesBefore + this.#bytes
  }

  append(line: ByteLine): void {
    const { state, segmentBytesMax } = this.#options
    if (this.#isTorn) this.#mend()
    const whole = line.finish()
    this.#write(whole.bytes, whole.length)
    Atomics.store(state, shared.bytes, this.#bytes)
    if (this.#bytes >= segmentBytesMax) this.#rotate()
    if (Atomics.load(state, shared.wantsWaking) === 1) {
      Atomics.store(state, shared.wantsWaking, 0)
      this.#options.wake()
    }
  }

  forget(segment: number): void {
    for (const [number, bytes] of this.#completed) {
      if (number >= segment) continue
      this.#bytesBefore -= bytes
      this.#completed.delete(number)
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(bytes: Buffer, length: number): void {
    let written = 0
    try {
      while (written < length) written += writeSync(this.#file, bytes, written, length - written, null)
    } catch (thrown) {
      this.#bytes += written
      this.#isTorn ||= written > 0
      throw toUnavailable(thrown)
    }
    this.#bytes += written
  }

  /** Ends what a full disk left of the last line, so that the next one stands by itself. */
  #mend(): void {
    this.#write(newline, 1)
    this.#isTorn = false
  }

  /** The line is in: that no new file can be opened is no reason to refuse it; the segment grows on. */
  #rotate(): void {
    let file: number
    try {
      file = openSegment(this.#options, this.#segment + 1)
    } catch {
      return
    }
    closeSync(this.#file)
    this.#file = file
    this.#completed.set(this.#segment, this.#bytes)
    this.#bytesBefore += this.#bytes
    this.#bytes = 0
    this.#segment += 1
    // In this order: a reader that sees the new number never sees the old length with it.
    Atomics.store(this.#options.state, shared.bytes, 0)
    Atomics.store(this.#options.state, shared.segment, this.#segment)
  }
}

function openSegment(options: WriterOptions, segment: number): number {
  try {
    return openSync(toSegmentPath(options.folder, options.journalId, segment), 'ax', 0o600)
  } catch (thrown) {
    throw toUnavailable(thrown)
  }
}

function toUnavailable(thrown: unknown): PlatformError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason'
  return new PlatformError('STORE_UNAVAILABLE', `the journal in store.folder cannot be written: ${code}`, {
    cause: thrown,
  })
}
