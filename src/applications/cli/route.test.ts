import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/time.ts'
import { createEmbeddedPairs, createPairs } from '../../models/learning/testing.ts'
import { runCli, type ProcessActs } from './index.ts'

let folder: string
const at = (name: string): string => join(folder, name)
const writeLines = (name: string, rows: readonly unknown[]): string => {
  writeFileSync(at(name), rows.map((row) => JSON.stringify(row)).join('\n'))
  return at(name)
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-route-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly printed: readonly string[]
  readonly noted: string
}

/** None of these commands opens the platform. */
async function run(argv: readonly string[], input: readonly string[] = []): Promise<Ran> {
  const printed: string[] = []
  const notes: string[] = []
  const never = (): never => {
    throw new Error('the platform is not needed')
  }
  const acts: Pick<ProcessActs, 'clock' | 'input'> = {
    clock: createFakeClock(1_795_000_000_000),
    async *input() {
      for (const chunk of input) yield Buffer.from(chunk)
    },
  }
  const code = await runCli({
    argv: ['route', ...argv],
    print: (text) => printed.push(text),
    note: (text) => notes.push(text),
    open: never,
    process: () => acts as ProcessActs, // All that these commands take of it.
  })
  return { code, printed, noted: notes.join('\n') }
}

describe('strata route', () => {
  test('trains with vectors that pairs bring along, and scores prompts that bring theirs', async () => {
    const data = writeLines('embedded.jsonl', createEmbeddedPairs(200, 1))
    const trained = await run(['train', '--data', data, '--out', at('near'), '--embedder', 'vectors', '--json'])
    expect(trained.code).toBe(0)
    expect(JSON.parse(trained.printed[0] ?? '')).toMatchObject({ embedder: 'vectors' })
    const [hard, easy] = [0.5, -0.5].map((side) => Array.from({ length: 16 }, (_, place) => (place < 8 ? side : 0.5)))
    const lines = [hard, easy].map((embedding) => `${JSON.stringify({ prompt: 'Which is it?', embedding })}\n`)
    const { printed } = await run(['score', '--router', at('near')], lines)
    expect(Number(printed[0])).toBeGreaterThan(0.5)
    expect(Number(printed[1])).toBeLessThan(0.2)
  })

  test('trains, scores line by line, and certifies with other labels', async () => {
    const data = writeLines('pairs.jsonl', createPairs(300, 1))
    const trained = await run(['train', '--data', data, '--out', at('router'), '--json'])
    expect(trained.code).toBe(0)
    const summary = JSON.parse(trained.printed[0] ?? '') as Record<string, unknown>
    expect(summary).toMatchObject({
      pairs: 300,
      weak: 'small',
      strong: 'large',
      models: [{ id: 'large' }, { id: 'small' }],
    })

    const again = await run(['train', '--data', data, '--out', at('again'), '--json'])
    expect(JSON.parse(again.printed[0] ?? '')).toMatchObject({ hash: summary['hash'] })

    const lines = '{"prompt":"What does the lemma say of the theorem?"}\r\n\n"What does the music say of the river?"'
    const scored = await run(['score', '--router', at('router')], [lines.slice(0, 30), lines.slice(30)])
    expect(scored.printed).toHaveLength(2)
    expect(Number(scored.printed[0])).toBeGreaterThan(Number(scored.printed[1]) + 0.3)

    const answers = { small: 'It is 3 + 4 = 9, I am not sure' }
    const asked = JSON.stringify({ prompt: 'What does the music say of the river?', answers })
    const [after = ''] = (await run(['score', '--router', at('router'), '--json'], [asked])).printed
    expect(JSON.parse(after)).toMatchObject({
      weak: 'small',
      strong: 'large',
      scores: { small: expect.any(Number) as number },
    })
    expect((JSON.parse(after) as { score: number }).score).toBeGreaterThan(0.5)

    const labels = writeLines('labels.jsonl', [...createPairs(400, 2), ...createPairs(20, 1)])
    const certify = [
      'certify',
      '--router',
      at('router'),
      '--data',
      labels,
      '--loss',
      '0.05',
      '--out',
      at('certificate'),
    ]
    const certified = await run([...certify, '--json'])
    const {
      labels: used,
      left_out: leftOut,
      ...rest
    } = JSON.parse(certified.printed[0] ?? '') as {
      readonly labels: number
      readonly left_out: { readonly seen: number }
    }
    expect(rest).toMatchObject({ result: 'certified', stage: 'answer' })
    expect(leftOut.seen).toBeGreaterThanOrEqual(20)
    expect(used + leftOut.seen).toBe(420)
    const once = readFileSync(labels, 'utf8')
    writeFileSync(at('twice.jsonl'), `${once}\n${once}`)
    const twice = await run(['certify', '--router', at('router'), '--data', at('twice.jsonl'), '--loss', '0.05'])
    expect(twice.printed.at(-1)).toContain(`${used} cases repeat a prompt`)
    expect(JSON.parse(readFileSync(at('certificate'), 'utf8'))).toMatchObject({
      epsilon: 0.05,
      delta: 0.1,
      judge: 'exact',
    })
    expect((await run([...certify, '--stage', 'question', '--confidence', '0.95'])).printed[0]).toMatch(
      /^certified: net/,
    )
  })

  test('says plainly when labels are too few to certify anything, and writes no certificate', async () => {
    await run(['train', '--data', writeLines('few.jsonl', createPairs(60, 3)), '--out', at('few-router')])
    const labels = writeLines('few-labels.jsonl', createPairs(15, 4))
    const ran = await run([
      'certify',
      '--router',
      at('few-router'),
      '--data',
      labels,
      '--loss',
      '0.01',
      '--out',
      at('none'),
    ])
    expect(ran).toMatchObject({
      code: 0,
      printed: [expect.stringMatching(/not certifiable with 1\d labels/), expect.any(String)],
    })
    expect(() => readFileSync(at('none'))).toThrow('ENOENT')
  })

  test('says of what it could learn nothing, and what it could not measure', async () => {
    const equal = createPairs(60, 1).map(({ prompt }) => ({ prompt, scores: { one: 1, two: 1 } }))
    const ran = await run(['train', '--data', writeLines('equal.jsonl', equal), '--out', at('equal')])
    expect(ran.code).toBe(0)
    expect(ran.printed).toContainEqual(expect.stringMatching(/^two: its labels are too few or all the same/))
    expect(ran.printed).toContainEqual(
      expect.stringMatching(/unmeasured.*\(there are 60\), on which the strong one is better/),
    )
    const apart = [...Array(30).keys()].map((row) => ({ prompt: `p${row}`, scores: { [`m${row % 2}`]: row % 3 } }))
    const other = await run(['train', '--data', writeLines('apart.jsonl', apart), '--out', at('apart')])
    expect(other.printed).toContainEqual(expect.stringContaining('(there are 0)'))
    const wrong = ['train', '--data', writeLines('swapped.jsonl', createPairs(60, 1)), '--out', at('swapped')]
    const swapped = await run([...wrong, '--strong', 'small', '--weak', 'large'])
    expect(swapped.printed).toContainEqual(expect.stringContaining('on which the strong one is better'))
    const json = await run(['train', '--data', at('equal.jsonl'), '--out', at('equal'), '--json'])
    expect(JSON.parse(json.printed[0] ?? '')).toMatchObject({ models: [{ learnt: false }, { learnt: false }] })
  })

  test('says when no prompt came in, and when lines were empty', async () => {
    await run(['train', '--data', writeLines('in.jsonl', createPairs(40, 5)), '--out', at('in')])
    expect(await run(['score', '--router', at('in')])).toMatchObject({
      code: 0,
      printed: [],
      noted: expect.stringContaining('no prompt came in') as string,
    })
    const ran = await run(['score', '--router', at('in')], ['\uFEFF"one"\r\n\r\n"two"\r\n'])
    expect(ran.printed).toHaveLength(2)
    expect(ran.noted).toContain('1 empty lines were passed over')
  })

  test('certifies nothing with labels in another range than the router was trained on', async () => {
    await run(['train', '--data', writeLines('shares.jsonl', createPairs(60, 6)), '--out', at('shares')])
    const marks = createPairs(300, 7).map(({ prompt, scores: { small, large } }) => ({
      prompt,
      scores: { small: 1 + 9 * (small ?? 0), large: 1 + 9 * (large ?? 0) },
    }))
    const labels = writeLines('marks.jsonl', marks)
    const ran = await run(['certify', '--router', at('shares'), '--data', labels, '--loss', '0.05', '--out', at('no')])
    expect(ran).toMatchObject({ code: 1, noted: expect.stringContaining('another range than 0 to 1') as string })
    expect(() => readFileSync(at('no'))).toThrow('ENOENT')
  })

  test('certifies any family of policies', async () => {
    const rows = Array.from({ length: 400 }, (_, row) => ({
      reference: 1,
      policies: [1, Number(row % 100 > 0), Number(row % 4 > 0)],
    }))
    const ran = await run(['certify', '--data', writeLines('family.jsonl', rows), '--loss', '0.05', '--json'])
    expect(JSON.parse(ran.printed[0] ?? '')).toMatchObject({ result: 'certified', policy: 1, labels: 400 })
  })

  test.each([
    [['train', '--data', 'nowhere', '--out', 'x'], 1, 'NOT_FOUND'],
    [['train'], 2, 'usage'],
    [['learn'], 2, 'usage'],
    [['score', '--router', 'nowhere'], 1, 'there is no router'],
    [['score', '--router', '.'], 1, 'is no file'],
    [['certify', '--data', 'x', '--loss', '2'], 1, 'between 0 and 1'],
    [['certify', '--data', 'x', '--loss', '0.1', '--stage', 'third', '--router', 'r'], 2, 'usage'],
  ] as const)('%j ends with %i and says why', async (argv, code, says) => {
    expect(await run(argv)).toMatchObject({ code, noted: expect.stringContaining(says) as string })
  })

  test('names the line that is wrong', async () => {
    writeFileSync(at('broken.jsonl'), '{"prompt": "a", "scores": {"m": 1}}\n{"prompt": 7}\n')
    expect((await run(['train', '--data', at('broken.jsonl'), '--out', at('x')])).noted).toContain('line 2.prompt')
    writeFileSync(at('binary.jsonl'), Buffer.from([0x22, 0xff, 0xfe, 0x22]))
    expect((await run(['train', '--data', at('binary.jsonl'), '--out', at('x')])).noted).toContain(
      'line 1 is not UTF-8',
    )
    writeFileSync(at('no-router'), 'nonsense')
    expect((await run(['score', '--router', at('no-router')], ['"x"'])).noted).toContain('ROUTER_INVALID')
    await run(['train', '--data', writeLines('ok.jsonl', createPairs(40, 5)), '--out', at('ok')])
    const scored = await run(['score', '--router', at('ok')], ['"one"\n', '{"text": "two"}\n'])
    expect(scored).toMatchObject({
      code: 1,
      printed: [expect.any(String)],
      noted: expect.stringContaining('line 2') as string,
    })
  })
})
