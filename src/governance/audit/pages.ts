import type { DigestText } from './merkle.ts'
import type { LeafRow, PageRow } from './store.ts'

/** A page takes more leaves while it has fewer than the first, and never more than the second. */
export const pageLeavesMin = 256
export const pageLeavesMax = 1_024

const hexDigits = 64

/** Leaves in a row that are of one tenant. */
export interface LeafRun {
  readonly tenant: string
  /** Of the first; each that follows has the next. */
  readonly sequence: number
  readonly subjects: readonly string[]
  readonly hashes: readonly DigestText[]
}

/** Where the next leaf goes. */
export interface LastPage {
  readonly place: number
  readonly count: number
  readonly firstCall: string | undefined
  readonly lastCall: string | undefined
}

/** What is added to a page: to the last one where it stands at its place, or a new one. */
export interface PageAddition extends LastPage {
  readonly isNew: boolean
  /** Of the whole page, as are place and bounds; entries and hashes are what is added. */
  readonly count: number
  readonly entries: string
  readonly hashes: string
}

/** Cuts runs to pages. `size` is how many leaves there are. */
export function toPages(runs: readonly LeafRun[], size: number, last: LastPage | undefined): readonly PageAddition[] {
  const pages: PageAddition[] = []
  let page = new OpenPage(last !== undefined && last.count < pageLeavesMin ? last : undefined, size)
  for (const run of runs) {
    for (let from = 0; from < run.subjects.length; ) {
      if (page.room === 0) {
        pages.push(page.toAddition())
        page = new OpenPage(undefined, page.end)
      }
      from += page.add(run, from)
    }
  }
  if (page.hasGrown) pages.push(page.toAddition())
  return pages
}

/** A class because it fills. */
class OpenPage {
  readonly #isNew: boolean
  readonly #place: number
  readonly #countBefore: number
  #count: number
  #firstCall: string | undefined
  #lastCall: string | undefined
  #entries = ''
  #hashes = ''

  constructor(last: LastPage | undefined, size: number) {
    this.#isNew = last === undefined
    this.#place = last?.place ?? size
    this.#countBefore = last?.count ?? 0
    this.#count = this.#countBefore
    this.#firstCall = last?.firstCall
    this.#lastCall = last?.lastCall
  }

  get room(): number {
    return pageLeavesMax - this.#count
  }

  get end(): number {
    return this.#place + this.#count
  }

  get hasGrown(): boolean {
    return this.#count > this.#countBefore
  }

  /** As many of a run as there is room for; how many those are. */
  add({ tenant, sequence, subjects, hashes }: LeafRun, from: number): number {
    const part = subjects.slice(from, from + this.room)
    this.#entries += `${JSON.stringify([tenant, sequence + from, part])}\n`
    this.#hashes += Buffer.from(hashes.slice(from, from + part.length).join(''), 'latin1').toString('hex')
    this.#count += part.length
    for (const subject of part) if (kindOf(subject) === 'call') this.#bound(subject)
    return part.length
  }

  #bound(call: string): void {
    if (this.#firstCall === undefined || call < this.#firstCall) this.#firstCall = call
    if (this.#lastCall === undefined || call > this.#lastCall) this.#lastCall = call
  }

  toAddition(): PageAddition {
    return {
      isNew: this.#isNew,
      place: this.#place,
      count: this.#count,
      firstCall: this.#firstCall,
      lastCall: this.#lastCall,
      entries: this.#entries,
      hashes: this.#hashes,
    }
  }
}

/** The leaves of a page, in order. */
export function* readPage({ place, entries, hashes }: PageRow): Generator<LeafRow> {
  let index = 0
  for (const line of entries.split('\n')) {
    if (line === '') continue
    const [tenant, first, subjects] = JSON.parse(line) as [string, number, string[]] // written above
    for (const [offset, subject] of subjects.entries()) {
      const hash = hashes.slice(index * hexDigits, (index + 1) * hexDigits)
      yield { place: place + index, tenant, sequence: first + offset, kind: kindOf(subject), subject, hash }
      index += 1
    }
  }
}

/** The ids of acts begin with their kind, as those of calls do. */
export function kindOf(id: string): 'call' | 'act' {
  return id.startsWith('act_') ? 'act' : 'call'
}
