import { closeSync, openSync, writeSync } from 'node:fs'
import { PlatformError } from '../../core/errors.ts'
import type { ByteLine } from './byte-line.ts'
import { toSegmentPath } from './files.ts'

/** What writer and folding thread share: the segment being written, its bytes, and whether the thread wants to be woken. */
export const shared = { segment: 0, bytes: 1, wantsWaking: 2, length: 3 } as const

const newline = Buffer.from('\n')

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

/** Appends to the journal of this process. Cost: one `write` of the system and about half a microsecond. */
export function createWriter(options: WriterOptions): Writer {
  const { state } = options
  const completed = new Map<number, number>()
  let segment = 1
  let bytes = 0
  let bytesBefore = 0
  let isTorn = false
  let file = openSegment(options, segment)
  Atomics.store(state, shared.segment, segment)

  function rotate(): void {
    const next = openSegment(options, segment + 1)
    closeSync(file)
    file = next
    completed.set(segment, bytes)
    bytesBefore += bytes
    bytes = 0
    segment += 1
    // In this order: a reader that sees the new number never sees the old length with it.
    Atomics.store(state, shared.bytes, 0)
    Atomics.store(state, shared.segment, segment)
  }

  function write(buffer: Buffer, length: number): void {
    let written = 0
    try {
      while (written < length) written += writeSync(file, buffer, written, length - written, null)
    } catch (thrown) {
      bytes += written
      isTorn ||= written > 0
      throw toUnavailable(thrown)
    }
    bytes += written
  }

  return {
    get bytesHeld() {
      return bytesBefore + bytes
    },
    append(line) {
      if (isTorn) mend()
      const whole = line.finish()
      write(whole.bytes, whole.length)
      if (bytes >= options.segmentBytesMax) rotateOrStay()
      else Atomics.store(state, shared.bytes, bytes)
      if (Atomics.load(state, shared.wantsWaking) === 1) {
        Atomics.store(state, shared.wantsWaking, 0)
        options.wake()
      }
    },
    forget(before) {
      for (const [number, size] of completed) {
        if (number >= before) continue
        bytesBefore -= size
        completed.delete(number)
      }
    },
    close: () => closeSync(file),
  }

  /** Ends what a full disk left of the last line, so that the next one stands by itself. */
  function mend(): void {
    write(newline, 1)
    isTorn = false
  }

  /** The line is in: that no new file can be opened is no reason to refuse it; the segment grows on. */
  function rotateOrStay(): void {
    try {
      rotate()
    } catch (thrown) {
      if (!(thrown instanceof PlatformError)) throw thrown
      Atomics.store(state, shared.bytes, bytes)
    }
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
