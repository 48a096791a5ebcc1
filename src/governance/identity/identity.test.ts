import { afterEach, describe, expect, test, vi } from 'vitest'
import { createIds } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createFakeClock, type FakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createRegionGate } from '../sovereignty/index.ts'
import { createIdentity, type Identity } from './index.ts'

const startMs = Date.parse('2026-10-01T00:00:00Z')
const dayMs = 86_400_000
const environmentKey = 'a-long-and-random-admin-key'
const gate = createRegionGate({ regions: {} })
const member = { tenant: 'default', name: 'tests', role: 'member' } as const

interface Options {
  readonly clock?: FakeClock
  readonly log?: EventLog
  readonly keyDaysMax?: number
}

const open: Identity[] = []

afterEach(() => {
  for (const identity of open.splice(0)) identity.close()
  vi.useRealTimers()
})

async function createOn(store: Store, options: Options = {}): Promise<Identity> {
  const clock = options.clock ?? createFakeClock(startMs)
  const random = createSystemRandom()
  const identity = await createIdentity({
    store,
    clock,
    random,
    ids: createIds({ clock, random }),
    log: options.log ?? silentLog,
    isRegion: (name) => gate.has(name),
    isUseCase: (name) => name === 'support',
    keyDaysMax: () => options.keyDaysMax,
  })
  open.push(identity)
  return identity
}

/** An identity past its first start, on a store of its own. */
async function createStarted(store: Store, options: Options = {}): Promise<Identity> {
  const identity = await createOn(store, options)
  await identity.bootstrap(environmentKey)
  return identity
}

function codeOf(identity: Identity, credential: string | undefined): unknown {
  try {
    identity.authenticate(credential)
    return 'accepted'
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? thrown.code : thrown
  }
}

describeEngines('identity', (openStore) => {
  describe('keys', () => {
    test('a new key is shown once, has its form, and stands for its principal', async () => {
      const identity = await createStarted(await openStore())
      const { key, record } = await identity.keys.create({ ...member, models: ['small'], regions: ['eu'] })
      expect(key).toMatch(/^sk-strata-[0-9a-z]{8}-[A-Za-z0-9_-]{43}$/)
      expect(key.startsWith(`${record.prefix}-`)).toBe(true)
      const principal = identity.authenticate(key)
      expect(principal).toEqual({
        tenant: 'default',
        keyId: record.id,
        role: 'member',
        models: ['small'],
        regions: ['eu'],
      })
      expect(identity.authenticate(key)).toBe(principal)
      expect(JSON.stringify(await identity.keys.list('default'))).not.toContain(key.slice(-43))
    })

    test('nothing of a key but its hash and its first characters is kept', async () => {
      const store = await openStore()
      const identity = await createStarted(store)
      const { key } = await identity.keys.create(member)
      const rows = JSON.stringify(await store.sql.selectFrom('api_key').selectAll().execute())
      expect(rows).toContain(key.slice(0, 18))
      expect(rows).not.toContain(key.slice(19))
      expect(rows).not.toContain(environmentKey)
    })

    test('what is no key is refused, and the refusal does not repeat it', async () => {
      const identity = await createStarted(await openStore())
      const { key } = await identity.keys.create(member)
      const last = key.endsWith('A') ? 'B' : 'A'
      for (const credential of [
        undefined,
        '',
        'sk-strata',
        key.slice(0, -1),
        `${key.slice(0, -1)}${last}`,
        `${key} `,
      ]) {
        expect(codeOf(identity, credential)).toBe('UNAUTHENTICATED')
      }
      expect(codeOf(identity, 'x'.repeat(1_000_000))).toBe('UNAUTHENTICATED')
      expect(() => identity.authenticate('guess-1234')).toThrowError(/^(?!.*guess).*not known/)
    })

    test('a key ends at its instant, not before', async () => {
      const clock = createFakeClock(startMs)
      const identity = await createStarted(await openStore(), { clock })
      const { key } = await identity.keys.create({ ...member, expiresAtMs: startMs + 1000 })
      clock.advance(999)
      expect(codeOf(identity, key)).toBe('accepted')
      clock.advance(1)
      expect(codeOf(identity, key)).toBe('KEY_EXPIRED')
    })

    test('a revoked key is refused at once and for good; revoking again changes nothing', async () => {
      const clock = createFakeClock(startMs)
      const identity = await createStarted(await openStore(), { clock })
      const { key, record } = await identity.keys.create(member)
      const revoked = await identity.keys.revoke('default', record.id)
      expect(codeOf(identity, key)).toBe('KEY_REVOKED')
      clock.advance(5000)
      expect(await identity.keys.revoke('default', record.id)).toEqual(revoked)
      expect(revoked.revokedAtMs).toBe(startMs)
    })

    test('one tenant neither sees nor revokes the keys of another', async () => {
      const clock = createFakeClock(startMs)
      const identity = await createStarted(await openStore(), { clock })
      const other = await identity.tenants.create('other')
      clock.advance(1)
      const theirs = await identity.keys.create({ ...member, tenant: other.id })
      await identity.keys.create({ ...member, name: 'ours' })
      expect((await identity.keys.list('default')).map(({ name }) => name)).toEqual(['STRATA_ADMIN_KEY', 'ours'])
      expect((await identity.keys.list(other.id)).map(({ id }) => id)).toEqual([theirs.record.id])
      await expect(identity.keys.revoke('default', theirs.record.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(codeOf(identity, theirs.key)).toBe('accepted')
    })

    test('a key rotates by a second one beside it', async () => {
      const identity = await createStarted(await openStore())
      const first = await identity.keys.create(member)
      const second = await identity.keys.create(member)
      await identity.keys.revoke('default', first.record.id)
      expect([codeOf(identity, first.key), codeOf(identity, second.key)]).toEqual(['KEY_REVOKED', 'accepted'])
    })

    test.each([
      [{ name: ' ' }, 'name'],
      [{ name: 'x'.repeat(129) }, 'name'],
      [{ models: ['small', ''] }, 'models[1]'],
      [{ models: Array.from({ length: 257 }, () => 'm') }, 'models'],
      [{ regions: ['eu', 'germany'] }, 'regions[1]'],
      [{ expiresAtMs: startMs }, 'expires_at'],
      [{ expiresAtMs: 1.5e300 }, 'expires_at'],
    ])('a key asked for with %o is refused with its place', async (fault, param) => {
      const identity = await createStarted(await openStore())
      await expect(identity.keys.create({ ...member, ...fault })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        param,
      })
      expect(await identity.keys.list('default')).toHaveLength(1)
    })

    test('a key of a tenant that is not there is refused', async () => {
      const identity = await createStarted(await openStore())
      await expect(identity.keys.create({ ...member, tenant: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('no key outlives governance.keyDaysMax', async () => {
      const identity = await createStarted(await openStore(), { keyDaysMax: 30 })
      const { record } = await identity.keys.create(member)
      expect(record.expiresAtMs).toBe(startMs + 30 * dayMs)
      const tooLong = { ...member, expiresAtMs: startMs + 30 * dayMs + 1 }
      await expect(identity.keys.create(tooLong)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        param: 'expires_at',
      })
    })
  })

  describe('several processes on one database', () => {
    test('what one makes and revokes the other knows after a refresh, with the same principals', async () => {
      const place = await openStore.createPlace()
      const here = await createStarted(await openStore({ place }))
      const there = await createOn(await openStore({ place }))
      const kept = there.authenticate(environmentKey)
      const { key, record } = await here.keys.create(member)
      expect(codeOf(there, key)).toBe('UNAUTHENTICATED')
      await there.refresh()
      expect(codeOf(there, key)).toBe('accepted')
      await here.keys.revoke('default', record.id)
      await there.refresh()
      expect(codeOf(there, key)).toBe('KEY_REVOKED')
      expect(there.authenticate(environmentKey)).toBe(kept)
    })

    test('a revocation arrives by itself within two seconds', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      const place = await openStore.createPlace()
      const here = await createStarted(await openStore({ place }))
      const { key, record } = await here.keys.create(member)
      const there = await createOn(await openStore({ place }))
      await here.keys.revoke('default', record.id)
      expect(codeOf(there, key)).toBe('accepted')
      vi.advanceTimersByTime(2000)
      await vi.waitFor(() => expect(codeOf(there, key)).toBe('KEY_REVOKED'), { timeout: 30_000 })
    })

    test('while the database does not answer, known keys go on, and it is logged', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      const warn = vi.fn()
      const store = await openStore()
      const identity = await createStarted(store, { log: { ...silentLog, warn } })
      await store.close()
      vi.advanceTimersByTime(2000)
      await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce(), { timeout: 30_000 })
      expect(codeOf(identity, environmentKey)).toBe('accepted')
    })

    test('a closed identity asks the database no more', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      const identity = await createOn(await openStore())
      identity.close()
      expect(vi.getTimerCount()).toBe(0)
    })

    test('keys are there after a restart', async () => {
      const place = await openStore.createPlace()
      const first = await openStore({ place })
      const { key } = await (await createStarted(first)).keys.create(member)
      await first.close()
      const again = await createOn(await openStore({ place }))
      expect(codeOf(again, key)).toBe('accepted')
    })
  })

  describe('tenants', () => {
    test('are found by name and listed oldest first, the default one among them', async () => {
      const clock = createFakeClock(startMs)
      const identity = await createStarted(await openStore(), { clock })
      clock.advance(1)
      const made = await identity.tenants.create('city-of-bremen')
      expect(identity.tenants.find('city-of-bremen')).toEqual(made)
      expect(identity.tenants.find('nobody')).toBeUndefined()
      expect((await identity.tenants.list()).map(({ name }) => name)).toEqual(['default', 'city-of-bremen'])
      expect(identity.tenants.find('default')?.id).toBe('default')
    })

    test('the default one is there before the first start: keys can be made on a folder that never served', async () => {
      const store = await openStore()
      const [identity, other] = await Promise.all([createOn(store), createOn(store)])
      const { key } = await identity.keys.create(member)
      expect(codeOf(identity, key)).toBe('accepted')
      await other.refresh()
      expect(codeOf(other, key)).toBe('accepted')
      expect(await identity.tenants.list()).toHaveLength(1)
    })

    test('a name that is taken is a conflict, one that cannot stand in a path is refused', async () => {
      const identity = await createStarted(await openStore())
      await identity.tenants.create('a')
      await expect(identity.tenants.create('a')).rejects.toMatchObject({ code: 'CONFLICT', param: 'name' })
      for (const name of ['', 'A', 'a/b', '-a', 'x'.repeat(65)]) {
        await expect(identity.tenants.create(name)).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'name' })
      }
      expect(await identity.tenants.list()).toHaveLength(2)
    })
  })

  describe('the first start', () => {
    test('makes an admin key and shows it once', async () => {
      const place = await openStore.createPlace()
      const identity = await createOn(await openStore({ place }))
      const { key } = await identity.bootstrap(undefined)
      expect(identity.authenticate(key)).toMatchObject({ tenant: 'default', role: 'admin', models: undefined })
      expect(await identity.bootstrap(undefined)).toEqual({ key: undefined })
      const again = await createOn(await openStore({ place }))
      expect(await again.bootstrap(undefined)).toEqual({ key: undefined })
      expect(codeOf(again, key)).toBe('accepted')
    })

    test('of two processes at once makes one key', async () => {
      const place = await openStore.createPlace()
      const store = await openStore({ place })
      // Two SQLite connections in one thread would wait for each other; two threads or processes do not.
      const other = openStore.engine === 'sqlite' ? store : await openStore({ place })
      const both = [await createOn(store), await createOn(other)]
      const made = await Promise.all(both.map((identity) => identity.bootstrap(undefined)))
      expect(made.filter(({ key }) => key !== undefined)).toHaveLength(1)
      for (const identity of both) expect(await identity.keys.list('default')).toHaveLength(1)
    })

    test('makes another when every admin key was revoked or has expired, but not when only members are missing', async () => {
      const clock = createFakeClock(startMs)
      const identity = await createOn(await openStore(), { clock })
      const first = await identity.bootstrap(undefined)
      const { keyId } = identity.authenticate(first.key)
      const brief = await identity.keys.create({ ...member, role: 'admin', expiresAtMs: startMs + 1000 })
      await identity.keys.create(member)
      await identity.keys.revoke('default', keyId)
      expect(await identity.bootstrap(undefined)).toEqual({ key: undefined })
      clock.advance(1000)
      expect(codeOf(identity, brief.key)).toBe('KEY_EXPIRED')
      expect((await identity.bootstrap(undefined)).key).toMatch(/^sk-strata-/)
    })

    test("takes the environment's key and does not show it", async () => {
      const identity = await createOn(await openStore())
      expect(await identity.bootstrap(environmentKey)).toEqual({ key: undefined })
      expect(identity.authenticate(environmentKey)).toMatchObject({ tenant: 'default', role: 'admin' })
      expect(await identity.bootstrap(environmentKey)).toEqual({ key: undefined })
      expect(await identity.keys.list('default')).toHaveLength(1)
    })

    test('a changed environment key takes the place of the former one, and of no other', async () => {
      const identity = await createOn(await openStore())
      const shown = await identity.bootstrap(undefined)
      await identity.bootstrap(environmentKey)
      await identity.bootstrap(`${environmentKey}-2`)
      expect(codeOf(identity, environmentKey)).toBe('KEY_REVOKED')
      expect(codeOf(identity, `${environmentKey}-2`)).toBe('accepted')
      expect(codeOf(identity, shown.key)).toBe('accepted')
    })

    test('an environment key that was revoked stays revoked: the start is refused', async () => {
      const identity = await createOn(await openStore())
      await identity.bootstrap(environmentKey)
      await identity.bootstrap(`${environmentKey}-2`)
      await expect(identity.bootstrap(environmentKey)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        param: 'STRATA_ADMIN_KEY',
      })
      expect(codeOf(identity, `${environmentKey}-2`)).toBe('accepted')
    })

    test.each([['too-short'], ['a key with spaces in it, long enough'], [''], ['x'.repeat(513)]])(
      'an environment key like %o is refused without being repeated',
      async (key) => {
        const identity = await createOn(await openStore())
        const refusal = expect(identity.bootstrap(key)).rejects
        await refusal.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('STRATA_ADMIN_KEY') })
        expect(await identity.keys.list('default')).toHaveLength(0)
      },
    )
  })

  test('rotates a key: both work during the overlap, then only the new one, here and in other processes', async () => {
    const store = await openStore()
    const clock = createFakeClock(startMs)
    const identity = await createStarted(store, { clock })
    const made = await identity.keys.create({
      ...member,
      models: ['small'],
      team: 'desk',
      expiresAtMs: startMs + 30 * dayMs,
    })
    clock.advance(20 * dayMs)
    const rotated = await identity.keys.rotate('default', made.record.id, dayMs)
    expect(rotated.record).toMatchObject({
      name: 'tests',
      team: 'desk',
      models: ['small'],
      expiresAtMs: startMs + 50 * dayMs,
    })
    const other = await createOn(store, { clock })
    for (const each of [identity, other]) {
      expect([codeOf(each, made.key), codeOf(each, rotated.key)]).toEqual(['accepted', 'accepted'])
    }
    clock.advance(dayMs)
    for (const each of [identity, other]) {
      expect([codeOf(each, made.key), codeOf(each, rotated.key)]).toEqual(['KEY_EXPIRED', 'accepted'])
    }
    await expect(identity.keys.rotate('default', made.record.id, dayMs)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(identity.keys.rotate('another', rotated.record.id, dayMs)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(identity.keys.rotate('default', rotated.record.id, -1)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})
