import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { configSchema } from '../../src/config/index.ts'
import { createIds } from '../../src/core/ids.ts'
import { createSystemRandom } from '../../src/core/random.ts'
import { createSystemClock } from '../../src/core/time.ts'
import { createExtractor } from '../../src/infrastructure/edge/index.ts'
import { createStore, type Store } from '../../src/store/index.ts'
import { silentLog } from '../../src/store/testing.ts'
import { createKnowledge, type Knowledge } from '../../src/tools/retrieval/index.ts'

const questions = z
  .array(
    z.strictObject({
      ask: z.string(),
      language: z.enum(['en', 'zh']),
      source: z.string().nullable(),
      answer: z.string().nullable(),
    }),
  )
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'questions.json'), 'utf8')))

const documents = join(import.meta.dirname, 'documents')
const names = readdirSync(documents)

describe('the handbook', () => {
  const folder = mkdtempSync(join(tmpdir(), 'strata-handbook-'))
  const clock = createSystemClock()
  let store: Store
  let knowledge: Knowledge

  beforeAll(async () => {
    const config = configSchema.parse({ store: { folder } })
    store = await createStore({ config: config.store, clock, log: silentLog })
    const ids = createIds({ clock, random: createSystemRandom() })
    knowledge = createKnowledge({ store, clock, ids, config: config.knowledge, log: silentLog })
    await knowledge.createCollection('default', 'handbook')
    for (const name of names) {
      const bytes = readFileSync(join(documents, name))
      await knowledge.putDocument('default', 'handbook', { externalId: name, name, bytes })
    }
  })

  afterAll(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('has as many Chinese documents as English ones, give or take one', () => {
    const chinese = names.filter((name) => /\p{Script=Han}/u.test(name))
    expect(Math.abs(names.length - 2 * chinese.length)).toBeLessThanOrEqual(1)
    expect(new Set(questions.map((question) => question.language))).toEqual(new Set(['en', 'zh']))
  })

  test.each(questions)('$ask is answered from $source', async ({ ask, source, answer }) => {
    const query = { tenant: 'default', collections: ['handbook'], query: ask, passagesMax: 8 }
    const passages = await knowledge.search(query)
    const [quote] = createExtractor().extract(ask, passages).quotes
    const passage = quote === undefined ? undefined : passages[quote.passage]
    expect(passage?.source ?? null).toBe(source)
    if (quote === undefined || passage === undefined) return
    const text = passage.text.slice(quote.start, quote.end)
    expect(text).toContain(answer)
    const version = await knowledge.getVersion('default', passage.version)
    expect(version.text.slice(passage.start + quote.start, passage.start + quote.end)).toBe(text)
  })
})
