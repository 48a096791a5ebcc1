import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveConsistency } from '../merkle.ts'
import { TileTree } from './tile-tree.ts'
import { verifyExport, type AuditReport } from '../index.ts'
import { startStrata, type RunningStrata } from '../../../../test/kit/strata.ts'
import { startAuthority, startWitness, type TestAuthority, type TestWitness } from './testing.ts'

let [strata, witness, second, authority]: [RunningStrata?, TestWitness?, TestWitness?, TestAuthority?] = []

const home = { processing: ['local'], storage: ['local'] }

async function setUp(type: 'rsa' | 'ec' = 'rsa') {
  const parts = [await startWitness('witness.example/w1'), await startWitness('witness.example/w2')] as const
  const stamps = await startAuthority(type)
  ;[witness, second, authority] = [...parts, stamps]
  strata = await startStrata({
    config: {
      governance: {
        audit: {
          witnesses: parts.map(({ url, key }) => ({ url, key, ...home })),
          timestamps: { url: stamps.url, everyMs: 1_000, ...home },
        },
      },
    },
  })
  return { strata, witness: parts[0], second: parts[1], authority: stamps }
}

let set: Awaited<ReturnType<typeof setUp>>

beforeAll(async () => {
  set = await setUp()
})

afterAll(async () => {
  await strata?.close()
  for (const each of [witness, second, authority]) await each?.close()
})

async function act(count = 1): Promise<void> {
  for (let done = 0; done < count; done += 1) await set.strata.platform.audit.act('default', { act: 'test', done })
  await set.strata.platform.audit.seal()
}

async function exportLines(): Promise<string[]> {
  const lines: string[] = []
  for await (const line of set.strata.platform.audit.export({ tenant: undefined })) lines.push(line)
  return lines
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

interface Asked {
  readonly witnesses?: readonly string[]
  readonly authority?: string
}

function verify(lines: readonly string[], asked: Asked): Promise<AuditReport> {
  return verifyExport(each(lines), { verifierKey: set.strata.platform.audit.verifierKey, ...asked })
}

const run = () => set.strata.platform.parts().witnessing.run()
const everyKey = () => ({ witnesses: [set.witness.key, set.second.key], authority: set.authority.certificate })

test('a log that was witnessed and time-stamped proves it to who holds the keys of those who did', async () => {
  await act(3)
  const first = await run()
  expect(first.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined])
  await act(300)
  await run()
  expect(set.witness.seen.size).toBeGreaterThan(300)
  const report = await verify(await exportLines(), everyKey())
  expect(report.findings).toEqual([])
  expect(report.isProven).toBe(true)
  expect(report.witnessed.map(({ by, records }) => [by, records])).toEqual([
    ['witness.example/w1', set.witness.seen.size],
    ['witness.example/w2', set.second.seen.size],
  ])
  expect(report.timestamped).toMatchObject({ isSigned: true })
  expect(report.proven.join('\n')).toContain('witness.example/w1 had seen the first')
  // Once a checkpoint is witnessed, nobody is asked again.
  await run()
  const asked = set.witness.requests.length
  await run()
  expect(set.witness.requests).toHaveLength(asked)
})

test('the page for browsers says of witnesses what the command says', async () => {
  const page = readFileSync(new URL('../../../../docs/reference/audit-verifier.html', import.meta.url), 'utf8')
  const context = createContext({ TextEncoder, TextDecoder })
  runInContext(/<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '', context)
  const { strata: verifier } = context as unknown as { readonly strata: { verifyExport: typeof verifyExport } }
  const lines = await exportLines()
  const { witnesses } = everyKey()
  const options = { verifierKey: set.strata.platform.audit.verifierKey, witnesses }
  const said = await verifier.verifyExport(each(lines), options)
  expect(JSON.parse(JSON.stringify(said))).toEqual(JSON.parse(JSON.stringify(await verify(lines, { witnesses }))))
  expect(said).toMatchObject({ isProven: true, timestamped: { isSigned: false } })
  expect(said.witnessed).toHaveLength(2)
})

test('a witness that has seen more or less than is remembered says so, and is shown the proof from there', async () => {
  await act(2)
  await set.strata.platform.store.sql.deleteFrom('audit_cosignature').execute()
  const before = set.witness.requests.length
  const [result] = await run()
  expect(result).toMatchObject({ failure: undefined, records: set.witness.seen.size })
  expect(set.witness.requests.length).toBe(before + 2)
})

test('a witness that never saw the log has cosigned nothing, and one that lies is not believed', async () => {
  await act()
  set.second.lies = true
  const results = await run()
  set.second.lies = false
  expect(results[1]).toMatchObject({
    records: undefined,
    failure: expect.stringContaining('no cosignature by its key'),
  })
  const stranger = await startWitness('witness.example/stranger')
  const report = await verify(await exportLines(), { witnesses: [stranger.key] })
  expect(report.isProven).toBe(false)
  expect(report.findings).toMatchObject([{ type: 'unwitnessed', message: expect.stringContaining('stranger') }])
  await stranger.close()
})

test('an authority that stamps something else is not believed, and no token is kept of it', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1_050))
  await act()
  set.authority.lies = true
  const results = await run()
  set.authority.lies = false
  expect(results[2]).toMatchObject({ failure: expect.stringContaining('stamps something else') })
})

test('what others said cannot be changed, moved or made up', async () => {
  const sound = await exportLines()
  const at = sound.findIndex((line) => line.includes('witness.example/w1'))
  const note = String(JSON.parse((sound[at] ?? '').split('\t')[1] ?? ''))
  const [head = '', tail = ''] = note.split(/(?=— witness.example\/w1 )/)
  const [signature = '', ...more] = tail.split('\n')
  const bytes = Buffer.from(signature.slice(signature.lastIndexOf(' ') + 1), 'base64')
  bytes[11] = (bytes[11] ?? 0) ^ 1 // the time at which it says it was seen
  const forged = `${signature.slice(0, signature.lastIndexOf(' ') + 1)}${bytes.toString('base64')}`
  const changed = sound.with(at, `checkpoint\t${JSON.stringify([`${head}${forged}`, ...more].join('\n'))}\n`)
  expect((await verify(changed, everyKey())).findings.map(({ type }) => type)).toContain('cosignature')
  const times = sound.flatMap((line, index) => (line.startsWith('time\t') ? [index] : []))
  expect(times.length).toBeGreaterThan(0)
  const [time = 0] = times
  const [, size = '', token = ''] = (sound[time] ?? '').trimEnd().split('\t')
  const other = Buffer.from(token, 'base64')
  other[other.length - 5] = (other[other.length - 5] ?? 0) ^ 1
  const resigned = sound.with(time, `time\t${size}\t${other.toString('base64')}\n`)
  expect((await verify(resigned, everyKey())).findings.map(({ type }) => type)).toContain('timestamp')
  const moved = [...sound.slice(0, time), ...sound.slice(time + 1, -1), sound[time] ?? '', sound.at(-1) ?? '']
  expect((await verify(moved, everyKey())).findings.map(({ type }) => type)).toContain('timestamp')
  // A file without what they said is no longer the one that was signed.
  const bare = sound.filter((line) => !line.startsWith('time\t'))
  expect((await verify(bare, {})).findings.map(({ type }) => type)).toContain('truncated')
  expect((await verify(bare, { authority: set.authority.certificate })).findings.map(({ type }) => type)).toContain(
    'unwitnessed',
  )
})

test('the certificate of another authority does not speak for this one; one with an elliptic curve does for its own', async () => {
  const ec = await startAuthority('ec')
  expect((await verify(await exportLines(), { authority: ec.certificate })).findings.map(({ type }) => type)).toContain(
    'timestamp',
  )
  const { timestamps: _, ...audit } = set.strata.platform.parts().config.governance.audit
  await set.strata.platform.store.sql.deleteFrom('audit_timestamp').execute()
  await set.strata.reload({
    governance: { audit: { origin: audit.origin, timestamps: { url: ec.url, everyMs: 1_000, ...home } } },
  })
  await act()
  expect((await run()).at(-1)).toMatchObject({ name: 'timestamps', failure: undefined })
  expect(await verify(await exportLines(), { authority: ec.certificate })).toMatchObject({ isProven: true })
  await ec.close()
})

test('a key that is none stops the configuration, with its place', async () => {
  const witnesses = [{ url: 'http://127.0.0.1:1', key: 'x+00000000+AAAA', ...home }]
  await expect(set.strata.reload({ governance: { audit: { witnesses } } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    param: 'governance.audit.witnesses[0].key',
  })
})

test('growth is proven from tiles as from all leaves, for every size', async () => {
  const leaves = Array.from({ length: 1_100 }, (_, index) => Buffer.alloc(32, index % 251))
  let most = 0
  const tree = new TileTree((from, count) => {
    most = Math.max(most, count)
    return Promise.resolve(leaves.slice(from, from + count))
  })
  for (const size of [1, 2, 3, 255, 256, 257, 511, 512, 513, 700, 1_024, 1_100]) {
    for (const known of [1, 2, 100, 255, 256, 257, 512, 600, 1_023, 1_100].filter((each) => each <= size)) {
      expect([size, known, await tree.proveGrowth(known, size)]).toEqual([
        size,
        known,
        proveConsistency(leaves.slice(0, size), known),
      ])
    }
  }
  expect(most).toBeLessThanOrEqual(256)
})
