import { describe, expect, test } from 'vitest'
import { completeLockfile, findLockfileFaults, type Lockfile } from './lockfile/complete.ts'

const optionalDependencies = {
  '@tool/linux-x64-gnu': '1.2.3',
  '@tool/linux-arm64-musl': '1.2.3',
  '@tool/darwin-arm64': '~1.2.3',
  '@tool/windows-x64': '1.2.3',
}
const file: Lockfile & { readonly name: string } = {
  name: 'a-project',
  packages: {
    '': { version: '0.1.0' },
    'node_modules/tool': { version: '1.2.3', license: 'MIT', dev: true, optionalDependencies },
    'node_modules/tool/node_modules/@tool/linux-x64-gnu': { version: '1.2.3', optional: true },
  },
}

describe('the lockfile', () => {
  test('that misses packages of other platforms is found out', () => {
    expect(findLockfileFaults(file)).toHaveLength(3)
    expect(findLockfileFaults(file)[0]).toBe('node_modules/tool needs @tool/linux-arm64-musl, which is not listed')
  })

  test('is completed with their version and platform, and everything else stays', () => {
    const whole = completeLockfile(file)
    expect(findLockfileFaults(whole)).toEqual([])
    expect(whole).toMatchObject(file)
    const common = { version: '1.2.3', license: 'MIT', dev: true, optional: true }
    expect(whole.packages['node_modules/@tool/linux-arm64-musl']).toEqual({
      ...common,
      cpu: ['arm64'],
      libc: ['musl'],
      os: ['linux'],
    })
    expect(whole.packages['node_modules/@tool/darwin-arm64']).toEqual({ ...common, cpu: ['arm64'], os: ['darwin'] })
    expect(whole.packages['node_modules/@tool/windows-x64']).toEqual({ ...common, cpu: ['x64'], os: ['win32'] })
    expect(Object.keys(whole.packages)[0]).toBe('')
  })

  test('that is whole is left as it is', () => {
    const whole = completeLockfile(file)
    expect(completeLockfile(whole)).toBe(whole)
  })

  test('that tells where a package was fetched from is found out', () => {
    const told: Lockfile = {
      packages: { 'node_modules/a': { version: '1.0.0', resolved: 'https://packages.example/a' } },
    }
    expect(findLockfileFaults(told)).toEqual(['node_modules/a names where it was fetched from'])
  })
})
