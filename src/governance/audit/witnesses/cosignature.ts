import { verify } from 'node:crypto'
import { readVerifierKey, type Verifier } from '../checkpoint.ts'

/** Cosignatures of witnesses (C2SP tlog-cosignature, `cosignature/v1`): that a log was seen to have grown, and when. */
const algorithmCosignature = 4

/** Throws INVALID_REQUEST for what is no key of a witness: `name+hash+base64`. */
export function readWitnessKey(text: string): Verifier {
  return readVerifierKey(text, algorithmCosignature)
}

/** What stands before the empty line of a note, its last newline included. */
export function textOfNote(note: string): string {
  const end = note.indexOf('\n\n')
  return end === -1 ? '' : note.slice(0, end + 1)
}

/** The lines of signatures of a note. */
export function signaturesOf(note: string): readonly string[] {
  const end = note.indexOf('\n\n')
  return end === -1
    ? []
    : note
        .slice(end + 2)
        .split('\n')
        .filter((line) => line !== '')
}

/** Whether a line says to be of this witness, whatever it is worth. */
export function isOfWitness(line: string, { origin, hash }: Verifier): boolean {
  const start = `— ${origin} `
  return line.startsWith(start) && Buffer.from(line.slice(start.length), 'base64').subarray(0, 4).equals(hash)
}

/** When the witness cosigned the text of a note, milliseconds UTC; `undefined` when it did not. */
export function readCosignature(line: string, text: string, witness: Verifier): number | undefined {
  if (!isOfWitness(line, witness)) return undefined
  const bytes = Buffer.from(line.slice(`— ${witness.origin} `.length), 'base64')
  if (bytes.length !== 76) return undefined
  const seconds = bytes.readBigUInt64BE(4)
  const signed = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)
  if (seconds === 0n || seconds > 10n ** 11n || !verify(null, signed, witness.key, bytes.subarray(12))) return undefined
  return Number(seconds) * 1_000
}
