import { createSeededRandom, type Random } from '../../src/core/random.ts'
import type { Passage } from '../../src/core/ports.ts'
import { openKnowledge, tenant, type OpenKnowledge } from '../kit/knowledge.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

const casesWanted = 1_000_000
const documentsMax = 120
const usersMax = 40
const groupsMax = 16
/** Every so many searches the result is held against a collection that has only what the user may see. */
const compareEvery = 200

/** Whether anybody ever sees what they may not, while lists, groups and documents change at random. */
export const scorecard: Scorecard = {
  name: 'acl',
  purpose: `${casesWanted} random cases of user, document and question, with lists and groups changing between: no leaks, nothing lost`,
  run: (options) => measureAccess(options, casesWanted),
}

/** The same with another number of cases. */
export async function measureAccess({ seed, clock, print }: ScorecardOptions, cases: number): Promise<Measurement> {
  const open = await openKnowledge({ clock, seed, searchOn: 'same-thread' })
  try {
    const world = new World(open, createSeededRandom(seed))
    await world.build()
    const counted = { cases: 0, searches: 0, changes: 0, leaks: 0, compared: 0, recalled: 0, expected: 0, missing: 0 }
    while (counted.cases < cases) {
      await world.change()
      counted.changes++
      for (let search = 0; search < 10; search++) await world.search(counted)
      if (counted.searches % 2_000 === 0) print(`${counted.cases} cases, ${counted.leaks} leaks`)
    }
    const { recalled, expected, ...figures } = counted
    return {
      figures: { ...figures, recall10: expected === 0 ? Number.NaN : recalled / expected },
      promised: { cases: ['>=', cases], leaks: ['=', 0], missing: ['=', 0], recall10: ['=', 1] },
      unmeasured: [],
    }
  } finally {
    await open.close()
  }
}

interface Counted {
  cases: number
  searches: number
  leaks: number
  compared: number
  recalled: number
  expected: number
  missing: number
}

interface Known {
  readonly id: string
  readonly name: string
  text: string
  access: { readonly allow: readonly string[]; readonly deny: readonly string[] } | undefined
}

const words = [
  'alpha',
  'beta',
  'gamma',
  'delta',
  'epsilon',
  'budget',
  'salary',
  'merger',
  '年假',
  '薪资',
  '并购',
  '预算',
  '密码',
]

/** What is in the collection, kept a second time in the plainest way. */
class World {
  readonly #open: OpenKnowledge
  readonly #random: Random
  readonly #documents: Known[] = []
  /** Members of each group. */
  readonly #members = new Map<string, Set<string>>()
  #comparisons = 0

  constructor(open: OpenKnowledge, random: Random) {
    this.#open = open
    this.#random = random
  }

  async build(): Promise<void> {
    await this.#open.knowledge.createCollection(tenant, 'shared')
    for (let number = 0; number < documentsMax; number++) {
      const [name, text] = [`${number}.txt`, this.#text()]
      const access = this.#access()
      const put = { externalId: `${number}`, name, bytes: Buffer.from(text), access }
      const { id } = await this.#open.knowledge.putDocument(tenant, 'shared', put)
      this.#documents.push({ id, name, text, access })
    }
    for (let count = 0; count < 60; count++) await this.#changeMember()
  }

  async change(): Promise<void> {
    const { knowledge } = this.#open
    const chance = this.#random.next()
    if (chance < 0.5) return this.#changeMember()
    const document = this.#pick(this.#documents)
    if (chance < 0.85) {
      document.access = this.#access()
      return knowledge.setAccess({ tenant, collection: 'shared', document: document.id, access: document.access })
    }
    document.text = this.#text()
    const externalId = document.name.replace('.txt', '')
    await knowledge.putDocument(tenant, 'shared', {
      externalId,
      name: document.name,
      bytes: Buffer.from(document.text),
    })
  }

  /** One user asks; each document is a case. */
  async search(counted: Counted): Promise<void> {
    const user = `user:${Math.floor(this.#random.next() * usersMax)}`
    const query = Array.from({ length: 1 + Math.floor(this.#random.next() * 3) }, () => this.#pick(words)).join(' ')
    const ask = { tenant, collections: ['shared'], query, passagesMax: 100, principals: [user], confidenceMin: 0 }
    const found = await this.#open.knowledge.search(ask)
    const allowed = this.#documents.filter((document) => this.#maySee(user, document))
    const names = new Set(allowed.map(({ name }) => name))
    counted.searches++
    counted.cases += this.#documents.length
    const shown = found.flatMap(({ source, why }) => [source, ...(why?.copies ?? []).map((copy) => copy.source)])
    counted.leaks += shown.filter((source) => !names.has(source)).length
    const holding = allowed.filter(({ text }) => query.split(' ').some((word) => text.includes(word)))
    const seen = new Set(
      found.flatMap((passage) => [passage.document, ...(passage.why?.copies ?? []).map((copy) => copy.document)]),
    )
    if (holding.length <= 100) counted.missing += holding.filter(({ id }) => !seen.has(id)).length
    if (counted.searches % compareEvery === 0) await this.#compare(counted, { query, found, allowed })
  }

  /** Brute force: a collection of the allowed documents alone, searched without any lists. */
  async #compare(
    counted: Counted,
    { query, found, allowed }: { query: string; found: readonly Passage[]; allowed: readonly Known[] },
  ): Promise<void> {
    const { knowledge } = this.#open
    const name = `alone-${this.#comparisons++}`
    await knowledge.createCollection(tenant, name)
    // In the order in which the others stand in the index, so that equal scores fall the same way.
    const order = new Map(found.map((passage, index) => [passage.source, index]))
    const alone = allowed.toSorted((a, b) => (order.get(a.name) ?? 1e9) - (order.get(b.name) ?? 1e9))
    const documents = alone.map((document) => ({
      externalId: document.id,
      name: document.name,
      bytes: Buffer.from(document.text),
    }))
    await knowledge.putDocuments(tenant, name, documents)
    const expected = await knowledge.search({ tenant, collections: [name], query, passagesMax: 10, confidenceMin: 0 })
    const top = new Set(found.slice(0, 10).map((passage) => passage.source))
    counted.compared++
    counted.expected += expected.length
    counted.recalled += expected.filter((passage) => top.has(passage.source)).length
    await knowledge.deleteCollection(tenant, name)
  }

  /** Through groups in groups; a denial wins. */
  #maySee(user: string, { access }: Known): boolean {
    if (access === undefined) return true
    const principals = new Set(['*', user])
    for (let size = 0; size !== principals.size; ) {
      size = principals.size
      for (const [group, members] of this.#members) {
        if ([...members].some((member) => principals.has(member))) principals.add(group)
      }
    }
    const has = (list: readonly string[]) => list.some((principal) => principals.has(principal))
    return has(access.allow) && !has(access.deny)
  }

  async #changeMember(): Promise<void> {
    const group = `group:${Math.floor(this.#random.next() * groupsMax)}`
    const member = this.#principal()
    const isMember = this.#random.next() < 0.6
    const members = this.#members.get(group) ?? new Set()
    if (isMember) members.add(member)
    else members.delete(member)
    this.#members.set(group, members)
    await this.#open.knowledge.setMember({ tenant, group, member, isMember })
  }

  #access(): Known['access'] {
    if (this.#random.next() < 0.2) return undefined
    const list = (max: number) => Array.from({ length: Math.floor(this.#random.next() * max) }, () => this.#principal())
    return { allow: list(5), deny: list(2) }
  }

  #principal(): string {
    const chance = this.#random.next()
    if (chance < 0.05) return '*'
    return chance < 0.5
      ? `group:${Math.floor(this.#random.next() * groupsMax)}`
      : `user:${Math.floor(this.#random.next() * usersMax)}`
  }

  #text(): string {
    const length = 5 + Math.floor(this.#random.next() * 30)
    return Array.from({ length }, () => this.#pick(words)).join(' ')
  }

  #pick<T>(list: readonly T[]): T {
    const item = list[Math.floor(this.#random.next() * list.length)]
    if (item === undefined) throw new Error('there is nothing to pick from')
    return item
  }
}
