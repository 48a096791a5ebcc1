import { describe, expect, test } from 'vitest'
import { readConfig } from './index.ts'

const nothingAnswers = (): Promise<undefined> => Promise.resolve(undefined)

function read(text: string | undefined, environment: Record<string, string> = {}) {
  const readFile = (): string => {
    if (text === undefined) throw Object.assign(new Error('missing'), { code: 'ENOENT' })
    return text
  }
  return readConfig({ folder: '/data', environment, probe: nothingAnswers, readFile })
}

describe('reading the configuration in force', () => {
  test('a file that asks for discovery gets what is found beside what it says', async () => {
    const text = 'discover: true\nmodels:\n  handbook: { ground: { in: handbook, with: default } }\n'
    const { config, notices } = await read(text, { OPENAI_API_KEY: 'sk-of-the-test' })
    expect(Object.keys(config.endpoints).toSorted()).toEqual(['extract', 'openai'])
    expect(config.models['handbook']).toEqual({ ground: { in: 'handbook', with: 'default' } })
    expect(config.models['default']).toEqual({ fallback: ['openai'] })
    expect(config.governance.allowedRegions).toContain('us')
    expect(notices.join(' ')).toContain('OPENAI_API_KEY is set')
  })

  test('what the file says wins over what is found, name by name', async () => {
    const text = 'discover: true\ngovernance: { allowedRegions: [local] }\nmodels: { default: { endpoint: extract } }\n'
    const { config } = await read(text, { OPENAI_API_KEY: 'sk-of-the-test' })
    expect(config.governance.allowedRegions).toEqual(['local'])
    expect(config.models['default']).toEqual({ endpoint: 'extract' })
  })

  test('a file that does not ask for it gets nothing from the environment', async () => {
    const { config } = await read('server: { port: 1234 }\n', { OPENAI_API_KEY: 'sk-of-the-test' })
    expect(config.endpoints).toEqual({})
  })

  test('without a file everything is discovered', async () => {
    const { config, path } = await read(undefined)
    expect(path).toBeUndefined()
    expect(Object.keys(config.endpoints)).toEqual(['extract'])
  })
})
