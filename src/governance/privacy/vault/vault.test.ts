import { expect, test } from 'vitest'
import { createSystemRandom } from '../../../core/random.ts'
import { createFakeClock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import { describeEngines, silentLog } from '../../../store/testing.ts'
import { createVault, type PersonalDataVault } from './index.ts'

const secret = 'a long and random secret of the operator'

function createOn(store: Store, master: string | undefined = secret): PersonalDataVault {
  const deps = { store, clock: createFakeClock(0), random: createSystemRandom(), log: silentLog }
  return createVault({ ...deps, secret: () => master })
}

const one = new Map([['PII_EMAIL_A', { type: 'email', value: 'li@example.com' }]])

async function readRows(store: Store): Promise<string> {
  const keys = await store.sql.selectFrom('privacy_key').selectAll().execute()
  const values = await store.sql.selectFrom('privacy_value').selectAll().execute()
  return JSON.stringify([keys, values])
}

describeEngines('the vault', (open) => {
  test('reveals what a tenant kept, to that tenant', async () => {
    const store = await open()
    const vault = createOn(store)
    await vault.keep('one', one)
    await vault.keep('one', one)
    expect(await vault.reveal('one', ['PII_EMAIL_A', 'PII_EMAIL_B'])).toEqual(
      new Map([['PII_EMAIL_A', 'li@example.com']]),
    )
    expect(await vault.reveal('two', ['PII_EMAIL_A'])).toEqual(new Map())
    expect(await readRows(store)).not.toContain('example.com')
  })

  test('names a value the same in every process, and differently for every tenant', async () => {
    const store = await open()
    const [here, there] = [createOn(store), createOn(store)]
    const [mine, same] = await Promise.all([here.open('one'), there.open('one')])
    const other = await here.open('two')
    const name = mine.nameValue('email', 'li@example.com', 0)
    expect(name).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/)
    expect(same.nameValue('email', 'li@example.com', 0)).toBe(name)
    expect(mine.nameValue('email', 'li@example.com', 1)).not.toBe(name)
    expect(other.nameValue('email', 'li@example.com', 0)).not.toBe(name)
  })

  test('shredded, holds nothing of the tenant, and a copy of its rows cannot be read any more', async () => {
    const store = await open()
    const vault = createOn(store)
    await vault.keep('one', one)
    await vault.keep('two', one)
    const copies = await store.sql.selectFrom('privacy_value').selectAll().where('tenant', '=', 'one').execute()
    const before = (await vault.open('one')).nameValue('email', 'li@example.com', 0)
    expect(await vault.shred('one')).toEqual({ values: 1 })
    expect(await vault.reveal('one', ['PII_EMAIL_A'])).toEqual(new Map())
    expect((await vault.reveal('two', ['PII_EMAIL_A'])).size).toBe(1)
    // The rows come back with an old backup; the key that is made anew does not open them.
    await store.sql.insertInto('privacy_value').values(copies).execute()
    expect((await vault.open('one')).nameValue('email', 'li@example.com', 0)).not.toBe(before)
    await expect(vault.reveal('one', ['PII_EMAIL_A'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  test('does not open without the secret or with another one, and seals a key that was made before there was one', async () => {
    const store = await open()
    await createVault({ ...deps(store), secret: () => undefined }).keep('one', one)
    expect(await readRows(store)).toContain('plain:')
    expect((await createOn(store).reveal('one', ['PII_EMAIL_A'])).size).toBe(1)
    expect(await readRows(store)).not.toContain('plain:')
    const another = createOn(store, 'another secret of the operator')
    await expect(another.reveal('one', ['PII_EMAIL_A'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const none = createVault({ ...deps(store), secret: () => undefined })
    await expect(none.open('one')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  test('refuses more at once than it is built for', async () => {
    const vault = createOn(await open())
    const tokens = Array.from({ length: 10_001 }, (_, index) => `${index}`)
    await expect(vault.reveal('one', tokens)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

function deps(store: Store): Omit<Parameters<typeof createVault>[0], 'secret'> {
  return { store, clock: createFakeClock(0), random: createSystemRandom(), log: silentLog }
}
