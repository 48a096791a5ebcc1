import { expect } from 'vitest'
import { configSchema } from '../../../config/index.ts'
import type { Principal } from '../../../core/call.ts'
import { createIds } from '../../../core/ids.ts'
import type { EmbedAs, TextEmbedder } from '../../../core/ports.ts'
import type { ContextAsk, ContextWriter } from '../../../core/ports-contexts.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFakeClock } from '../../../core/time.ts'
import { createUsage } from '../../../core/usage.ts'
import type { Store } from '../../../store/index.ts'
import { silentLog } from '../../../store/testing.ts'
import { createKnowledge, type Knowledge } from '../index.ts'

export const tenant = 'tenant_a'
export const principal: Principal = { tenant, keyId: 'key_a', role: 'admin', models: undefined, regions: undefined }
export const place = { tenant, collection: 'reports' }

/** Writes what it is told to of the passages that hold a word, and of all others the same. */
export interface Scripted extends ContextWriter {
  readonly asked: (ContextAsk & { readonly as: EmbedAs })[]
  readonly words: Map<string, string>
  /** What it does instead of answering. */
  act: ((asked: ContextAsk, as: EmbedAs) => void | Promise<void>) | undefined
}

export function createScripted(words: Readonly<Record<string, string>> = {}): Scripted {
  const scripted: Scripted = {
    asked: [],
    words: new Map(Object.entries(words)),
    act: undefined,
    async write(asked, as) {
      scripted.asked.push({ ...asked, as })
      await scripted.act?.(asked, as)
      const word = [...scripted.words.keys()].find((each) => asked.own.includes(each))
      const text = scripted.words.get(word ?? '') ?? 'A passage of this document.'
      const usage = createUsage({ inputTotal: 100, cacheRead: asked.isShared ? 80 : 0, outputTotal: 10 })
      return { text, isCut: false, usage, cost: 1_000_000n }
    },
  }
  return scripted
}

export async function openOn(
  store: Store,
  parts: { readonly writer?: ContextWriter; readonly embedder?: TextEmbedder; readonly seed?: number },
  config: object = {},
): Promise<Knowledge> {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(parts.seed ?? 1) })
  const { knowledge: section } = configSchema.parse({ knowledge: { chunkUnitsMax: 120, versionsMax: 2, ...config } })
  return createKnowledge({
    store,
    clock,
    ids,
    config: section,
    log: silentLog,
    searchOn: 'same-thread',
    embedder: parts.embedder,
    contextWriter: parts.writer,
  })
}

export const acme = `# Annual report

## Figures

Revenue grew by three percent over the quarter before, as the board had foreseen in spring.

## Outlook

Nothing is foreseen to change that within the next twelve months, costs excepted.
`
export const words = { 'Revenue grew': 'Of the revenue of Zephyrine Holdings in the second quarter of 2023.' }

export const put = (knowledge: Knowledge, externalId: string, text: string) =>
  knowledge.putDocument(tenant, 'reports', { externalId, name: `${externalId}.md`, bytes: Buffer.from(text) })

export const search = async (knowledge: Knowledge, query: string, more: object = {}) =>
  (await knowledge.find({ tenant, collections: ['reports'], query, passagesMax: 5, ...more })).passages

export async function fill(knowledge: Knowledge): Promise<void> {
  await knowledge.createCollection(tenant, 'reports')
  await put(knowledge, 'one', acme)
  await put(knowledge, 'other', '# Menu\n\nThe canteen has soup and bread on every day of the week but Sunday.\n')
}

export async function write(knowledge: Knowledge, model = 'small') {
  await knowledge.planContexts({ ...place, model, principal })
  await knowledge.embedding.settled()
  return knowledge.getContexts(tenant, 'reports')
}

export async function isWhole(knowledge: Knowledge): Promise<void> {
  const { documents: _, passages: __, historyBreak, ...faults } = await knowledge.verify(tenant, 'reports')
  expect(historyBreak).toBeUndefined()
  expect(Object.values(faults)).toEqual(Object.values(faults).map(() => 0))
}
