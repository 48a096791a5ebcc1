import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { plainFacts } from './kit/use-case-answers.ts'

const useCases = {
  support: { 'eu-ai-act': plainFacts },
  moods: { 'eu-ai-act': { ...plainFacts, practices: ['emotion-inference'], emotionSetting: 'workplace' } },
  vague: { 'eu-ai-act': { practices: [] } },
}

let mock: MockUpstream
let strata: RunningStrata | undefined

beforeEach(async () => {
  mock = await startMockUpstream()
})

afterEach(async () => {
  await strata?.close()
  strata = undefined
  await mock.close()
})

async function start(governance: JsonObject): Promise<RunningStrata> {
  strata = await startStrata({
    config: { endpoints: { plain: toEndpoint(mock, 'openai') }, models: { chat: { endpoint: 'plain' } }, governance },
  })
  return strata
}

function ask(extension: object = {}): object {
  return { model: 'chat', messages: [{ role: 'user', content: 'Hello' }], strata: extension }
}

interface Body {
  readonly strata: { readonly call: string; readonly policy: JsonObject }
  readonly data: readonly {
    readonly hash: string
    readonly use_case: string
    readonly decisions: readonly JsonObject[]
  }[]
  readonly detail: { readonly policies: readonly JsonObject[] }
  readonly error: { readonly code: string; readonly message: string }
  readonly key: string
  readonly use_case: string
}

/** What a route answered; each test looks at the fields of its own. */
async function read(response: Promise<Response> | Response): Promise<Body> {
  return (await (await response).json()) as Body
}

const enforced = { policies: [{ pack: 'eu-ai-act' }], useCases }

describe('a policy pack in force', () => {
  test('lets a declared use case through, says what it obliges to, and puts the decision on record', async () => {
    const running = await start(enforced)
    const response = await running.request('/v1/chat/completions', ask({ useCase: 'support' }))
    expect(response.status).toBe(200)
    const answer = await read(response)
    expect(answer.strata.policy).toEqual({
      use_case: 'support',
      decision: 'allow',
      obligations: ['notice-first-turn', 'vendor-model-documentation', 'literacy'],
    })
    const [policy] = (await read(running.request('/v1/policies'))).data
    const call = await read(running.request(`/v1/calls/${answer.strata.call}`))
    expect(call.detail).toMatchObject({
      use_case: 'support',
      policies: [{ pack: 'eu-ai-act', hash: policy?.hash, mode: 'enforce', decision: 'allow' }],
    })
  })

  test('refuses a prohibited use case before anything leaves, with the article, and puts the refusal on record', async () => {
    const running = await start(enforced)
    const response = await running.request('/v1/chat/completions', ask({ useCase: 'moods' }))
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({
      error: { code: 'POLICY_REFUSED', message: expect.stringContaining('Art. 5(1)(f)') },
    })
    expect(mock.requests).toHaveLength(0)
    const id = response.headers.get('x-strata-call')
    const call = await read(running.request(`/v1/calls/${id}`))
    expect(call).toMatchObject({ status: 'error', error: 'POLICY_REFUSED', detail: { use_case: 'moods' } })
  })

  test('asks for review where facts are missing, and names them', async () => {
    const running = await start(enforced)
    const response = await running.request('/v1/chat/completions', ask({ useCase: 'vague' }))
    expect(response.status).toBe(403)
    const { error } = await read(response)
    expect(error.code).toBe('POLICY_REVIEW')
    expect(error.message).toContain('Not known: interactsWithPeople')
    expect(mock.requests).toHaveLength(0)
  })

  test('refuses a request of which nothing is known, and one whose use case is not declared', async () => {
    const running = await start(enforced)
    const unknown = await running.request('/v1/chat/completions', ask())
    expect(await unknown.json()).toMatchObject({ error: { code: 'POLICY_REFUSED' } })
    const undeclared = await running.request('/v1/chat/completions', ask({ useCase: 'suport' }))
    expect(undeclared.status).toBe(400)
    expect(await undeclared.json()).toMatchObject({
      error: { message: expect.stringContaining('did you mean support?') },
    })
    expect(mock.requests).toHaveLength(0)
  })

  test('binds a key to its use case: a request cannot name another', async () => {
    const running = await start(enforced)
    const made = await read(running.request('/v1/keys', { name: 'desk', use_case: 'support' }))
    expect(made.use_case).toBe('support')
    const headers = { authorization: `Bearer ${made.key}` }
    expect((await running.request('/v1/chat/completions', ask(), { headers })).status).toBe(200)
    const other = await running.request('/v1/chat/completions', ask({ useCase: 'vague' }), { headers })
    expect(other.status).toBe(403)
    expect((await running.request('/v1/keys', { name: 'desk', use_case: 'nothing' })).status).toBe(400)
  })

  test('in shadow mode refuses nothing, and puts on record what it would have', async () => {
    const running = await start({ policies: [{ pack: 'eu-ai-act', mode: 'shadow' }], useCases })
    const response = await running.request('/v1/chat/completions', ask({ useCase: 'moods' }))
    expect(response.status).toBe(200)
    const { strata: report } = await read(response)
    const call = await read(running.request(`/v1/calls/${report.call}`))
    expect(call.detail.policies).toMatchObject([{ mode: 'shadow', decision: 'deny' }])
  })

  test('explains what it decides on each declared use case', async () => {
    const running = await start(enforced)
    const { data } = await read(running.request('/v1/policies/decisions'))
    expect(data.map((each) => each.use_case)).toEqual(['support', 'moods', 'vague'])
    expect(data[1]?.decisions[0]).toMatchObject({ decision: 'deny', tier: 'prohibited', pack: { id: 'eu-ai-act' } })
  })
})

describe('a configuration of policies that cannot stand', () => {
  test.each([
    [
      'a pack that does not exist',
      { policies: [{ pack: 'eu-ai-ct' }] },
      /governance\.policies\[0\]\.pack: .*did you mean eu-ai-act/,
    ],
    [
      'facts that the pack does not ask for',
      { policies: [{ pack: 'eu-ai-act' }], useCases: { desk: { 'eu-ai-act': { practises: [] } } } },
      /governance\.useCases\.desk\.eu-ai-act: practises is not asked for; did you mean practices/,
    ],
    [
      'answers for a pack that does not exist',
      { useCases: { desk: { 'eu-act': {} } } },
      /governance\.useCases\.desk\.eu-act/,
    ],
    [
      'a default that is not declared',
      { defaultUseCase: 'desk' },
      /governance\.defaultUseCase: there is no use case desk/,
    ],
  ])('%s is refused with its place, and the old one stays', async (_, governance, message) => {
    const running = await start({})
    const config = {
      endpoints: { plain: toEndpoint(mock, 'openai') },
      models: { chat: { endpoint: 'plain' } },
      governance,
    }
    await expect(running.reload(config as JsonObject)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    })
    expect((await running.request('/v1/chat/completions', ask())).status).toBe(200)
  })
})
