import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  examples,
  findInconsistencies,
  fuzz,
  startFullHouse,
  type FullHouse,
  type FullTenant,
} from './kit/all-routes/index.ts'

let house: FullHouse
let tenant: FullTenant

beforeAll(async () => {
  house = await startFullHouse(['azurite'])
  const [first] = house.tenants
  if (first === undefined) throw new Error('there is a tenant')
  tenant = first
  await house.run(
    tenant,
    examples.filter(({ ends }) => ends !== true),
  )
})

afterAll(() => house.close())

test('every route answers whatever is sent to it as promised, and what is kept stays right', async () => {
  const { requests, faults } = await fuzz(house, tenant, { seed: 7, rounds: 4 })
  expect(faults).toEqual([])
  expect(requests).toBe(4 * examples.length)
  expect(await findInconsistencies(house)).toEqual([])
  await house.strata.idle()
})
