import { expect, test } from 'vitest'
import { createIds } from '../../core/ids.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createIncidents, type IncidentKind } from './index.ts'

const start = Date.parse('2027-12-10T09:30:00Z')
const dayMs = 86_400_000
const who = { tenant: 'one', keyId: 'key_1' }
const other = { tenant: 'two', keyId: 'key_2' }

function createOn(store: Pick<Store, 'sql' | 'transaction'>) {
  const clock = createFakeClock(start)
  const acts: JsonValue[] = []
  const warned: JsonObject[] = []
  const incidents = createIncidents({
    store,
    clock,
    ids: createIds({ clock, random: createSystemRandom() }),
    log: { ...silentLog, warn: (fields) => void warned.push(fields) },
    audit: { act: async (_, body) => void acts.push(body) },
  })
  return { incidents, clock, acts, warned }
}

const incident = (kind: IncidentKind, awareAtMs = start - 3_600_000) => ({
  title: 'Wrong refusals',
  text: 'Forty people were refused. Mrs X called.',
  kind,
  useCase: 'loans',
  occurredAtMs: start - 2 * dayMs,
  awareAtMs,
})

describeEngines('an incident', (open) => {
  test.each([
    ['serious', 15],
    ['death', 10],
    ['widespread', 2],
  ] as const)('of the kind %s has to be reported %i days after one became aware of it', async (kind, days) => {
    const { incidents, clock } = createOn(await open())
    const made = await incidents.open(who, incident(kind))
    expect(made.dueAtMs).toBe(made.awareAtMs + days * dayMs)
    clock.advance((made.dueAtMs ?? 0) - clock.now())
    expect((await incidents.get('one', made.id)).incident.isOverdue).toBe(false)
    clock.advance(1)
    expect((await incidents.get('one', made.id)).incident.isOverdue).toBe(true)
    const reported = await incidents.report(who, made.id, { reference: 'MSA-1', text: 'to the authority' })
    expect(reported).toMatchObject({ state: 'reported', isOverdue: true, reference: 'MSA-1' })
    incidents.stop()
  })

  test('judged anew has another deadline, from the same awareness; one that need not be reported has none', async () => {
    const { incidents } = createOn(await open())
    const made = await incidents.open(who, incident('serious'))
    const worse = await incidents.note(who, made.id, { text: 'somebody died', kind: 'death' })
    expect(worse.dueAtMs).toBe(made.awareAtMs + 10 * dayMs)
    await expect(incidents.close(who, made.id, 'done')).rejects.toMatchObject({ code: 'CONFLICT' })
    const harmless = await incidents.note(who, made.id, { text: 'nothing happened', kind: 'other' })
    expect(harmless.dueAtMs).toBeUndefined()
    expect(await incidents.close(who, made.id, 'nothing to report')).toMatchObject({ state: 'closed' })
    await expect(incidents.note(who, made.id, { text: 'more' })).rejects.toMatchObject({ code: 'CONFLICT' })
    const { notes } = await incidents.get('one', made.id)
    expect(notes.map(({ what }) => what)).toEqual(['opened', 'judged', 'judged', 'closed'])
    expect(notes[1]?.text).toContain('serious → death')
    incidents.stop()
  })

  test('is reported once, and who asks is reminded before it is due', async () => {
    const { incidents, clock, warned } = createOn(await open())
    const made = await incidents.open(who, incident('widespread'))
    expect(await incidents.remind()).toBe(0)
    clock.advance(dayMs)
    expect(await incidents.remind()).toBe(1)
    expect(warned).toMatchObject([{ incident: made.id, overdue: false }])
    const reports = await Promise.allSettled(
      ['a', 'b'].map((reference) => incidents.report(who, made.id, { reference, text: 'reported' })),
    )
    expect(reports.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await incidents.remind()).toBe(0)
    incidents.stop()
  })

  test('belongs to its tenant, cannot come from the future, and its words stay out of the audit log', async () => {
    const { incidents, acts } = createOn(await open())
    const made = await incidents.open(who, incident('serious'))
    await expect(incidents.get('two', made.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(incidents.note(other, made.id, { text: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await incidents.list('two', { before: undefined, limit: 10 })).toEqual([])
    expect(await incidents.list('one', { before: undefined, limit: 10 })).toHaveLength(1)
    await expect(incidents.open(who, incident('serious', start + 1))).rejects.toMatchObject({ param: 'aware_at' })
    const backwards = { ...incident('serious'), awareAtMs: start - 3 * dayMs }
    await expect(incidents.open(who, backwards)).rejects.toMatchObject({ param: 'occurred_at' })
    expect(acts).toHaveLength(1)
    expect(JSON.stringify(acts)).not.toContain('Mrs X')
    incidents.stop()
  })
})
