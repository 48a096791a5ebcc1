import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { describeEngines, type Place } from '../testing.ts'

const loop = fileURLToPath(new URL('../fixtures/record-loop.ts', import.meta.url))
const kills = 5

describeEngines('journal under kill -9', (open) => {
  test('each acknowledged settlement is in the database exactly once, each open intent is an interrupted call', async () => {
    const random = createSeededRandom(20_261_123)
    const place = await open.createPlace()
    for (let run = 0; run < kills; run++)
      await recordUntilKilled(place, { run, bytes: run === 0 ? 1 : 4_000, ms: random.next() * 250 })
    const said = readFileSync(join(place.folder, 'said.log'), 'utf8')

    const store = await open({ place })
    await store.flush()
    const rows = await store.sql.selectFrom('call').select(['id', 'root_id', 'status', 'usage_source']).execute()
    const statuses = new Map(rows.map((row) => [row.id, row.status]))
    const settled = pick(said, 'settled')
    const intended = pick(said, 'intended')
    expect(settled.length).toBeGreaterThan(100)

    expect(statuses.size).toBe(rows.length) // none twice
    expect(settled.filter((id) => statuses.get(id) !== 'ok' || statuses.get(`${id}.1`) !== 'ok')).toEqual([])
    expect(intended.filter((id) => !statuses.has(id))).toEqual([])
    const interrupted = rows.filter((row) => row.status === 'interrupted')
    expect(interrupted.length).toBeGreaterThanOrEqual(2 * kills)
    expect(interrupted.filter((row) => row.usage_source !== null)).toEqual([])
    expect(interrupted.filter((row) => statuses.get(row.root_id) !== 'interrupted')).toEqual([])
    expect(await store.sql.selectFrom('intent').selectAll().execute()).toEqual([])
    expect(readdirSync(place.folder).filter((name) => name.startsWith('journal-'))).toEqual([])
    if (open.engine === 'sqlite') {
      const { rows: verdict } = await sql`pragma integrity_check`.execute(store.sql)
      expect(verdict).toEqual([{ integrity_check: 'ok' }])
    }
  })
})

/** What was said in whole lines. */
function pick(said: string, act: 'settled' | 'intended'): readonly string[] {
  const lines = said.slice(0, said.lastIndexOf('\n')).split('\n')
  return lines.filter((line) => line.startsWith(`${act} `)).map((line) => line.slice(act.length + 1))
}

interface Death {
  readonly run: number
  /** What it has said before, a line of some thirty for each act, and how long after that it dies. */
  readonly bytes: number
  readonly ms: number
}

/** Lets a process record, and kills it. */
async function recordUntilKilled(place: Place, when: Death): Promise<void> {
  const child = spawn(process.execPath, [loop, JSON.stringify({ ...place, run: when.run })], { stdio: 'inherit' })
  const closed = once(child, 'close')
  const path = join(place.folder, 'said.log')
  const before = toSize(path)
  while (toSize(path) < before + when.bytes && child.exitCode === null) await setTimeout(10)
  await setTimeout(when.ms)
  child.kill('SIGKILL')
  expect(await closed).toEqual([null, 'SIGKILL'])
}

function toSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
