import { createHash } from 'node:crypto'
import { toPlatformError } from '../../core/errors.ts'
import type { Verifier } from './checkpoint.ts'
import type { Finding } from './judge.ts'
import {
  isOfWitness,
  isTimestampOf,
  readCosignature,
  readTimestamp,
  readWitnessKey,
  signaturesOf,
  textOfNote,
} from './witnesses/index.ts'

/** That somebody else has seen the first records of the log. */
export interface Seen {
  /** The name of a witness; empty for a time-stamp. */
  readonly by: string
  readonly records: number
  /** ISO 8601. */
  readonly at: string
}

interface Asked {
  readonly witnesses?: readonly string[] | undefined
  readonly authority?: string | undefined
}

type Stamped = Seen & { readonly isSigned: boolean }

/** What others say of the checkpoints of an export: those who are asked for have to have spoken, and whoever did rightly. */
export class Testimony {
  readonly #witnesses: readonly Verifier[]
  readonly #authority: string | undefined
  readonly #seen = new Map<string, Seen>()
  #stamped: Stamped | undefined
  #note = ''
  #size = -1

  constructor({ witnesses = [], authority }: Asked) {
    this.#witnesses = witnesses.map(readWitnessKey)
    this.#authority = authority
  }

  /** A checkpoint that the log has signed and that holds. */
  takeCheckpoint(note: string, size: number): readonly Finding[] {
    this.#note = note
    this.#size = size
    const findings: Finding[] = []
    const text = textOfNote(note)
    for (const witness of this.#witnesses) {
      for (const line of signaturesOf(note)) {
        if (!isOfWitness(line, witness)) continue
        const atMs = readCosignature(line, text, witness)
        if (atMs === undefined)
          findings.push({ type: 'cosignature', place: size, message: `is not of the witness ${witness.origin}` })
        else this.#seen.set(witness.origin, { by: witness.origin, records: size, at: new Date(atMs).toISOString() })
      }
    }
    return findings
  }

  /** A time-stamp, of the checkpoint before it. */
  takeTime(size: number, token: string): readonly Finding[] {
    const wrong = (message: string): readonly Finding[] => [{ type: 'timestamp', place: size, message }]
    if (size !== this.#size) return wrong('stands after another checkpoint')
    try {
      const bytes = Buffer.from(token, 'base64')
      const { atMs, imprint } = readTimestamp(bytes)
      if (imprint !== createHash('sha256').update(textOfNote(this.#note)).digest('hex'))
        return wrong('is of something else')
      const isSigned = this.#authority !== undefined && isTimestampOf(bytes, this.#authority)
      if (this.#authority !== undefined && !isSigned) return wrong('is not signed by the authority')
      this.#stamped = { by: '', records: size, at: new Date(atMs).toISOString(), isSigned }
      return []
    } catch (thrown) {
      return wrong(thrown instanceof RangeError ? thrown.message : toPlatformError(thrown).message)
    }
  }

  /** Who was asked for and has said nothing. */
  listMissing(): readonly Finding[] {
    const missing = this.#witnesses.filter(({ origin }) => !this.#seen.has(origin))
    const findings = missing.map(({ origin }) => ({
      type: 'unwitnessed' as const,
      place: 0,
      message: `the witness ${origin} has cosigned nothing`,
    }))
    if (this.#authority === undefined || this.#stamped !== undefined) return findings
    return [...findings, { type: 'unwitnessed', place: 0, message: 'the authority has time-stamped nothing' }]
  }

  summary(): { readonly witnessed: readonly Seen[]; readonly timestamped: Stamped | undefined } {
    return { witnessed: [...this.#seen.values()], timestamped: this.#stamped }
  }

  describe(): readonly string[] {
    const said = [...this.#seen.values()].map(
      ({ by, records, at }) =>
        `the witness ${by} had seen the first ${records} records at ${at}, grown from what it saw before`,
    )
    if (this.#stamped?.isSigned !== true) return said
    return [
      ...said,
      `the first ${this.#stamped.records} records were there at ${this.#stamped.at}, as the authority signed`,
    ]
  }
}
