import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Principal } from '../../src/core/call.ts'
import type { Passage } from '../../src/core/ports.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { configSchema } from '../../src/config/index.ts'
import { createIds } from '../../src/core/ids.ts'
import { createKnowledge, type Knowledge } from '../../src/tools/retrieval/index.ts'
import { openKnowledge, silentLog, tenant, type OpenKnowledge } from '../kit/knowledge.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { noteWriter, toAccess, toContextWord, toText, type Act } from './deletion/acts.ts'
import { replay, type Known } from './deletion/replay.ts'
import { runAndKill } from './deletion/kill.ts'

const schedulesWanted = 10_000
/** After so many schedules the index is checked whole, the files are searched for every word that was deleted, and a new database begins. */
const schedulesPerDatabase = 250
/** One schedule of so many is run by a process of its own, which is killed. */
const schedulesPerKill = 10

/** What is left of deleted documents after random histories. */
export const scorecard: Scorecard = {
  name: 'deletion',
  purpose: `${schedulesWanted} random schedules of add, update, delete, access change, crash and kill -9: no row, no hit and no byte is left, of what a model wrote of them neither`,
  run: (options) => measureDeletion(options, { schedules: options.size ?? schedulesWanted, schedulesPerKill }),
}

export interface DeletionSize {
  readonly schedules: number
  readonly schedulesPerKill: number
}

/** The same with other numbers. */
export async function measureDeletion(options: ScorecardOptions, size: DeletionSize): Promise<Measurement> {
  const none = ['=', 0] as const
  return {
    figures: await new Run(options, size).all(),
    promised: {
      schedules: ['>=', size.schedules],
      rowsLeft: none,
      hitsLeft: none,
      bytesLeft: none,
      receiptsNotGone: none,
      lost: none,
      undone: none,
      indexFaults: none,
      contexts: ['>', 0],
    },
    unmeasured: [],
  }
}

/** Small segments and few versions, so that every path of the index is gone through often. */
const config = { foldChunksMax: 4, versionsMax: 2, chunkUnitsMax: 120 }

type There = Map<string, Known>

class Run {
  readonly #options: ScorecardOptions
  readonly #size: DeletionSize
  readonly #random: Random
  readonly #counted = {
    schedules: 0,
    acts: 0,
    crashes: 0,
    kills: 0,
    killsWithinAct: 0,
    deletions: 0,
    rowsLeft: 0,
    hitsLeft: 0,
    bytesLeft: 0,
    receiptsNotGone: 0,
    lost: 0,
    undone: 0,
    indexFaults: 0,
    contexts: 0,
  }
  #folder = ''
  #open: OpenKnowledge | undefined
  /** Words of deleted documents and of those that never were, none of which is anywhere else. */
  #deleted: string[] = []
  /** Documents whose receipts were counted, of this database. */
  readonly #receipts = new Set<string>()
  #word = 0

  constructor(options: ScorecardOptions, size: DeletionSize) {
    this.#options = options
    this.#size = size
    this.#random = createSeededRandom(options.seed)
  }

  async all(): Promise<Record<string, number>> {
    for (let left = this.#size.schedules; left > 0; left -= schedulesPerDatabase) {
      await this.#fill(Math.min(left, schedulesPerDatabase))
      if (this.#counted.schedules % 500 === 0) this.#options.print(JSON.stringify(this.#counted))
    }
    return this.#counted
  }

  /** Schedules on one database. History and receipts stay, so one for all would grow, and with it what reading its files takes. */
  async #fill(schedules: number): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), 'strata-deletion-'))
    try {
      await this.#enter()
      await this.#knowledge.createCollection(tenant, 'shared')
      await this.#knowledge.planContexts({ tenant, collection: 'shared', model: 'writer', principal: writing })
      for (let schedule = 0; schedule < schedules; schedule++) {
        const isKilled = this.#counted.schedules % this.#size.schedulesPerKill === 0
        await this.#schedule(isKilled ? await this.#killed() : await this.#lived())
        this.#counted.schedules++
      }
      await this.#scan()
    } finally {
      await this.#leave()
      rmSync(this.#folder, { recursive: true, force: true })
    }
  }

  async #enter(): Promise<void> {
    const { clock, seed } = this.#options
    const opening = { seed: seed + this.#word, config, searchOn: 'same-thread', folder: this.#folder } as const
    const contextWriter: typeof noteWriter = {
      write: (...asked) => {
        this.#counted.contexts++
        return noteWriter.write(...asked)
      },
    }
    // What a killed process was at work on is nobody's by now.
    const later = { ...clock, now: () => clock.now() + leaseMs }
    this.#open = await openKnowledge({ ...opening, clock: later, contextWriter })
    this.#open.knowledge.embedding.start()
  }

  async #leave(): Promise<void> {
    await this.#open?.close()
    this.#open = undefined
  }

  get #store(): OpenKnowledge['store'] {
    if (this.#open === undefined) throw new Error('the database is not open')
    return this.#open.store
  }

  get #knowledge(): Knowledge {
    if (this.#open === undefined) throw new Error('the database is not open')
    return this.#open.knowledge
  }

  /** What is there at the end of a schedule is found; then everything is deleted, and nothing may be left. */
  async #schedule(there: There): Promise<void> {
    for (const { id, words, isOpen } of there.values()) {
      if (!(await this.#isFound(words.at(-1) ?? ''))) this.#counted.lost++
      const isSeen = await this.#knowledge.canSee(tenant, id, { principals: ['user:bob'] })
      if (isSeen !== isOpen) this.#counted.undone++
    }
    for (const externalId of there.keys()) await this.#delete(there, externalId)
  }

  /** A few acts on a few documents, in this process. */
  async #lived(): Promise<There> {
    const there: There = new Map()
    const acts = 3 + Math.floor(this.#random.next() * 6)
    for (let act = 0; act < acts; act++) {
      this.#counted.acts++
      const externalId = this.#chooseDocument()
      const known = there.get(externalId)
      const chance = this.#random.next()
      if (known === undefined || chance < 0.4) await this.#put(there, externalId)
      else if (chance < 0.6) await this.#delete(there, externalId)
      else if (chance < 0.8) await this.#changeAccess(there, externalId)
      else await this.#crash(there, externalId)
    }
    return there
  }

  /** The same in a process of its own, which is killed within one of the acts or behind it. */
  async #killed(): Promise<There> {
    const acts = this.#chooseActs()
    const moment = {
      act: Math.floor(this.#random.next() * acts.length),
      delayMs: this.#random.next() * (this.#random.next() < 0.7 ? 12 : 60),
    }
    await this.#leave()
    const plan = { folder: this.#folder, seed: this.#options.seed + this.#word, config, acts }
    const { done, open } = await runAndKill(plan, moment)
    await this.#enter()
    await this.#knowledge.checkDeletions()
    this.#counted.kills++
    this.#counted.acts += done
    if (open !== undefined) this.#counted.killsWithinAct++
    return this.#judge(acts.slice(0, done), open === undefined ? undefined : acts[open])
  }

  #chooseActs(): readonly Act[] {
    const count = 4 + Math.floor(this.#random.next() * 6)
    return Array.from({ length: count }, (): Act => {
      const externalId = this.#chooseDocument()
      const chance = this.#random.next()
      if (chance < 0.45) return { type: 'put', externalId, word: this.#newWord() }
      if (chance < 0.8) return { type: 'delete', externalId }
      return { type: 'access', externalId, isOpen: this.#random.next() < 0.3 }
    })
  }

  /** Holds what a dead process has left against what it said: each act done or not done, and none of those it had done undone. */
  async #judge(done: readonly Act[], open: Act | undefined): Promise<There> {
    const isOpenDone = open !== undefined && (await this.#isDone(open))
    const { said, gone } = replay(isOpenDone ? [...done, open] : done)
    if (open?.type === 'put' && !isOpenDone) this.#deleted.push(open.word)
    const there: There = new Map()
    for (const externalId of externalIds) {
      const row = await this.#knowledge.findDocument(tenant, 'shared', externalId)
      const known = said.get(externalId)
      if ((row === undefined) !== (known === undefined)) this.#counted.undone++
      if (row === undefined || known === undefined) continue
      const { text } = await this.#knowledge.getVersion(tenant, row.version)
      if (!text.includes(known.words.at(-1) ?? '')) this.#counted.undone++
      // Of an access change that was under way either outcome is right.
      const isOpen =
        open?.type === 'access' && open.externalId === externalId
          ? await this.#knowledge.canSee(tenant, row.id, { principals: ['user:bob'] })
          : known.isOpen
      there.set(externalId, { id: row.id, words: known.words, isOpen })
    }
    await this.#judgeReceipts(gone.length)
    const words = gone.flat()
    await this.#look(words)
    await this.#countBytes(words)
    return there
  }

  async #isDone(act: Act): Promise<boolean> {
    const row = await this.#knowledge.findDocument(tenant, 'shared', act.externalId)
    if (act.type === 'delete') return row === undefined
    if (act.type === 'access' || row === undefined) return false
    return (await this.#knowledge.getVersion(tenant, row.version)).text.includes(act.word)
  }

  /** Each deletion of the dead process has its receipt, checked by now. */
  async #judgeReceipts(deletions: number): Promise<void> {
    const fresh = (await this.#knowledge.listReceipts(tenant)).filter(({ document }) => !this.#receipts.has(document))
    if (fresh.length !== deletions) this.#counted.undone++
    for (const { document, statement } of fresh) this.#note(document, statement)
  }

  async #put(there: There, externalId: string): Promise<void> {
    const word = this.#newWord()
    const known = there.get(externalId)
    const document = { externalId, name: `${externalId}.md`, bytes: Buffer.from(toText(word)) }
    const { id } = await this.#knowledge.putDocument(tenant, 'shared', document)
    there.set(externalId, { id, words: [...(known?.words ?? []), word], isOpen: known?.isOpen ?? true })
    // Else they are written while other things happen.
    if (this.#random.next() >= 0.5) return
    await this.#knowledge.embedding.settled()
    if ((await this.#search(toContextWord(word))).length === 0) this.#counted.lost++
  }

  async #delete(there: There, externalId: string): Promise<void> {
    const known = there.get(externalId)
    if (known === undefined) return
    const { statement } = await this.#knowledge.deleteDocument(tenant, 'shared', known.id)
    this.#note(known.id, statement)
    there.delete(externalId)
    await this.#look(known.words)
  }

  #note(document: string, statement: string | undefined): void {
    this.#receipts.add(document)
    this.#counted.deletions++
    const receipt = statement === undefined ? undefined : (JSON.parse(statement) as Receipt) // written by what is measured
    this.#counted.rowsLeft += receipt?.left.rows ?? 0
    this.#counted.hitsLeft += receipt?.left.hits ?? 0
    if (receipt?.result !== 'gone') this.#counted.receiptsNotGone++
  }

  async #look(words: readonly string[]): Promise<void> {
    for (const word of words) {
      if (await this.#isFound(word)) this.#counted.hitsLeft++
      if ((await this.#search(toContextWord(word))).length > 0) this.#counted.hitsLeft++
    }
    this.#deleted.push(...words)
  }

  async #isFound(word: string): Promise<boolean> {
    return (await this.#search(word)).some((passage) => passage.text.includes(word))
  }

  #search(word: string): Promise<readonly Passage[]> {
    return this.#knowledge.search({ tenant, collections: ['shared'], query: word, passagesMax: 5, confidenceMin: 0 })
  }

  async #changeAccess(there: There, externalId: string): Promise<void> {
    const known = there.get(externalId)
    if (known === undefined) return
    const isOpen = this.#random.next() < 0.3
    const change = { tenant, collection: 'shared', document: known.id, access: toAccess(isOpen) }
    await this.#knowledge.setAccess(change)
    there.set(externalId, { ...known, isOpen })
  }

  /** The process dies in the middle of an act, as far as one that lives can: within its transaction, or before a deletion has been checked. */
  async #crash(there: There, externalId: string): Promise<void> {
    this.#counted.crashes++
    const known = there.get(externalId)
    if (known === undefined) return
    const dying = this.#startDying(this.#random.next() < 0.5 ? 'in-transaction' : 'after-transaction')
    const act: Act =
      this.#random.next() < 0.5 ? { type: 'put', externalId, word: this.#newWord() } : { type: 'delete', externalId }
    if (act.type === 'put') {
      const document = { externalId, name: `${externalId}.md`, bytes: Buffer.from(toText(act.word)) }
      const version = await dying.putDocument(tenant, 'shared', document).catch(() => undefined)
      if (version !== undefined) throw new Error('the process was to die')
    } else await dying.deleteDocument(tenant, 'shared', known.id).catch(() => undefined)
    await this.#leave()
    await this.#enter()
    await this.#knowledge.checkDeletions()
    const isDone = await this.#isDone(act)
    if (act.type === 'put') {
      if (isDone) there.set(externalId, { ...known, words: [...known.words, act.word] })
      else this.#deleted.push(act.word)
    } else if (isDone) {
      there.delete(externalId)
      this.#note(known.id, (await this.#knowledge.getReceipt(tenant, known.id)).statement)
      await this.#look(known.words)
      await this.#countBytes(known.words)
    }
  }

  /** Knowledge on the same database whose process ends with its first transaction. */
  #startDying(dies: 'in-transaction' | 'after-transaction'): Knowledge {
    const store = this.#store
    const { clock, seed } = this.#options
    const died = new Error('the process died')
    const transaction: typeof store.transaction = async (work) => {
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
    const read = configSchema.parse({ knowledge: config }).knowledge
    const parts = { store: { ...store, transaction }, clock, ids, log: silentLog, config: read }
    return createKnowledge({ ...parts, searchOn: 'same-thread' })
  }

  async #scan(): Promise<void> {
    await this.#knowledge.embedding.settled()
    await this.#store.scrub(['document'])
    await this.#countBytes(this.#deleted)
    this.#deleted = []
    this.#receipts.clear()
    const report = await this.#knowledge.verify(tenant, 'shared')
    const { historyBreak, documents: _documents, passages: _passages, ...faults } = report
    this.#counted.indexFaults += Object.values(faults).reduce(
      (sum, count) => sum + count,
      historyBreak === undefined ? 0 : 1,
    )
  }

  async #countBytes(words: readonly string[]): Promise<void> {
    const all = words.flatMap((word) => [word, toContextWord(word)])
    const counts = (await this.#store.countBytes(all.map((word) => Buffer.from(word)))) ?? []
    this.#counted.bytesLeft += counts.reduce((sum, count) => sum + count, 0)
  }

  #chooseDocument(): string {
    return externalIds[Math.floor(this.#random.next() * externalIds.length)] ?? ''
  }

  /** Long enough that no chance makes it twice. */
  #newWord(): string {
    const letters = Array.from({ length: 14 }, () => String.fromCharCode(97 + Math.floor(this.#random.next() * 26)))
    return `${letters.join('')}${this.#word++}`
  }
}

/** On whose account contexts are written; nobody pays for the writer of a scorecard. */
const writing: Principal = { tenant, keyId: 'scorecard', role: 'admin', models: undefined, regions: undefined }
/** Longer than a process that is not heard of counts as alive. */
const leaseMs = 30_000
const externalIds = ['doc-0', 'doc-1', 'doc-2']

interface Receipt {
  readonly left: { readonly rows: number; readonly hits: number; readonly bytes: number | null }
  readonly result: string
}
