import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type PostgresServer } from '../src/store/testing.ts'
import { runLookups } from './kit/lookups/index.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(async () => {
  await postgres.stop()
})

test.each(['SQLite', 'PostgreSQL'])(
  'calls cut short by clients and by a death count once, at what their vendor says where it does, in every book: %s',
  async (engine) => {
    const faults: string[] = []
    const figures = await runLookups({
      seed: 20_261_126,
      histories: 1,
      atOnce: 1,
      ...(engine === 'SQLite' ? {} : { createUrl: () => postgres.createUrl() }),
      // Nobody is being asked when the server dies: who asks then keeps the others waiting for a minute.
      history: {
        lives: 1,
        processes: 1,
        requests: 10,
        diesAsking: false,
        deadly: ['whole', 'begun', 'headed', 'unheard'],
      },
      onHistory: (_, found) => faults.push(...found),
    })
    expect(faults).toEqual([])
    expect(figures).toMatchObject({ histories: 1, kills: 1, requests: 20, faults: 0 })
    expect(figures.told).toBeGreaterThan(0)
  },
  180_000,
)
