import { expect, test } from 'vitest'
import { createUsage } from '../../../core/usage.ts'
import type { Store } from '../../../store/index.ts'
import { describeEngines, silentLog } from '../../../store/testing.ts'
import { createFakeClock } from '../../../core/time.ts'
import { createTokenScale, type TokenScale } from '../scale.ts'
import { createTokenScales, type TokenScales } from './scales.ts'
import { createScaleStore } from './store.ts'

const measured = {
  messages: 1,
  words: 40,
  letters: 200,
  digitGroups: 0,
  signRuns: 5,
  signs: 6,
  blanks: 2,
  wide: 0,
  other: 0,
  media: 0,
}
const seen = { units: 400, wide: 0, pieces: 0 }

/** An endpoint whose tokens are half as large as those of the rules of thumb. */
function teach(scale: TokenScale, answers: number): void {
  const rules = createTokenScale()
  for (let answer = 0; answer < answers; answer++) {
    const size = 1 + (answer % 5)
    const grown = Object.fromEntries(Object.entries(measured).map(([name, count]) => [name, count * size]))
    const inputTotal = Math.round(2 * rules.input({ ...measured, ...grown }))
    const outputTotal = size * 200
    scale.learn({
      usage: createUsage({ inputTotal, outputTotal }),
      seen: { ...seen, units: 400 * size },
      measureInput: () => ({ ...measured, ...grown }),
    })
  }
}

const clock = createFakeClock(Date.parse('2026-03-01T00:00:00Z'))

const start = async (store: Store): Promise<TokenScales> =>
  createTokenScales({ store: createScaleStore(store), clock, log: silentLog })

describeEngines('token scales', (open) => {
  test('are there again after a restart, to the last digit, for the same endpoint and model only', async () => {
    const store = await open()
    const first = await start(store)
    const scale = first.of('here', 'm')
    expect(first.of('here', 'm')).toBe(scale)
    teach(scale, 200)
    await first.close()
    const rules = createTokenScale()
    expect(scale.input(measured)).toBeGreaterThan(1.5 * rules.input(measured))
    expect(scale.output(seen)).toBeGreaterThan(1.5 * rules.output(seen))

    const next = await start(store)
    const again = next.of('here', 'm')
    expect(again.state()).toEqual(scale.state())
    expect([again.input(measured), again.output(seen)]).toEqual([scale.input(measured), scale.output(seen)])
    for (const [endpoint, model] of [
      ['here', 'other'],
      ['there', 'm'],
    ] as const)
      expect(next.of(endpoint, model).output(seen)).toBe(rules.output(seen))
    await next.close()
  })

  test('of two processes never mix: what has learned more stays, whole', async () => {
    const store = await open()
    const processes = await Promise.all([start(store), start(store), start(store)])
    const states = await Promise.all(
      processes.map(async (scales, index) => {
        const scale = scales.of('here', 'm')
        teach(scale, 50 * (index + 1))
        await scales.save()
        return scale.state()
      }),
    )
    await Promise.all(processes.map((scales) => scales.save()))
    // One that knows less comes last.
    teach(processes[0]?.of('here', 'm') ?? createTokenScale(), 1)
    for (const scales of processes) await scales.close()
    const rows = await store.sql.selectFrom('token_scale').selectAll().execute()
    expect(rows).toHaveLength(1)
    expect(JSON.parse(rows[0]?.body ?? '')).toEqual(states[2])
  })

  test.each([
    ['damaged', { body: '{"learned": 5, "answers"' }],
    ['of another size', { body: JSON.stringify({ ...createTokenScale().state(), answers: { weights: [1] } }) }],
    ['of another version', { version: 9_999 }],
  ])('that are %s begin anew', async (_, change) => {
    const store = await open()
    const first = await start(store)
    teach(first.of('here', 'm'), 200)
    await first.close()
    await store.sql.updateTable('token_scale').set(change).execute()
    const next = await start(store)
    const scale = next.of('here', 'm')
    expect(scale.output(seen)).toBe(createTokenScale().output(seen))
    teach(scale, 3)
    await next.close()
    const [row] = await store.sql.selectFrom('token_scale').selectAll().execute()
    // What a newer version has written stays for it.
    expect([row?.version, row?.learned]).toEqual('version' in change ? [9_999, 200] : [1, 3])
  })

  test('are as many as are bounded: the newest', async () => {
    const store = await open()
    const scales = createScaleStore(store)
    const body = JSON.stringify(createTokenScale().state())
    for (let row = 0; row < 6; row++)
      await scales.save({ endpoint: `e${row}`, model: 'm', version: 1, learned: 1, body, saved_at_ms: row })
    await scales.prune(4)
    expect((await scales.list(10)).map(({ endpoint }) => endpoint)).toEqual(['e5', 'e4', 'e3', 'e2'])
  })
})
