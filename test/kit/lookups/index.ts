import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeededRandom } from '../../../src/core/random.ts'
import { startMockUpstream } from '../mock-upstream.ts'
import { type HistoryOptions, runHistory } from './history.ts'
import { judge } from './record.ts'

export interface LookupRun {
  readonly seed: number
  readonly histories: number
  /** Histories under way at a time: most of one is waiting. */
  readonly atOnce: number
  /** The URL of an empty database for each; the embedded one when absent. */
  readonly createUrl?: () => Promise<string>
  /** Of each history, drawn from the seed where it is left out. */
  readonly history?: Partial<Omit<HistoryOptions, 'folder' | 'url' | 'random'>>
  readonly onHistory?: (number: number, faults: readonly string[]) => void
}

export interface LookupFigures {
  readonly histories: number
  readonly kills: number
  readonly requests: number
  /** Requests whose end nobody saw. */
  readonly cut: number
  /** Of these, those that are charged as their vendor says. */
  readonly told: number
  /** Of these, those of whose answer no process knew the id. */
  readonly unheard: number
  readonly faults: number
}

const deadly = ['whole', 'left', 'left-unheard', 'begun', 'begun', 'headed', 'unheard'] as const

/** Random histories of calls that are cut short, each on a folder and with a vendor of its own. */
export async function runLookups(run: LookupRun): Promise<LookupFigures> {
  let figures = { histories: 0, kills: 0, requests: 0, cut: 0, told: 0, unheard: 0, faults: 0 }
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < run.histories) {
      const number = next++
      const found = await runOne(run, number)
      run.onHistory?.(number, found.faults)
      figures = {
        histories: figures.histories + 1,
        kills: figures.kills + found.kills,
        requests: figures.requests + found.requests,
        cut: figures.cut + found.cut,
        told: figures.told + found.told,
        unheard: figures.unheard + found.unheard,
        faults: figures.faults + found.faults.length,
      }
    }
  }
  await Promise.all(Array.from({ length: run.atOnce }, worker))
  return figures
}

async function runOne({ seed, history = {}, createUrl }: LookupRun, number: number) {
  const random = createSeededRandom(seed * 1_000 + number)
  const folder = mkdtempSync(join(tmpdir(), 'strata-lookups-'))
  const mock = await startMockUpstream()
  try {
    const drawn = {
      lives: 1 + Math.floor(random.next() * 3),
      processes: 1 + Math.floor(random.next() * 2),
      requests: 6 + Math.floor(random.next() * 10),
      diesAsking: random.next() < 0.4,
    }
    const place = { folder, url: (await createUrl?.()) ?? 'sqlite:' }
    const seen = await runHistory(mock, { deadly, ...drawn, ...history, ...place, random })
    return { kills: seen.kills, ...(await judge(place, seen)) }
  } finally {
    await mock.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
