import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runCli, type ProcessActs } from '../src/applications/cli/index.ts'
import type { JsonObject, JsonValue } from '../src/core/json.ts'
import { faces } from './kit/faces.ts'
import { startMockUpstream, type Behaviour, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

const told = 'Write to Ada Lovelace, 12 Mill Lane, York. Ada Lovelace knows.'
const chat = faces.openaiChat

let near: MockUpstream
let far: MockUpstream

beforeAll(async () => {
  near = await startMockUpstream()
  far = await startMockUpstream()
})

afterAll(async () => {
  await near.close()
  await far.close()
})

beforeEach(() => {
  near.reset()
  far.reset()
})

const say = (text: string): Behaviour => ({ script: { textDeltas: [text] } })
const found = say(JSON.stringify({ names: ['Ada Lovelace', 'Nobody Here'], addresses: ['12 Mill Lane, York'] }))

function toConfig(names: JsonObject = {}, more: JsonObject = {}): JsonObject {
  return {
    egress: { attemptsMax: 1 },
    governance: {
      allowedRegions: ['local', 'us'],
      privacy: { seenIn: ['local'], documents: 'mask', names: { with: 'near', ...names } },
    },
    endpoints: {
      near: toEndpoint(near, 'openai'),
      abroad: toEndpoint(far, 'openai', { processing: ['us'], storage: ['us'], ...more }),
    },
  }
}

async function withStrata(config: JsonObject, run: (strata: RunningStrata) => Promise<void>): Promise<void> {
  const strata = await startStrata({ config })
  try {
    await run(strata)
  } finally {
    await strata.close()
  }
}

describe('on the wire', () => {
  test('an endpoint abroad sees tokens for what the model quoted, the client what it said', async () => {
    near.respondWith(() => found)
    far.respondWith(({ text }) => say(/Write to.*?knows\./.exec(text)?.[0] ?? ''))
    await withStrata(toConfig(), async (strata) => {
      for (const stream of [false, false]) {
        const response = await strata.request(chat.path, chat.ask('abroad', { stream, text: told }))
        const body = await response.text()
        expect(response.status, body).toBe(200)
        expect(chat.textOf(JSON.parse(body) as JsonValue)).toBe(told)
      }
      const { text } = await far.requestAt(0)
      expect(text).toMatch(/Write to (PII_NAME_\w{10}), PII_ADDRESS_\w{10}\. \1 knows\./)
      expect(text).not.toMatch(/Lovelace|Mill Lane/)
      expect(near.requests).toHaveLength(1) // the second time it is remembered
    })
  })

  test('an endpoint that refuses personal data is not called when a name was found', async () => {
    near.respondWith(() => found)
    await withStrata(toConfig({}, { personalData: 'refuse' }), async (strata) => {
      const response = await strata.request(chat.path, chat.ask('abroad', { text: told }))
      expect(response.status).toBe(403)
      expect(await response.text()).toContain('2 name, 1 address')
      expect(far.requests).toHaveLength(0)
    })
  })

  test.each([
    ['fails', { status: 500 }],
    ['never answers', { silent: true }],
    ['gives no list', say('I see nobody.')],
  ] as const)('when the model %s, closed sends nothing and open goes on', async (_name, behaviour: Behaviour) => {
    near.respondWith(() => behaviour)
    await withStrata(toConfig({ msMax: 300 }), async (strata) => {
      const response = await strata.request(chat.path, chat.ask('abroad', { text: told }))
      expect(response.status).toBe(403)
      expect(await response.text()).not.toContain('Lovelace')
      expect(far.requests).toHaveLength(0)
      expect(strata.logLines.join('\n')).not.toContain('Lovelace')
    })
    await withStrata(toConfig({ msMax: 300, onError: 'open' }), async (strata) => {
      const response = await strata.request(chat.path, chat.ask('abroad', { text: told }))
      expect(response.status).toBe(200)
      expect((await far.requestAt(0)).text).toContain('Lovelace')
    })
  })
})

test('a document is taken in without what the model quoted, and not at all when it does not answer', async () => {
  near.respondWith(() => found)
  await withStrata(toConfig(), async (strata) => {
    await strata.request('/v1/collections', { name: 'letters' })
    const put = await strata.request('/v1/collections/letters/documents', { external_id: 'a.txt', text: told })
    expect(put.status).toBe(201)
    const search = await strata.request('/v1/collections/letters/search', { query: 'who knows' })
    expect(await search.text()).toContain('Write to [name], [address]. [name] knows.')
    near.respondWith(() => ({ status: 500 }))
    const refused = await strata.request('/v1/collections/letters/documents', {
      external_id: 'b.txt',
      text: 'Eve did.',
    })
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('personal-data-unknown')
  })
})

test('a scan asks the model where it is told to, and says when nobody is there to be asked', async () => {
  near.respondWith(() => found)
  await withStrata(toConfig({ onError: 'open' }), async (strata) => {
    const scan = (names: boolean) => strata.request('/v1/privacy/scan', { text: told, names })
    const data = [{ type: 'name', start: 9, end: 21 }, { type: 'address' }, { type: 'name' }]
    expect(await (await scan(true)).json()).toMatchObject({ data })
    expect(await (await scan(false)).json()).toMatchObject({ data: [] })
    near.respondWith(() => ({ status: 500 }))
    const failed = await strata.request('/v1/privacy/scan', { text: 'Eve did.', names: true })
    expect(failed.status).toBe(403)
  })
  await withStrata({}, async (strata) => {
    const scan = await strata.request('/v1/privacy/scan', { text: told, names: true })
    expect(scan.status).toBe(400)
    expect(await scan.text()).toContain('governance.privacy.names.with')
  })
})

describe('strata privacy scan --model', () => {
  async function scan(
    strata: RunningStrata,
    ...options: readonly string[]
  ): Promise<{ code: number; printed: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-names-'))
    const printed: string[] = []
    try {
      writeFileSync(join(folder, 'told.txt'), told)
      const code = await runCli({
        argv: ['privacy', 'scan', join(folder, 'told.txt'), '--json', ...options],
        print: (text) => printed.push(text),
        note: () => undefined,
        open: () =>
          Promise.resolve({
            parts: strata.platform.parts(),
            folder: strata.platform.folder,
            backup: (path) => strata.platform.store.backup(path),
            close: () => Promise.resolve(),
          }),
        process: () =>
          ({
            createPersonalDataScanner: () => Promise.resolve(strata.platform.parts().privacy.scanner),
          }) as Partial<ProcessActs> as ProcessActs, // all that this command takes of it
      })
      return { code, printed: printed.join('\n') }
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('finds what the model quotes, every place of it, and nothing that is not in the text', async () => {
    near.respondWith(() => found)
    await withStrata(toConfig(), async (strata) => {
      const without = await scan(strata)
      expect(JSON.parse(without.printed)).toMatchObject({ counts: {} })
      expect(near.requests).toHaveLength(0)
      const { code, printed } = await scan(strata, '--model')
      expect(code).toBe(0)
      expect(JSON.parse(printed)).toMatchObject({ counts: { name: 2, address: 1 } })
      expect(printed).not.toMatch(/Ada Lovelace|12 Mill Lane|Nobody/)
      const shown = JSON.parse((await scan(strata, '--model', '--show')).printed) as JsonObject
      expect(shown['findings']).toMatchObject([
        { type: 'name', start: 9, end: 21, text: 'Ada Lovelace' },
        { type: 'address', text: '12 Mill Lane, York' },
        { type: 'name', text: 'Ada Lovelace' },
      ])
      expect((await near.requestAt(0)).text).toContain('Ada Lovelace')
      expect(far.requests).toHaveLength(0)
    })
  })

  test('is refused where no model is named, and where the model does not answer', async () => {
    await withStrata({}, async (strata) => {
      const { code, printed } = await scan(strata, '--model')
      expect(code).toBe(1)
      expect(printed).toContain('governance.privacy.names.with')
    })
    near.respondWith(() => say('I would rather not.'))
    await withStrata(toConfig(), async (strata) => {
      const { code, printed } = await scan(strata, '--model')
      expect(code).toBe(1)
      expect(JSON.parse(printed)).toMatchObject({ error: { code: 'PERSONAL_DATA_REFUSED' } })
    })
  })
})

test.each([
  { which: 'that there is not', names: { with: 'nobody' }, more: {}, fix: 'there is no endpoint' },
  { which: 'abroad', names: { with: 'abroad' }, more: {}, fix: 'personalData: allow' },
  { which: 'that is masked', names: { with: 'abroad' }, more: { personalData: 'mask' }, fix: 'personalData: allow' },
  {
    which: 'that does not chat',
    names: { with: 'abroad' },
    more: { personalData: 'allow', does: ['embed'] },
    fix: 'does not chat',
  },
])('an endpoint $which is refused with path and fix', async ({ names, more, fix }) => {
  await expect(startStrata({ config: toConfig(names, more) })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    param: 'governance.privacy.names.with',
    message: expect.stringContaining(fix) as unknown,
  })
})

test('where nothing is said of personal data, only an endpoint on this machine is asked', async () => {
  const config = (withEndpoint: string): JsonObject => {
    const { endpoints } = toConfig()
    return {
      endpoints,
      governance: { allowedRegions: ['local', 'us'], privacy: { names: { with: withEndpoint } } },
    } as JsonObject
  }
  await expect(startStrata({ config: config('abroad') })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await withStrata(config('near'), async () => Promise.resolve())
})
