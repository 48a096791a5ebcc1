import { Frontier, type DigestText } from '../merkle.ts'
import { toPages, type LeafRun } from '../pages.ts'
import type { Head, SealingWriter } from './store.ts'

/** The leaf hash of the record that has this number in its tenant. */
export type ToHash = (sequence: number) => DigestText

interface OpenRun extends LeafRun {
  readonly subjects: string[]
  readonly hashes: DigestText[]
}

/**
 * The leaves of one transaction. Those of a tenant stand in a row, so that a page names it once. A class because it grows leaf
 * by leaf, and holds the log until the transaction ends.
 */
export class Appending {
  readonly #writer: SealingWriter
  readonly #head: Head
  readonly #runs = new Map<string, OpenRun>()

  constructor(writer: SealingWriter, head: Head) {
    this.#writer = writer
    this.#head = head
  }

  /** Nothing to wait for unless it is the first of its tenant. */
  append(tenant: string, subject: string, toHash: ToHash): Promise<void> | undefined {
    const run = this.#runs.get(tenant)
    if (run === undefined) return this.#begin(tenant, subject, toHash)
    add(run, subject, toHash)
    return undefined
  }

  async #begin(tenant: string, subject: string, toHash: ToHash): Promise<void> {
    const run: OpenRun = { tenant, sequence: (await this.#writer.findSequence(tenant)) + 1, subjects: [], hashes: [] }
    this.#runs.set(tenant, run)
    add(run, subject, toHash)
  }

  /** Writes them. What the log is then. */
  async end(): Promise<Frontier> {
    const { size, roots } = this.#head
    const frontier = new Frontier(size, roots)
    const runs = [...this.#runs.values()]
    if (runs.length === 0) return frontier
    for (const { hashes } of runs) for (const hash of hashes) frontier.appendText(hash)
    for (const page of toPages(runs, size, await this.#writer.findLastPage())) await this.#writer.putPage(page)
    for (const { tenant, sequence, subjects } of runs) {
      await this.#writer.putSequence(tenant, sequence + subjects.length - 1)
    }
    await this.#writer.putHead(frontier)
    return frontier
  }
}

function add(run: OpenRun, subject: string, toHash: ToHash): void {
  run.hashes.push(toHash(run.sequence + run.subjects.length))
  run.subjects.push(subject)
}
