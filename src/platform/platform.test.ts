import { expect, test } from 'vitest'
import { startStrata } from '../../test/kit/strata.ts'

test('a refused configuration leaves the parts in force as they are; another one gives new ones, on the same store', async () => {
  const strata = await startStrata({ config: {} })
  try {
    const before = strata.platform.parts()
    await expect(strata.reload({ governance: { allowedRegions: ['atlantis'] } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      param: 'governance.allowedRegions[0]',
    })
    expect(strata.platform.parts()).toBe(before)

    await strata.reload({ governance: { allowedRegions: ['local', 'eu'] } })
    const after = strata.platform.parts()
    expect(after.configVersion).toBeGreaterThan(before.configVersion)
    expect(after.budgets).toBe(before.budgets)
  } finally {
    await strata.close()
  }
})
