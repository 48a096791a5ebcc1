import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../../src/config/index.ts'
import type { CallFacts } from '../../src/core/call.ts'
import type { EventLog } from '../../src/core/ports.ts'
import { createIds } from '../../src/core/ids.ts'
import { createSystemRandom } from '../../src/core/random.ts'
import { createUsage } from '../../src/core/usage.ts'
import { createAuditKey, createAuditLog, readAuditKey } from '../../src/governance/index.ts'
import { createStore } from '../../src/store/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const records = 20_000
const nothing = (): void => undefined
const silentLog: EventLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** What it costs to take calls into the audit log, and how long the thread that serves is kept by it. */
export const scorecard: Scorecard = {
  name: 'sealing',
  purpose: `${records} recorded calls are taken into the audit log beside the thread that serves`,
  async run({ clock }): Promise<Measurement> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-sealing-'))
    const config = configSchema.parse({ store: { folder } }).store
    const store = await createStore({ config, clock, log: silentLog })
    const ids = createIds({ clock, random: createSystemRandom() })
    const key = readAuditKey(createAuditKey())
    const audit = createAuditLog({ store, clock, ids, log: silentLog, key, origin: 'sealing', sealMs: 86_400_000 })
    try {
      for (let index = 0; index < records; index++) store.recorder.settle(toTree(ids.create('call'), clock.now()))
      await store.flush()
      const before = process.cpuUsage()
      const waiting = performance.eventLoopUtilization()
      const sealed = await audit.seal()
      const busyMs = performance.eventLoopUtilization(waiting).active
      const { user, system } = process.cpuUsage(before)
      return {
        figures: { sealed, cpuMicrosecondsEach: (user + system) / sealed, servingThreadBusyMs: busyMs },
        promised: { sealed: ['=', records], servingThreadBusyMs: ['<=', 200] },
        unmeasured: [],
      }
    } finally {
      await audit.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** A request with one dispatch, as most are. */
function toTree(id: string, startedAtMs: number): readonly CallFacts[] {
  const usage = createUsage({ inputTotal: 1_200, outputTotal: 300 })
  const base = {
    rootId: id,
    tenant: 'default',
    keyId: 'key_1',
    startedAtMs,
    durationMs: 812.25,
    firstByteMs: 120.5,
    status: 'ok' as const,
    errorCode: undefined,
    usage,
    cost: 5n,
  }
  const none = { vendorModel: undefined, regions: undefined, priceVersion: undefined }
  return [
    {
      ...base,
      ...none,
      id,
      parentId: undefined,
      kind: 'request',
      name: 'everyday',
      detail: { allowedRegions: ['eu'] },
    },
    {
      ...base,
      id: `${id}.1`,
      parentId: id,
      kind: 'dispatch',
      name: 'eu-large',
      vendorModel: 'large-1',
      regions: ['de'],
      priceVersion: 'catalogue',
      detail: { attempt: 1, reason: 'first', sent: true },
    },
  ]
}
