import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStrata } from '../../../test/kit/strata.ts'
import type { JsonObject } from '../../core/json.ts'
import { runCli, type OpenPlatform, type ProcessActs } from './index.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-money-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** One command with `--json`: its exit code and its document. */
async function run(...argv: readonly string[]): Promise<{ readonly code: number; readonly json: JsonObject }> {
  const printed: string[] = []
  const code = await runCli({
    argv: [...argv, '--json'],
    print: (text) => printed.push(text),
    note: () => undefined,
    open: openPlatform,
    process: () => ({}) as ProcessActs, // none of these commands asks the process for anything
  })
  return { code, json: JSON.parse(printed[0] ?? '{}') as JsonObject }
}

async function openPlatform(): Promise<OpenPlatform & { close(): Promise<void> }> {
  const strata = await startStrata({ config: {}, folder })
  return {
    parts: strata.platform.parts(),
    folder,
    backup: () => Promise.resolve(),
    close: () => strata.close(),
  }
}

const plan = {
  id: 'team',
  name: 'Team',
  currency: 'USD',
  meters: [{ id: 'tokens' }],
  prices: [{ kind: 'unit', id: 'tokens', meter: 'tokens', amount: '0.01' }],
}
const account = { id: 'acme', name: 'Acme', plan: 'team', starts_at: '2026-01-01T00:00:00Z' }
const event = { id: 'e1', account: 'acme', meter: 'tokens', quantity: 250, at: '2026-01-10T00:00:00Z' }

describe('money at the command line', () => {
  test('price tells what one body used and costs, and what is wrong with one', async () => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 400 } }
    const body = file('body.json', { object: 'chat.completion', model: 'gpt-4o', usage })
    expect(await run('price', body, '--dialect', 'openai', '--at', '2026-10-01')).toMatchObject({
      code: 0,
      json: {
        usage: { input_total: 1_000, cache_read: 400, output_total: 10, reasoning: null },
        cost: { usd: '0.0021' },
      },
    })
    expect(await run('price', body, '--dialect', 'openai', '--model', 'of-tomorrow')).toMatchObject({
      code: 0,
      json: { cost: null, reason: expect.stringMatching(/no price/) },
    })
    expect(await run('price', body, '--dialect', 'anthropic')).toMatchObject({
      code: 1,
      json: { error: { code: 'INVALID_REQUEST' } },
    })
    expect(await run('price', file('bad.json', '{"usage":'), '--dialect', 'openai')).toMatchObject({
      code: 1,
      json: { error: { code: 'INVALID_JSON' } },
    })
    expect(await run('price', join(folder, 'none.json'), '--dialect', 'openai')).toMatchObject({
      json: { error: { code: 'NOT_FOUND' } },
    })
    expect(await run('price', body, '--dialect', 'esperanto')).toMatchObject({
      code: 1,
      json: { error: { message: expect.stringMatching(/there are openai/) } },
    })
  })

  test('a month is billed from the database, and the invoice verifies on any machine', async () => {
    expect((await run('plans', 'add', file('plan.json', plan))).json).toMatchObject({ object: 'plan', version: 1 })
    expect((await run('plans', 'open', file('account.json', account))).code).toBe(0)
    const events = file(
      'events.jsonl',
      `${JSON.stringify(event)}\n${JSON.stringify(event)}\n${JSON.stringify({ ...event, id: 'e2', quantity: -1 })}\n`,
    )
    expect(await run('usage', 'record', events)).toMatchObject({
      code: 1,
      json: { accepted: 1, duplicate: 1, parked: 1 },
    })
    expect(
      (
        await run(
          'plans',
          'credit',
          file('credit.json', { id: 'c', account: 'acme', amount: '1', starts_at: '2026-01-01T00:00:00Z' }),
        )
      ).code,
    ).toBe(0)
    expect((await run('invoice', 'preview', 'acme')).json).toMatchObject({ payable: '1.50', preview: true })
    expect((await run('invoice', 'close', 'acme', '--period', '2026-01-15')).json).toMatchObject({
      number: 'acme-0001',
      payable: '1.50',
    })
    const evidence = join(folder, 'evidence.json')
    expect((await run('invoice', 'show', 'acme-0001', '--as', 'evidence', '--output', evidence)).code).toBe(0)
    expect((await run('invoice', 'verify', evidence)).json).toMatchObject({ equal: true })
    const forged = readFileSync(evidence, 'utf8').replace('"quantity":"250"', '"quantity":"240"')
    expect(await run('invoice', 'verify', file('forged.json', forged))).toMatchObject({
      code: 1,
      json: { equal: false },
    })
    const pdf = join(folder, 'invoice.pdf')
    await run('invoice', 'show', 'acme-0001', '--as', 'pdf', '--language', 'zh', '--output', pdf)
    expect(readFileSync(pdf).subarray(0, 8).toString()).toBe('%PDF-1.5')
    expect((await run('invoice', 'list')).json).toMatchObject({ data: [{ number: 'acme-0001' }] })
    expect(await run('invoice', 'show', 'none')).toMatchObject({ code: 1, json: { error: { code: 'NOT_FOUND' } } })
  })

  test('a history is billed from a file, without a database', async () => {
    const { account: _, ...own } = event
    const history = { plans: [plan], account, events: [own], until: '2026-03-01T00:00:00Z' }
    const { json } = await run('invoice', 'compute', file('history.json', history))
    expect(json).toMatchObject({ accepted: 1, invoices: [{ payable: '2.50' }, { payable: '0.00' }] })
    expect(
      await run('invoice', 'compute', file('bad-history.json', { ...history, plans: [{ ...plan, currency: 'XYZ' }] })),
    ).toMatchObject({
      code: 1,
      json: { error: { code: 'INVALID_REQUEST', message: expect.stringMatching(/plans\.0\.currency/) } },
    })
  })

  test('statements, prices and returns', async () => {
    const ours = file('ours.csv', 'date,model,cost\n2026-01-01,m,1.00\n')
    const { json } = await run('reconcile', file('theirs.csv', 'date,model,cost\n2026-01-01,m,1.25\n'), '--ours', ours)
    expect(json).toMatchObject({ difference: '0.25', unexplained: '0.25' })
    const entry = { kind: 'contract', model: 'm', price: { input: '1', output: '2' } }
    expect((await run('prices', 'add', file('price.json', entry))).code).toBe(0)
    expect((await run('prices', 'list')).json).toMatchObject({ data: [{ kind: 'contract', model: 'm' }] })
    expect((await run('prices', 'rerate', '--trial')).json).toMatchObject({ calls: 0, trial: true })
    expect((await run('usage')).json).toMatchObject({ total: { dispatches: 0 } })
    const inputs = {
      treated: { tasks: 10, settled: 8 },
      model_cost: 3,
      assumptions: { hours_per_task: 1, cost_per_hour: 10 },
    }
    expect((await run('outcomes', 'estimate', file('inputs.json', inputs))).json).toMatchObject({
      net: 77,
      label: 'gross, not incremental',
    })
    expect((await run('outcomes', 'report')).json).toMatchObject({ tasks: 0 })
  })
})
