import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { configSchema } from '../../src/config/index.ts'
import { createIds } from '../../src/core/ids.ts'
import { createKnowledge, type Knowledge } from '../../src/tools/retrieval/index.ts'
import { openKnowledge, silentLog, tenant, type OpenKnowledge } from '../kit/knowledge.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

const schedulesWanted = 10_000
/** After so many schedules the index is checked whole, and the files are searched for every word that was deleted. */
const schedulesPerScan = 250

/** What is left of deleted documents after random histories. */
export const scorecard: Scorecard = {
  name: 'deletion',
  purpose: `${schedulesWanted} random schedules of add, update, delete, access change and crash: no row, no hit and no byte is left`,
  run: (options) => measureDeletion(options, schedulesWanted),
}

/** The same with another number of schedules. */
export async function measureDeletion(options: ScorecardOptions, schedules: number): Promise<Measurement> {
  const open = await openKnowledge({ ...options, config, searchOn: 'same-thread' })
  try {
    const none = ['=', 0] as const
    return {
      figures: await new Run(open, options).all(schedules),
      promised: {
        schedules: ['>=', schedules],
        rowsLeft: none,
        hitsLeft: none,
        bytesLeft: none,
        receiptsNotGone: none,
        lost: none,
        indexFaults: none,
      },
      unmeasured: [],
    }
  } finally {
    await open.close()
  }
}

/** Small segments and few versions, so that every path of the index is gone through often. */
const config = { foldChunksMax: 4, versionsMax: 2, chunkUnitsMax: 120 }

class Run {
  readonly #options: ScorecardOptions
  readonly #open: OpenKnowledge
  readonly #random: Random
  readonly #counted = {
    schedules: 0,
    acts: 0,
    crashes: 0,
    deletions: 0,
    rowsLeft: 0,
    hitsLeft: 0,
    bytesLeft: 0,
    receiptsNotGone: 0,
    lost: 0,
    indexFaults: 0,
  }
  #knowledge: Knowledge
  /** Words of deleted documents, none of which is anywhere else. */
  #deleted: string[] = []
  #word = 0

  constructor(open: OpenKnowledge, options: ScorecardOptions) {
    this.#open = open
    this.#options = options
    this.#random = createSeededRandom(options.seed)
    this.#knowledge = this.#start()
  }

  async all(schedules: number): Promise<Record<string, number>> {
    await this.#knowledge.createCollection(tenant, 'shared')
    while (this.#counted.schedules < schedules) {
      await this.#schedule()
      this.#counted.schedules++
      if (this.#counted.schedules % schedulesPerScan === 0) await this.#scan()
      if (this.#counted.schedules % 1_000 === 0) this.#options.print(`${this.#counted.schedules} schedules`)
    }
    await this.#scan()
    return this.#counted
  }

  /** A few acts on a few documents; at the end everything is deleted, and nothing may be left. */
  async #schedule(): Promise<void> {
    const there = new Map<string, { readonly id: string; readonly words: string[] }>()
    const acts = 3 + Math.floor(this.#random.next() * 6)
    for (let act = 0; act < acts; act++) {
      this.#counted.acts++
      const externalId = `doc-${Math.floor(this.#random.next() * 3)}`
      const known = there.get(externalId)
      const chance = this.#random.next()
      if (known === undefined || chance < 0.4) await this.#put(there, externalId)
      else if (chance < 0.6) await this.#delete(there, externalId)
      else if (chance < 0.8) await this.#changeAccess(known.id)
      else await this.#crash(there, externalId)
    }
    for (const { words } of there.values()) if (!(await this.#isFound(words.at(-1) ?? ''))) this.#counted.lost++
    for (const externalId of there.keys()) await this.#delete(there, externalId)
  }

  async #put(there: Map<string, { readonly id: string; readonly words: string[] }>, externalId: string): Promise<void> {
    const word = this.#newWord()
    const known = there.get(externalId)
    const text = `# Note\n\nThe word of this note is ${word}, and 这份文件的暗号是${word}。\n\nOther lines are common. 其他内容都一样。\n`
    const document = { externalId, name: `${externalId}.md`, bytes: Buffer.from(text) }
    const { id } = await this.#knowledge.putDocument(tenant, 'shared', document)
    there.set(externalId, { id, words: [...(known?.words ?? []), word] })
  }

  async #delete(
    there: Map<string, { readonly id: string; readonly words: string[] }>,
    externalId: string,
  ): Promise<void> {
    const known = there.get(externalId)
    if (known === undefined) return
    const { statement = '{}' } = await this.#knowledge.deleteDocument(tenant, 'shared', known.id)
    this.#note(statement)
    there.delete(externalId)
    await this.#look(known.words)
  }

  #note(statement: string): void {
    const receipt = JSON.parse(statement) as Receipt // written by the code that is measured
    this.#counted.deletions++
    this.#counted.rowsLeft += receipt.left.rows
    this.#counted.hitsLeft += receipt.left.hits
    if (receipt.result !== 'gone') this.#counted.receiptsNotGone++
  }

  async #look(words: readonly string[]): Promise<void> {
    for (const word of words) if (await this.#isFound(word)) this.#counted.hitsLeft++
    this.#deleted.push(...words)
  }

  async #isFound(word: string): Promise<boolean> {
    const ask = { tenant, collections: ['shared'], query: word, passagesMax: 5, confidenceMin: 0 }
    return (await this.#knowledge.search(ask)).some((passage) => passage.text.includes(word))
  }

  async #changeAccess(document: string): Promise<void> {
    const access = this.#random.next() < 0.3 ? undefined : { allow: ['user:ada'], deny: [] }
    await this.#knowledge.setAccess({ tenant, collection: 'shared', document, access })
  }

  /** The process dies in the middle of an act: within its transaction, or before a deletion has been checked. */
  async #crash(
    there: Map<string, { readonly id: string; readonly words: string[] }>,
    externalId: string,
  ): Promise<void> {
    this.#counted.crashes++
    const known = there.get(externalId)
    if (known === undefined) return
    const dying = this.#start(this.#random.next() < 0.5 ? 'in-transaction' : 'after-transaction')
    if (this.#random.next() < 0.5) {
      const document = {
        externalId,
        name: `${externalId}.md`,
        bytes: Buffer.from(`This was never taken in: ${this.#newWord()}`),
      }
      const version = await dying.putDocument(tenant, 'shared', document).catch(() => undefined)
      if (version !== undefined) throw new Error('the process was to die')
      const row = await this.#knowledge.findDocument(tenant, 'shared', externalId)
      const text = (await this.#knowledge.getVersion(tenant, row?.version ?? '')).text
      const word = /never taken in: (\w+)/.exec(text)?.[1]
      if (word !== undefined) there.set(externalId, { ...known, words: [...known.words, word] })
    } else {
      await dying.deleteDocument(tenant, 'shared', known.id).catch(() => undefined)
      if ((await this.#knowledge.findDocument(tenant, 'shared', externalId)) === undefined) {
        there.delete(externalId)
        this.#knowledge = this.#start()
        await this.#knowledge.checkDeletions()
        this.#note((await this.#knowledge.getReceipt(tenant, known.id)).statement ?? '{}')
        await this.#look(known.words)
        return
      }
    }
    this.#knowledge = this.#start()
  }

  /** A knowledge that remembers nothing of the one before, on the same database. */
  #start(dies?: 'in-transaction' | 'after-transaction'): Knowledge {
    const { store } = this.#open
    const { clock, seed } = this.#options
    const died = new Error('the process died')
    const dying: typeof store.transaction = async (work) => {
      if (dies === 'in-transaction') {
        return store.transaction(async (sql) => {
          await work(sql)
          throw died
        })
      }
      await store.transaction(work)
      throw died
    }
    const ids = createIds({ clock, random: createSeededRandom(seed + this.#counted.crashes + 1) })
    const parts = { store: dies === undefined ? store : { ...store, transaction: dying }, clock, ids, log: silentLog }
    return createKnowledge({
      ...parts,
      config: configSchema.parse({ knowledge: config }).knowledge,
      searchOn: 'same-thread',
    })
  }

  async #scan(): Promise<void> {
    await this.#open.store.scrub(['document'])
    const counts = (await this.#open.store.countBytes(this.#deleted.map((word) => Buffer.from(word)))) ?? []
    this.#counted.bytesLeft += counts.reduce((sum, count) => sum + count, 0)
    this.#deleted = []
    const {
      historyBreak,
      documents: _documents,
      passages: _passages,
      ...faults
    } = await this.#knowledge.verify(tenant, 'shared')
    this.#counted.indexFaults += Object.values(faults).reduce(
      (sum, count) => sum + count,
      historyBreak === undefined ? 0 : 1,
    )
  }

  /** Long enough that no chance makes it twice. */
  #newWord(): string {
    const letters = Array.from({ length: 14 }, () => String.fromCharCode(97 + Math.floor(this.#random.next() * 26)))
    return `${letters.join('')}${this.#word++}`
  }
}

interface Receipt {
  readonly left: { readonly rows: number; readonly hits: number; readonly bytes: number | null }
  readonly result: string
}
