import { describe, expect, test } from 'vitest'
import { configSchema } from '../config/index.ts'
import { collectAnswer } from '../core/answer.ts'
import { PlatformError } from '../core/errors.ts'
import type { Traits } from '../core/model.ts'
import type { NodeKind } from '../core/node-kind.ts'
import { createFakeClock } from '../core/time.ts'
import { createModelTree, type ModelCatalogue } from './index.ts'
import { createScriptedEndpoints, createTestCall, createTestRequest, type Script } from './node-kinds/testing.ts'

const answers = (text: string): Script => ({ type: 'answer', text })
const scripts = { laptop: answers('from laptop'), cloud: answers('from cloud'), vectors: answers('') }

function build(
  models: unknown,
  options: {
    readonly traits?: Readonly<Record<string, Partial<Traits>>>
    readonly nodeKinds?: readonly NodeKind[]
  } = {},
): ModelCatalogue {
  return createModelTree({
    config: configSchema.parse({ models }).models,
    endpoints: createScriptedEndpoints(scripts, { traits: { vectors: { does: ['embed'] }, ...options.traits } }),
    nodeKinds: options.nodeKinds ?? [],
    clock: createFakeClock(0),
  })
}

function refusal(models: unknown): PlatformError {
  try {
    build(models)
  } catch (thrown) {
    if (thrown instanceof PlatformError) return thrown
    throw thrown
  }
  throw new Error('the tree was accepted')
}

describe('names', () => {
  test('every endpoint is a model of its own id, and models are listed first, in order', () => {
    const catalogue = build({ small: { endpoint: 'laptop' }, best: 'cloud' })
    expect(catalogue.list().map((model) => model.id)).toEqual(['small', 'best', 'laptop', 'cloud', 'vectors'])
  })

  test('a name that is not there is not found', () => {
    expect(build({}).find('nothing')).toBeUndefined()
    expect(build({}).find('constructor')).toBeUndefined()
  })

  test('an alias answers as what it names, under its own name', async () => {
    const model = build({ best: 'cloud' }).find('best')
    const answer = await model?.answer(createTestRequest('hi'), createTestCall())
    expect(model?.id).toBe('best')
    expect(answer && (await collectAnswer(answer)).text).toBe('from cloud')
  })

  test('a model wins over an endpoint of the same name', async () => {
    const catalogue = build({ laptop: { endpoint: 'cloud' } })
    const answer = await catalogue.find('laptop')?.answer(createTestRequest('hi'), createTestCall())
    expect(answer && (await collectAnswer(answer)).text).toBe('from cloud')
    expect(catalogue.list().filter((model) => model.id === 'laptop')).toHaveLength(1)
  })

  test('a bare endpoint hangs its tries directly under the call', async () => {
    const call = createTestCall()
    const answer = await build({ small: { endpoint: 'laptop' } })
      .find('small')
      ?.answer(createTestRequest('hi'), call)
    await (answer && collectAnswer(answer))
    expect(call.facts.map((fact) => [fact.kind, fact.name, fact.parentId])).toEqual([['dispatch', 'laptop', call.id]])
  })
})

describe('refusals name the key, the reason and the fix', () => {
  test('an unknown name, with what it may have meant', () => {
    const error = refusal({ large: { fallback: ['cloud', 'laptpo'] } })
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', param: 'models.large.fallback[1]' })
    expect(error.message).toBe(
      'models.large.fallback[1]: there is no model or endpoint "laptpo"; did you mean "laptop"?',
    )
  })

  test('an unknown endpoint of a leaf', () => {
    const error = refusal({ pool: { endpoint: ['cloud', 'clowd'] } })
    expect(error.message).toBe('models.pool.endpoint[1]: there is no endpoint "clowd"; did you mean "cloud"?')
  })

  test('a cycle, with its path', () => {
    const error = refusal({ a: { fallback: ['b'] }, b: { fallback: ['cloud', { fallback: ['a'] }] } })
    expect(error.message).toContain('models.a → b → a')
    expect(error.param).toBe('models.b.fallback[1].fallback[0]')
  })

  test('a model that names itself where the endpoint was meant', () => {
    const error = refusal({ laptop: { fallback: ['laptop', 'cloud'] } })
    expect(error.message).toContain('models.laptop → laptop')
    expect(error.message).toContain('{ endpoint: laptop }')
  })

  test('faults of several models come in one error', () => {
    const error = refusal({ a: 'nope', b: { fallback: ['neither'] } })
    expect(error.message).toContain('models.a:')
    expect(error.message).toContain('models.b.fallback[0]:')
    expect(error.details?.['faults']).toHaveLength(2)
  })

  test('a node of a kind that is not registered', () => {
    const error = refusal({ handbook: { ground: { in: 'handbook', with: 'cloud' } } })
    expect(error.message).toContain('models.handbook: a node of no known kind; give it one of the keys endpoint, fall')
  })

  test('an endpoint that embeds cannot stand in for one that chats', () => {
    expect(refusal({ a: { fallback: ['cloud', 'vectors'] } }).param).toBe('models.a.fallback[1]')
    expect(refusal({ a: { endpoint: ['cloud', 'vectors'] } }).message).toContain('nothing in common')
  })
})

describe('kinds of other rooms', () => {
  test('a contributed kind builds its children through the tree', async () => {
    const shout: NodeKind<{ readonly ground: { readonly with: string } }> = {
      key: 'ground',
      create: (node, place) => ({ ...place.build(node.ground.with, `${place.path}.ground.with`), id: place.id }),
    }
    const catalogue = build({ handbook: { ground: { in: 'handbook', with: 'cloud' } } }, { nodeKinds: [shout] })
    const answer = await catalogue.find('handbook')?.answer(createTestRequest('hi'), createTestCall())
    expect(answer && (await collectAnswer(answer)).text).toBe('from cloud')
  })
})

describe('traits', () => {
  const traits = {
    laptop: { contextTokens: 4_000, regions: ['local'], callsMax: 3, costMax: 5n, tools: false },
    cloud: { contextTokens: 9_000, regions: ['us', 'eu'], callsMax: 3, costMax: 70n, inputs: ['text', 'image'] },
  } as const

  test('interchangeable endpoints cost what the dearest costs; a fallback may pay all its children', () => {
    const catalogue = build(
      { pool: { endpoint: ['laptop', 'cloud'] }, chain: { fallback: ['laptop', 'cloud', 'pool'] } },
      { traits },
    )
    expect(catalogue.find('pool')?.traits).toEqual({
      contextTokens: 4_000,
      inputs: ['text'],
      tools: false,
      does: ['chat'],
      regions: ['eu', 'local', 'us'],
      callsMax: 3,
      costMax: 70n,
    })
    expect(catalogue.find('chain')?.traits).toMatchObject({ callsMax: 9, costMax: 145n })
  })

  test('what one leaf does not know, the tree does not know', () => {
    const unknown = { ...traits, cloud: { contextTokens: undefined, regions: undefined, costMax: undefined } }
    const chain = build({ chain: { fallback: ['laptop', 'cloud'] } }, { traits: unknown }).find('chain')
    expect(chain?.traits).toMatchObject({ contextTokens: undefined, regions: undefined, costMax: undefined })
  })

  test('an endpoint that embeds is a model that embeds and refuses to chat', async () => {
    const model = build({}).find('vectors')
    expect(model?.embed).toBeDefined()
    await expect(model?.answer(createTestRequest('hi'), createTestCall())).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(build({}).find('cloud')?.embed).toBeUndefined()
  })
})
