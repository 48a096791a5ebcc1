import { createHash } from 'node:crypto'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import { openCheckpoint, readVerifierKey, type Checkpoint, type Verifier } from './checkpoint.ts'
import { isEndSigned } from './export.ts'
import { Frontier, hashLeaf } from './merkle.ts'
import { Testimony, type Seen } from './testimony.ts'
import { createRecordJudge, type Finding, type RecordJudge } from './judge.ts'

/** What an export proves, and what is wrong with it. */
export interface AuditReport {
  /** True when nothing is wrong. */
  readonly isProven: boolean
  readonly findings: readonly Finding[]
  /** Findings beyond those kept. */
  readonly findingsMore: number
  readonly exportedAt: string | undefined
  readonly records: number
  /** Records of which only the hash is shown. */
  readonly hashesOnly: number
  readonly checkpoints: number
  readonly tenants: number
  /** Decisions of policy packs that were made again. */
  readonly decisions: number
  /** Decisions of packs in another language than Strata's own, which were not made again. */
  readonly decisionsForeign: number
  /** Dispatches whose regions were compared with those allowed. */
  readonly placements: number
  readonly oldestAt: string | undefined
  readonly newestAt: string | undefined
  /** Of each witness asked for, the most records it has cosigned. */
  readonly witnessed: readonly Seen[]
  /** The most records of a checkpoint that an authority has time-stamped. */
  readonly timestamped: (Seen & { readonly isSigned: boolean }) | undefined
  readonly proven: readonly string[]
  readonly notProven: readonly string[]
}

export interface VerifyOptions {
  /** As the operator gave it by another way than the export. */
  readonly verifierKey: string
  /** Checkpoints that the verifier has seen before: the log must have grown from them. */
  readonly known?: readonly string[] | undefined
  /** Keys of witnesses: each must have cosigned the log. */
  readonly witnesses?: readonly string[] | undefined
  /** Certificate of the authority that time-stamps, in PEM: one of its time-stamps must be there. */
  readonly authority?: string | undefined
}

const findingsMax = 100
/** Longer lines are refused: no record is as long. */
const lineBytesMax = 16_777_216

/**
 * Checks an export with the public key alone, line by line, each with its LF and exactly as it stands in the file. Rejects with
 * INVALID_REQUEST for a key or a file that is none. Cost: about 30 µs a record.
 */
export async function verifyExport(lines: AsyncIterable<string>, options: VerifyOptions): Promise<AuditReport> {
  const testimony = new Testimony(options)
  const verification = new Verification(readVerifierKey(options.verifierKey), testimony)
  for (const note of options.known ?? []) verification.expect(note)
  for await (const line of lines) verification.take(line)
  return verification.finish()
}

class Verification {
  readonly #verifier: Verifier
  readonly #frontier = new Frontier()
  readonly #digest = createHash('sha256')
  readonly #findings: Finding[] = []
  readonly #expected = new Map<number, Checkpoint>()
  readonly #judge: RecordJudge
  readonly #testimony: Testimony
  #more = 0
  #lines = 0
  #hashesOnly = 0
  #records = 0
  #checkpoints = 0
  #covered = 0
  #hasEnded = false
  #exportedAt: string | undefined

  constructor(verifier: Verifier, testimony: Testimony) {
    this.#verifier = verifier
    this.#testimony = testimony
    this.#judge = createRecordJudge((finding) => this.#find(finding))
  }

  expect(note: string): void {
    const checkpoint = openCheckpoint(note, this.#verifier)
    if (checkpoint === undefined) throw invalid('a checkpoint seen before is not signed by this key')
    this.#expected.set(checkpoint.size, checkpoint)
  }

  take(line: string): void {
    this.#lines += 1
    if (line.length > lineBytesMax) throw invalid(`line ${this.#lines} is longer than ${lineBytesMax} bytes`)
    if (line.endsWith('\r\n'))
      throw invalid(
        `line ${this.#lines} ends in CR LF; an export ends its lines in LF: the file was changed on its way`,
      )
    const [kind = '', ...fields] = line.replace(/\n$/, '').split('\t')
    if (this.#hasEnded) return this.#find({ type: 'malformed', place: this.#lines, message: 'stands after the end' })
    if (this.#lines === 1) this.#takeHead(kind, fields)
    else if (kind === 'end') return this.#takeEnd(line, fields[2] ?? '')
    else this.#takeLine(kind, fields)
    this.#digest.update(line)
  }

  finish(): AuditReport {
    if (!this.#hasEnded) this.#find({ type: 'truncated', place: this.#lines, message: 'the file has no signed end' })
    if (this.#covered < this.#frontier.size) {
      const message = `no checkpoint covers the records from ${this.#covered} on`
      this.#find({ type: 'uncovered', place: this.#covered, message })
    }
    this.#judge.finish()
    for (const finding of this.#testimony.listMissing()) this.#find(finding)
    for (const [size] of this.#expected) {
      this.#find({
        type: 'rewound',
        place: size,
        message: `a checkpoint seen before covers ${size} records; the log holds fewer`,
      })
    }
    const isProven = this.#findings.length === 0
    const judged = this.#judge.summary()
    return {
      isProven,
      findings: this.#findings,
      findingsMore: this.#more,
      exportedAt: this.#exportedAt,
      records: this.#records,
      hashesOnly: this.#hashesOnly,
      checkpoints: this.#checkpoints,
      ...judged,
      ...this.#testimony.summary(),
      proven: isProven ? [...proven, ...this.#testimony.describe()] : [],
      notProven: judged.decisionsForeign === 0 ? notProven : [...notProven, foreign(judged.decisionsForeign)],
    }
  }

  #takeHead(kind: string, [version, key, exportedAt]: readonly string[]): void {
    if (kind !== 'strata-audit' || version !== '1') throw invalid('the file is no export of an audit log')
    this.#exportedAt = exportedAt
    if (key === undefined || !key.startsWith(`${this.#verifier.origin}+`)) {
      this.#find({ type: 'foreign', place: 1, message: 'the file is of a log with another name' })
    }
  }

  #takeLine(kind: string, fields: readonly string[]): void {
    const [first = '', second = ''] = fields
    try {
      switch (kind) {
        case 'pack':
        case 'facts':
          return this.#judge.takeMaterial(kind, first, second)
        case 'leaf':
          this.#hashesOnly += 1
          return this.#append(Number(first), Buffer.from(second, 'hex'))
        case 'gone':
          this.#hashesOnly += 1
          this.#append(Number(first), Buffer.from(second, 'hex'))
          return this.#judge.takeGone(Number(first), fields[2] ?? '', Number(fields[3]))
        case 'record':
          this.#records += 1
          this.#append(Number(first), hashLeaf(Buffer.from(second, 'utf8')))
          return this.#judge.takeRecord(Number(first), second)
        case 'checkpoint':
          return this.#takeCheckpoint(String(JSON.parse(first)))
        case 'time':
          return this.#takeFindings(this.#testimony.takeTime(Number(first), second))
        default:
          return this.#find({ type: 'malformed', place: this.#lines, message: 'is no line of an export' })
      }
    } catch (thrown) {
      const { message } = toPlatformError(thrown)
      this.#find({ type: 'malformed', place: this.#lines, message: `cannot be read: ${message}` })
    }
  }

  #append(place: number, leaf: Buffer): void {
    if (place !== this.#frontier.size || leaf.length !== 32) {
      this.#find({ type: 'order', place, message: `stands where record ${this.#frontier.size} should` })
    }
    this.#frontier.append(leaf)
    const expected = this.#expected.get(this.#frontier.size)
    if (expected === undefined) return
    this.#expected.delete(this.#frontier.size)
    if (!expected.root.equals(this.#frontier.root())) {
      this.#find({ type: 'fork', place: expected.size, message: 'the log does not grow from a checkpoint seen before' })
    }
  }

  #takeCheckpoint(note: string): void {
    const checkpoint = openCheckpoint(note, this.#verifier)
    const place = this.#frontier.size
    if (checkpoint === undefined)
      return this.#find({ type: 'unsigned', place, message: 'a checkpoint is not signed by the key' })
    this.#checkpoints += 1
    if (checkpoint.size !== place || !checkpoint.root.equals(this.#frontier.root())) {
      const message = `the records are not those that the checkpoint of ${checkpoint.size} has signed`
      return this.#find({ type: 'changed', place, message })
    }
    this.#covered = checkpoint.size
    this.#takeFindings(this.#testimony.takeCheckpoint(note, checkpoint.size))
  }

  #takeFindings(findings: readonly Finding[]): void {
    for (const finding of findings) this.#find(finding)
  }

  /** Letter by letter: there is one way to write the end, so that no byte of it can be another. */
  #takeEnd(line: string, signature: string): void {
    this.#hasEnded = true
    const counts = `${this.#records + this.#hashesOnly}\t${this.#checkpoints}`
    const isWhole = line === `end\t${counts}\t${signature}\n`
    if (isWhole && isEndSigned(this.#digest.digest('hex'), signature, this.#verifier.key)) return
    this.#find({ type: 'truncated', place: this.#lines, message: 'the end does not sign what stands before it' })
  }

  #find(finding: Finding): void {
    if (this.#findings.length < findingsMax) this.#findings.push(finding)
    else this.#more += 1
  }
}

const proven = [
  'every record shown is in the tree that the checkpoints sign, in its place',
  'nothing was changed, removed, added or moved since each checkpoint was signed',
  'the records of each tenant shown are numbered without a gap, those included that retention has deleted and says so',
  'each decision of a policy pack follows from its facts and the pack of that hash',
  'what policies want reviewed left only after as many people agreed as were asked for, once for each review',
  'each dispatch that was sent went to regions that its request allowed, as far as their names are built in',
  'the cost of each request is the sum of its dispatches, and its chain of tries is coherent',
]

const notProven = [
  'that no traffic went around this server',
  'that the declared use cases were honest',
  'that an endpoint computed where it says it does',
  'that nobody was shown another log: compare checkpoints with others who hold them',
]

function foreign(count: number): string {
  return `that ${count} decisions of packs in Cedar follow from their facts: their engine was not asked`
}

function invalid(message: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', message)
}
