import { afterEach, describe, expect, test } from 'vitest'
import type { CallFacts } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFacts } from '../../core/testing.ts'
import { createFakeClock, type FakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createAuditKey, createAuditLog, readAuditKey, verifyExport, type AuditLog, type AuditReport } from './index.ts'

const startMs = Date.parse('2026-12-02T08:00:00Z')
const key = readAuditKey(createAuditKey())
const opened: AuditLog[] = []

afterEach(async () => {
  for (const audit of opened.splice(0)) await audit.close()
})

interface Setting {
  readonly audit: AuditLog
  readonly clock: FakeClock
  /** Puts a call on record: one request, one dispatch. */
  readonly call: (options?: CallOptions) => string
}

interface CallOptions {
  readonly tenant?: string
  readonly detail?: JsonObject
  readonly cost?: bigint
  readonly regions?: readonly string[]
}

async function openOn(store: Store): Promise<Setting> {
  for (const id of ['default', 'acme']) {
    const tenant = { id, name: id, created_at_ms: startMs }
    await store.sql
      .insertInto('tenant')
      .values(tenant)
      .onConflict((on) => on.doNothing())
      .execute()
  }
  const clock = createFakeClock(startMs)
  const ids = createIds({ clock, random: createSeededRandom(7) })
  const deps = { store, clock, ids, log: silentLog, key, origin: 'test', sealMs: 3_600_000 }
  const audit = createAuditLog(deps)
  opened.push(audit)
  return {
    audit,
    clock,
    call(options = {}) {
      clock.advance(1)
      const id = ids.create('call')
      store.recorder.settle(toTree(id, clock.now(), options))
      return id
    },
  }
}

function toTree(
  id: string,
  atMs: number,
  { tenant = 'default', detail, cost = 5n, regions = ['de'] }: CallOptions,
): readonly CallFacts[] {
  const times = { startedAtMs: atMs, durationMs: 1.25, firstByteMs: 0.5 }
  const root = createFacts({ id, name: 'chat', tenant, ...times, cost, detail })
  const tried = { attempt: 1, reason: 'first', sent: true }
  return [{ ...root, id: `${id}.1`, parentId: id, kind: 'dispatch', name: 'plain', regions, detail: tried }, root]
}

async function collect(audit: AuditLog, tenant?: string): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const line of audit.export({ tenant })) lines.push(line)
  return lines
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

function verify(lines: readonly string[], known?: readonly string[]): Promise<AuditReport> {
  return verifyExport(each(lines), { verifierKey: opened[0]?.verifierKey ?? '', known })
}

describeEngines('the audit log', (open) => {
  test('finds by its hash what decisions were made from', async () => {
    const { audit } = await openOn(await open())
    await audit.keep([{ kind: 'facts', hash: 'h', text: '{"a":1}' }])
    expect([await audit.findMaterial('h'), await audit.findMaterial('none')]).toEqual(['{"a":1}', undefined])
  })

  test('holds every call and act once, numbered without gaps, and proves it with the public key alone', async () => {
    const { audit, call } = await openOn(await open())
    for (let count = 0; count < 5; count++) call()
    await audit.act('default', { act: 'key.create', key: 'key_2' })
    expect(await audit.seal()).toBe(6)
    expect(await audit.seal()).toBe(0)
    call()
    const report = await verify(await collect(audit))
    expect(report).toMatchObject({
      isProven: true,
      findings: [],
      records: 7,
      checkpoints: 2,
      tenants: 1,
      hashesOnly: 0,
    })
    expect(report.notProven).not.toEqual([])
  })

  test('a row that goes before a checkpoint covers it is missed all the same', async () => {
    const store = await open()
    const { audit, call } = await openOn(store)
    const id = call()
    call()
    await store.flush()
    await store.sql.deleteFrom('call').where('root_id', '=', id).execute()
    expect(await audit.seal()).toBe(2)
    expect(await verify(await collect(audit))).toMatchObject({ records: 2, isProven: false })
  })

  test('goes on where it was after a restart, and two that seal at once take nothing twice', async () => {
    const place = await open.createPlace()
    const first = await open({ place })
    const one = await openOn(first)
    const other = await openOn(first)
    for (let count = 0; count < 20; count++) one.call()
    const counts = await Promise.all([one.audit.seal(), other.audit.seal()])
    expect(counts[0] + counts[1]).toBe(20)
    await first.close()
    const again = await openOn(await open({ place }))
    again.clock.advance(10_000)
    again.call()
    expect(await verify(await collect(again.audit))).toMatchObject({ isProven: true, records: 21 })
  })

  test('shows of other tenants only the hashes, and proves all the same', async () => {
    const store = await open()
    const { audit, call } = await openOn(store)
    for (let count = 0; count < 4; count++) {
      call()
      call({ tenant: 'acme', detail: { secret: 'of acme' } })
    }
    const lines = await collect(audit, 'default')
    expect(lines.join('')).not.toContain('of acme')
    expect(await verify(lines)).toMatchObject({ isProven: true, records: 4, hashesOnly: 4, tenants: 1 })
  })

  test('proves of one call that it is in the log, and of another tenant nothing', async () => {
    const { audit, call } = await openOn(await open())
    const ids = [call(), call(), call()]
    const proof = await audit.prove('default', ids[1] ?? '')
    expect(JSON.parse(proof.record)).toMatchObject({ type: 'call', sequence: 2, root: ids[1] })
    expect(proof.proof.length).toBeGreaterThan(0)
    await expect(audit.prove('acme', ids[1] ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(audit.proveGrowth(99)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describeEngines('an export that was tampered with', (open) => {
  async function make(cost = 5n): Promise<{
    readonly lines: readonly string[]
    readonly early: string
    readonly audit: AuditLog
  }> {
    const { audit, call } = await openOn(await open())
    for (let count = 0; count < 4; count++) call({ cost })
    await audit.seal()
    const early = (await audit.checkpoint()) ?? ''
    for (let count = 0; count < 4; count++) call()
    return { lines: await collect(audit), early, audit }
  }

  test('is found out: an edit, a removal, an exchange, a truncation, an addition', async () => {
    const { lines } = await make()
    const records = lines.flatMap((line, index) => (line.startsWith('record') ? [index] : []))
    const [first = 0, second = 0] = records
    const tamper: readonly (readonly string[])[] = [
      lines.map((line, index) => (index === first ? line.replace('"cost":"5"', '"cost":"6"') : line)),
      lines.filter((_, index) => index !== second),
      lines.map((line, index) =>
        index === first ? (lines[second] ?? '') : index === second ? (lines[first] ?? '') : line,
      ),
      lines.slice(0, -1),
      lines.slice(0, -3).concat(lines.slice(-1)),
      lines.filter((line) => !line.startsWith('checkpoint')),
      [...lines.slice(0, 2), lines[first] ?? '', ...lines.slice(2)],
      [...lines, lines[first] ?? ''],
      lines.map((line) =>
        line.replace(/^strata-audit\t1\t([^\t]+)\t[^\t]+/, 'strata-audit\t1\t$1\t2020-01-01T00:00:00.000Z'),
      ),
    ]
    expect((await verify(lines)).isProven).toBe(true)
    for (const [index, tampered] of tamper.entries()) {
      expect((await verify(tampered)).isProven, `tampering ${index}`).toBe(false)
    }
  })

  test('is found out at every single byte of it', async () => {
    const { lines } = await make()
    const text = lines.join('')
    const random = createSeededRandom(3)
    for (let run = 0; run < 80; run++) {
      const at = Math.floor(random.next() * text.length)
      const changed = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`
      const report = await verify(changed.split(/(?<=\n)/)).catch(() => ({ isProven: false }))
      expect(report.isProven, `byte ${at}`).toBe(false)
    }
  })

  test('is found out at every byte of its end, whose words nothing signs', async () => {
    const { lines } = await make()
    const end = lines.at(-1) ?? ''
    expect(end).toMatch(/^end\t8\t2\t[\w+/]{86}==\n$/)
    const letters = ['0', 'A', 'x', '+', '/', '=', '-', '_', ' ', '\t', '\r', '\u00a0']
    const changed = Array.from(end, (was, at) =>
      letters.flatMap((letter) => [
        ...(letter === was ? [] : [`${end.slice(0, at)}${letter}${end.slice(at + 1)}`]),
        `${end.slice(0, at)}${letter}${end.slice(at)}`,
      ]),
    ).flat()
    const shorter = Array.from(end, (_, at) => `${end.slice(0, at)}${end.slice(at + 1)}`)
    for (const other of [...changed, ...shorter]) {
      if (other === end) continue
      const report = await verify([...lines.slice(0, -1), other]).catch(() => ({ isProven: false }))
      expect(report.isProven, JSON.stringify(other)).toBe(false)
    }
  })

  test('is refused with its place when its line ends became CR LF', async () => {
    const { lines } = await make()
    await expect(verify(lines.map((line) => line.replace('\n', '\r\n')))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('line 1 ends in CR LF') as string,
    })
  })

  test('is found out when the log was rewound or forked behind a checkpoint seen before', async () => {
    const { lines, early } = await make()
    expect((await verify(lines, [early])).isProven).toBe(true)
    const other = await make(6n)
    expect((await verify(other.lines, [early])).findings).toMatchObject([{ type: 'fork' }])
    const { audit } = await openOn(await open())
    await audit.act('default', { act: 'server.start' })
    expect((await verify(await collect(audit), [early])).findings).toMatchObject([{ type: 'rewound' }])
  })

  test('is found out when another key has signed it', async () => {
    const { lines } = await make()
    const { audit } = await openOn(await open())
    const stranger = createAuditLog({
      store: await open(),
      clock: createFakeClock(startMs),
      ids: createIds({ clock: createFakeClock(startMs), random: createSeededRandom(9) }),
      log: silentLog,
      key: readAuditKey(createAuditKey()),
      origin: 'test',
      sealMs: 3_600_000,
    })
    opened.push(stranger)
    const report = await verifyExport(each(lines), { verifierKey: stranger.verifierKey })
    expect(report.isProven).toBe(false)
    expect(report.findings.map(({ type }) => type)).toContain('unsigned')
    await expect(verifyExport(each(lines), { verifierKey: 'test+00000000+AAAA' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    await expect(verifyExport(each(['a text\n']), { verifierKey: audit.verifierKey })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

describe('what is on record but should not be', () => {
  describeEngines('is found in an export that nobody touched', (open) => {
    test.each<readonly [string, CallOptions, string]>([
      ['nothing', { cost: 5n }, 'nothing'],
      ['residency', { regions: ['us'], detail: { allowed_regions: ['eu'] } }, 'residency'],
      ['an allowed place', { regions: ['fr'], detail: { allowed_regions: ['eu'] } }, 'nothing'],
      [
        'a decision of a pack that is not there',
        { detail: { policies: [{ pack: 'p', hash: 'h', facts: 'f', mode: 'enforce', decision: 'allow' }] } },
        'decision',
      ],
    ])('%s', async (_, options, expected) => {
      const { audit, call } = await openOn(await open())
      call(options)
      const { findings } = await verify(await collect(audit))
      expect(findings.map(({ type }) => type)).toEqual(expected === 'nothing' ? [] : [expected])
    })
  })
})
