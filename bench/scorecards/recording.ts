import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../../src/config/index.ts'
import { createStore, toPicodollars } from '../../src/store/index.ts'
import type { Clock } from '../../src/core/time.ts'
import { startMockUpstream } from '../../test/kit/index.ts'
import { startServerProcess } from '../../test/kit/server-process.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const requests = 20_000
const connections = 64
const adminKey = 'sk-strata-of-a-scorecard-0123456789abcdefghij'
const usage = { inputTotal: 120, outputTotal: 30 }
const costOfOne = 120n * 150_000n + 30n * 600_000n

/** Whether under steady load each answer has its rows, and the sum of the costs is what it must be to the picodollar. */
export const scorecard: Scorecard = {
  name: 'recording',
  purpose: `${requests} answers at ${connections} connections, whole and streamed, each with its rows and its exact cost`,
  async run({ clock }): Promise<Measurement> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-recording-'))
    try {
      const answered = await ask(folder)
      const { roots, dispatches, cost } = await readRecord(folder, clock)
      const none = ['=', 0] as const
      return {
        figures: {
          answered,
          missingRoots: answered - roots,
          missingDispatches: answered - dispatches,
          picodollarsOff: Number(cost - BigInt(answered) * costOfOne),
        },
        promised: {
          answered: ['=', requests],
          missingRoots: none,
          missingDispatches: none,
          picodollarsOff: none,
        },
        unmeasured: [],
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** Requests answered to their end by a server that is then stopped as an operator stops it. */
async function ask(folder: string): Promise<number> {
  const mock = await startMockUpstream({ script: { text: 'a short answer', usage } })
  const price = { input: '0.15', output: '0.60' }
  const place = { processing: ['local'], storage: ['local'] }
  const here = { dialect: 'openai', url: mock.url, model: 'mock', key: 'secret', price, ...place }
  const config = { endpoints: { here }, models: { everyday: { endpoint: 'here' } } }
  const server = await startServerProcess({ folder, config, adminKey })
  let sent = 0
  let answered = 0
  const client = async (): Promise<void> => {
    while (sent < requests) {
      const stream = sent++ % 2 === 0
      const response = await fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
        body: JSON.stringify({ model: 'everyday', stream, messages: [{ role: 'user', content: 'Hello' }] }),
      })
      await response.text()
      if (response.status === 200) answered++
      if (mock.requests.length > 1_000) mock.reset()
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, client))
    await server.stop()
    return answered
  } finally {
    await server.kill()
    await mock.close()
  }
}

async function readRecord(
  folder: string,
  clock: Clock,
): Promise<{ readonly roots: number; readonly dispatches: number; readonly cost: bigint }> {
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const store = await createStore({ config: configSchema.parse({ store: { folder } }).store, clock, log })
  try {
    await store.flush()
    const rows = await store.sql.selectFrom('call').select(['kind', 'cost']).where('status', '=', 'ok').execute()
    const dispatches = rows.filter((row) => row.kind === 'dispatch')
    return {
      roots: rows.filter((row) => row.kind === 'request').length,
      dispatches: dispatches.length,
      cost: dispatches.reduce((sum, row) => sum + (toPicodollars(row.cost) ?? 0n), 0n),
    }
  } finally {
    await store.close()
  }
}

function ignore(): void {
  // what the store says while it is read is of no use here
}
