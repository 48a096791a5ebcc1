import { calcPrice } from '@pydantic/genai-prices'
import { describe, expect, test } from 'vitest'
import { discoverConfig, type LoadedConfig } from './index.ts'
import { vendors } from './vendors.ts'

const nobody = () => Promise.resolve(undefined)

function discover(environment: Record<string, string>, servers: Record<string, string[]> = {}): Promise<LoadedConfig> {
  return discoverConfig({
    environment,
    folder: '/srv',
    probe: (url) => Promise.resolve(servers[url]),
  })
}

describe('with nothing in reach', () => {
  test('the built-in extract answers, for nothing, on this machine', async () => {
    const { config, notices, path, folder } = await discoverConfig({ environment: {}, folder: '/srv', probe: nobody })
    expect(Object.keys(config.endpoints)).toEqual(['extract'])
    expect(config.endpoints['extract']).toMatchObject({
      dialect: 'extract',
      model: 'builtin',
      processing: ['local'],
      storage: [],
      price: { input: '0', output: '0' },
    })
    expect(config.models).toEqual({ default: { fallback: ['extract'] }, forecast: { forecast: {} } })
    expect(config.governance.allowedRegions).toEqual(['local'])
    expect({ path, folder }).toEqual({ path: undefined, folder: '/srv' })
    expect(notices.join(' ')).toContain('"extract"')
  })
})

describe('a key in the environment', () => {
  test('makes an endpoint, allows exactly its regions, and says so', async () => {
    const { config, notices, text } = await discover({ DEEPSEEK_API_KEY: 'sk-deep' })
    expect(config.endpoints['deepseek']).toMatchObject({ key: 'sk-deep', processing: ['cn'], storage: ['cn'] })
    expect(config.governance.allowedRegions).toEqual(['local', 'cn'])
    expect(config.models['default']).toEqual({ fallback: ['deepseek'] })
    expect(config.models['deepseek-v4-flash']).toEqual({ endpoint: 'deepseek' })
    expect(notices.join(' ')).toContain('DEEPSEEK_API_KEY')
    expect(notices.join(' ')).toContain('local, cn')
    expect(notices.join(' ') + text).not.toContain('sk-deep')
  })

  test.each(vendors.flatMap((vendor) => vendor.keyNames.map((name) => [name, vendor.id] as const)))(
    '%s makes %s the default model, with regions',
    async (name, id) => {
      const { config } = await discover({ [name]: 'k' })
      expect(config.models['default']).toEqual({ fallback: [id] })
      expect(config.endpoints[id]?.processing).not.toHaveLength(0)
      expect(config.endpoints[id]?.storage).not.toHaveLength(0)
    },
  )

  test('that is empty counts as absent', async () => {
    expect(Object.keys((await discover({ OPENAI_API_KEY: '' })).config.endpoints)).toEqual(['extract'])
  })

  test('with a base URL at a known host takes the regions of that host', async () => {
    const { config } = await discover({ XAI_API_KEY: 'k', XAI_BASE_URL: 'https://eu-west-1.api.x.ai/v1' })
    expect(config.endpoints['xai']).toMatchObject({ url: 'https://eu-west-1.api.x.ai/v1', processing: ['eu'] })
  })

  test.each(['https://api.anthropic.com', 'https://api.anthropic.com/'])(
    'with a base URL without a path gets the version: %s',
    async (url) => {
      const { config } = await discover({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: url })
      expect(config.endpoints['anthropic']?.url).toBe('https://api.anthropic.com/v1')
    },
  )

  test('with a base URL on a local network stays local', async () => {
    const { config } = await discover({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://192.168.1.5:8000/v1' })
    expect(config.endpoints['openai']).toMatchObject({ processing: ['local'], storage: ['local'] })
    expect(config.governance.allowedRegions).toEqual(['local'])
  })

  test('with a base URL at an unknown host is not asked: unknown is not allowed', async () => {
    const { config, notices } = await discover({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'https://llm.example.com/v1' })
    expect(config.endpoints['openai']?.processing).toBeUndefined()
    expect(config.models['default']).toEqual({ fallback: ['extract'] })
    expect(config.governance.allowedRegions).toEqual(['local'])
    expect(notices.join(' ')).toContain('llm.example.com are not known')
  })

  test('with a base URL that is none is refused by name', async () => {
    const attempt = discover({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'not a url' })
    await expect(attempt).rejects.toMatchObject({ code: 'CONFIG_INVALID', param: 'endpoints.openai.url' })
  })
})

describe('a server on loopback', () => {
  const servers = {
    'http://127.0.0.1:11434/v1/models': ['nomic-embed-text:latest', 'qwen3:4b', 'qwen3:8b', 'qwen3:4b'],
    'http://127.0.0.1:8000/v1/models': ['Qwen/Qwen3-4B'],
  }

  test('gives each of its models an endpoint that costs nothing', async () => {
    const { config } = await discover({}, servers)
    expect(Object.keys(config.endpoints)).toEqual([
      'ollama-nomic-embed-text-latest',
      'ollama-qwen3-4b',
      'ollama-qwen3-8b',
      'vllm-Qwen-Qwen3-4B',
      'extract',
    ])
    expect(config.endpoints['ollama-qwen3-4b']).toMatchObject({
      url: 'http://127.0.0.1:11434/v1',
      model: 'qwen3:4b',
      processing: ['local'],
      price: { input: '0', output: '0' },
    })
    expect(config.endpoints['ollama-nomic-embed-text-latest']?.does).toEqual(['embed'])
    expect(config.models['default']).toEqual({ fallback: ['ollama-qwen3-4b', 'vllm-Qwen-Qwen3-4B'] })
    expect(config.models['Qwen/Qwen3-4B']).toEqual({ endpoint: 'vllm-Qwen-Qwen3-4B' })
  })

  test.each([
    ['127.0.0.1:5000', 'http://127.0.0.1:5000/v1'],
    [':5000', 'http://127.0.0.1:5000/v1'],
    ['0.0.0.0', 'http://127.0.0.1:11434/v1'],
    ['http://192.168.1.5:5000', 'http://192.168.1.5:5000/v1'],
    ['', 'http://127.0.0.1:11434/v1'],
  ])('is looked for where OLLAMA_HOST says, %s', async (address, url) => {
    const { config } = await discover({ OLLAMA_HOST: address }, { [`${url}/models`]: ['qwen3:4b'] })
    expect(config.endpoints['ollama-qwen3-4b']?.url).toBe(url)
  })

  test.each(['ollama.example.com', 'http://', '::::'])(
    'is not looked for outside this network: %s',
    async (address) => {
      const asked: string[] = []
      const probe = (url: string) => Promise.resolve(asked.push(url)).then(() => undefined)
      const { config } = await discoverConfig({ environment: { OLLAMA_HOST: address }, folder: '/srv', probe })
      expect(Object.keys(config.endpoints)).toEqual(['extract'])
      expect(asked.filter((url) => !url.startsWith('http://127.0.0.1:'))).toEqual([])
      expect(asked).not.toContain('http://127.0.0.1:11434/v1/models')
    },
  )

  test('stands behind a vendor whose key is there', async () => {
    const { config } = await discover({ MISTRAL_API_KEY: 'k' }, servers)
    expect(config.models['default']).toEqual({ fallback: ['mistral', 'ollama-qwen3-4b', 'vllm-Qwen-Qwen3-4B'] })
  })

  test('with names that Strata cannot list, or too many, is bounded', async () => {
    const names = ['', '../etc', 'default', ...Array.from({ length: 100 }, (_, index) => `model-${index}`)]
    const { config } = await discover({}, { 'http://127.0.0.1:1234/v1/models': names })
    expect(Object.keys(config.endpoints)).toHaveLength(32 - 3 + 1)
  })
})

describe('the default models of vendors', () => {
  // The catalogue has no prices of Alibaba's own API.
  const priced: Record<string, string> = {
    openai: 'openai',
    anthropic: 'anthropic',
    google: 'google',
    mistral: 'mistral',
    cohere: 'cohere',
    groq: 'groq',
    deepseek: 'deepseek',
    xai: 'x-ai',
    moonshot: 'moonshotai',
  }

  test.each(vendors.filter(({ id }) => id in priced))('$id: the price of $model is known', ({ id, model }) => {
    const price = calcPrice({ input_tokens: 1_000, output_tokens: 1_000 }, model, { providerId: priced[id] ?? '' })
    expect(price?.total_price).toBeGreaterThan(0)
  })
})
