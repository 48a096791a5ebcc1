import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createVendorAdapters } from './index.ts'

const door = new URL('./index.ts', import.meta.url).href
const table = new URL('./vendor-table.ts', import.meta.url).href

/** Packages of vendors that a process has loaded once it has run the script. */
function findLoaded(script: string): readonly string[] {
  const watched = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({
      load(url, context, next) {
        const name = /node_modules\\/(@ai-sdk\\/[^/]+)\\//.exec(url)?.[1]
        if (name !== undefined) loaded.add(name)
        return next(url, context)
      },
    })
    ${script}
    process.stdout.write(JSON.stringify([...loaded].sort()))
  `
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', watched], { encoding: 'utf8' })
  const names: unknown = JSON.parse(output)
  return Array.isArray(names) ? names.map(String) : []
}

describe('a package', () => {
  test('is not loaded by a start that does not use it', () => {
    const script = `
      const { createVendorAdapters } = await import('${door}')
      const adapters = createVendorAdapters({})
      if (Object.keys(adapters).length !== 10) throw new Error('not every vendor has an adapter')
    `
    expect(findLoaded(script)).toEqual([])
  })

  test('is loaded by the first use of its vendor, and no other vendor’s with it', () => {
    const script = `
      const { vendorTable } = await import('${table}')
      await vendorTable.mistral.load({ url: 'https://api.mistral.ai/v1', fetch: undefined, config: {} })
    `
    expect(findLoaded(script)).toContain('@ai-sdk/mistral')
    expect(findLoaded(script)).not.toContain('@ai-sdk/google')
  })
})

describe('where a vendor is', () => {
  const unused = (): never => {
    throw new Error('nothing is sent here')
  }
  const adapters = createVendorAdapters({
    egress: { admit: unused, admitSpending: unused, send: unused, identify: unused, connect: unused, close: unused },
    clock: { now: () => 0, monotonicMs: () => 0 },
    config: configSchema.parse({}).egress,
    decodeError: unused,
  })
  const locate = (endpoint: Record<string, unknown>) => {
    const config = configSchema.parse({ endpoints: { one: { model: 'm', ...endpoint } } }).endpoints['one']
    if (config === undefined) throw new Error('there is no endpoint')
    return adapters[config.dialect]?.locate?.(config)
  }

  test.each([
    [{ dialect: 'google' }, 'https://generativelanguage.googleapis.com/v1beta'],
    [{ dialect: 'bedrock', options: { region: 'eu-central-1' } }, 'https://bedrock-runtime.eu-central-1.amazonaws.com'],
    [{ dialect: 'bedrock', options: { region: 'cn-north-1' } }, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    [{ dialect: 'azure', options: { resourceName: 'ours' } }, 'https://ours.openai.azure.com/openai'],
    [{ dialect: 'mistral', url: 'https://api.us.mistral.ai/v1' }, 'https://api.us.mistral.ai/v1'],
    [{ dialect: 'alibaba' }, 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1'],
    [{ dialect: 'alibaba', does: ['embed'] }, 'https://dashscope-intl.aliyuncs.com/api/v1'],
  ])('%o', (endpoint, url) => {
    expect(locate(endpoint)).toMatchObject({ url })
  })

  test.each([
    { dialect: 'bedrock' },
    { dialect: 'azure' },
    { dialect: 'azure', options: { resourceName: 'evil.example/#' } },
    { dialect: 'bedrock', options: { region: 'x@evil.example' } },
  ])('is asked for when it is not known, or names another host: %o', (endpoint) => {
    expect(() => locate(endpoint)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})
