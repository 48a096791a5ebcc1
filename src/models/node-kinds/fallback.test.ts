import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ModelNode } from '../../config/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import { errorCatalogue, toPlatformError, type ErrorCode } from '../../core/errors.ts'
import type { Answer } from '../../core/model.ts'
import { createFakeClock } from '../../core/time.ts'
import { createModelTree } from '../index.ts'
import {
  createScriptedEndpoints,
  createTestCall,
  createTestRequest,
  type Script,
  type ScriptedEndpoints,
} from './testing.ts'

function model(endpoints: ScriptedEndpoints, node: ModelNode) {
  const catalogue = createModelTree({ config: { it: node }, endpoints, nodeKinds: [], clock: createFakeClock(0) })
  const found = catalogue.find('it')
  if (found === undefined) throw new Error('the tree lost its model')
  return found
}

const down: Script = { type: 'refuse', code: 'UPSTREAM_UNREACHABLE' }
const up: Script = { type: 'answer', text: 'here' }

describe('fallback', () => {
  test('answers with the first child that starts, and records which branch it was', async () => {
    const endpoints = createScriptedEndpoints({ a: down, b: up, c: up })
    const call = createTestCall()
    const answer = await model(endpoints, { fallback: ['a', 'b', 'c'] }).answer(createTestRequest('hi'), call)
    expect((await collectAnswer(answer)).text).toBe('here')
    expect(endpoints.calls).toEqual(['a', 'b'])
    const nodes = call.facts.filter((fact) => fact.kind === 'model')
    expect(nodes.map((fact) => [fact.name, fact.status, fact.errorCode, fact.detail?.['branch']])).toEqual([
      ['a', 'error', 'UPSTREAM_UNREACHABLE', 0],
      ['b', 'ok', undefined, 1],
    ])
  })

  test.each<[ErrorCode, boolean]>([
    ['UPSTREAM_RATE_LIMITED', true],
    ['UNSUPPORTED_PARAMETER', true],
    ['CONTEXT_TOO_LONG', true],
    ['REGION_REFUSED', true],
    ['PERSONAL_DATA_REFUSED', true],
    ['INVALID_REQUEST', false],
    ['UPSTREAM_REJECTED', false],
    ['CANCELLED', false],
    ['DEADLINE_EXCEEDED', false],
    ['STORE_UNAVAILABLE', false],
  ])('%s passes on to the next child: %s', async (code, isPassedOn) => {
    const endpoints = createScriptedEndpoints({ a: { type: 'refuse', code }, b: up })
    const answering = model(endpoints, { fallback: ['a', 'b'] }).answer(createTestRequest('hi'), createTestCall())
    if (isPassedOn) expect((await collectAnswer(await answering)).text).toBe('here')
    else await expect(answering).rejects.toMatchObject({ code })
    expect(endpoints.calls).toEqual(isPassedOn ? ['a', 'b'] : ['a'])
  })

  test('throws the last error when every child fails', async () => {
    const endpoints = createScriptedEndpoints({ a: down, b: { type: 'refuse', code: 'NO_ENDPOINT' } })
    const answering = model(endpoints, { fallback: ['a', 'b'] }).answer(createTestRequest('hi'), createTestCall())
    await expect(answering).rejects.toMatchObject({ code: 'NO_ENDPOINT' })
  })

  test('stays with a child that has begun, though it breaks', async () => {
    const endpoints = createScriptedEndpoints({ a: { type: 'break', code: 'UPSTREAM_CUT' }, b: up })
    const call = createTestCall()
    const answer = await model(endpoints, { fallback: ['a', 'b'] }).answer(createTestRequest('hi'), call)
    await expect(collectAnswer(answer)).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
    expect(endpoints.calls).toEqual(['a'])
    expect(call.facts.at(-1)).toMatchObject({ kind: 'model', status: 'error', errorCode: 'UPSTREAM_CUT' })
  })

  test('tries no further child once the client has left', async () => {
    const endpoints = createScriptedEndpoints({ a: down, b: up })
    const call = createTestCall()
    const answering = model(endpoints, { fallback: ['a', 'b'] }).answer(createTestRequest('hi'), call)
    call.cancel('left')
    await expect(answering).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(endpoints.calls).toEqual([])
  })

  test('an answer that is left ends its child as cancelled', async () => {
    const endpoints = createScriptedEndpoints({ a: up, b: up })
    const call = createTestCall()
    const answer = await model(endpoints, { fallback: ['a', 'b'] }).answer(createTestRequest('hi'), call)
    for await (const event of answer) {
      expect(event.type).toBe('text-delta')
      break
    }
    expect(call.facts.map((fact) => fact.status)).toEqual(['cancelled', 'cancelled'])
    expect(endpoints.openAnswers()).toBe(0)
  })

  test('of one model is that model: nothing is decided, and no call of its own is on record', async () => {
    const endpoints = createScriptedEndpoints({ a: up, b: down })
    const call = createTestCall()
    const { text } = await collectAnswer(
      await model(endpoints, { fallback: ['a'] }).answer(createTestRequest('hi'), call),
    )
    expect(text).not.toBe('')
    expect(call.facts.map(({ kind, name }) => [kind, name])).toEqual([['dispatch', 'a']])
    await expect(model(endpoints, { fallback: ['b'] }).answer(createTestRequest('hi'), call)).rejects.toThrow()
    expect(model(endpoints, { fallback: ['a'] }).id).toBe('it')
  })
})

describe('random trees, faults and readers', () => {
  const codes: readonly ErrorCode[] = Object.keys(errorCatalogue).filter((code): code is ErrorCode => code !== '')
  const script: fc.Arbitrary<Script> = fc.oneof(
    fc.constant(up),
    fc.record({ type: fc.constant('refuse' as const), code: fc.constantFrom(...codes) }),
    fc.record({ type: fc.constant('refuse' as const), code: fc.constant<ErrorCode>('UPSTREAM_FAILED') }),
    fc.record({ type: fc.constant('break' as const), code: fc.constant<ErrorCode>('UPSTREAM_CUT') }),
  )
  const ids = ['a', 'b', 'c', 'd', 'e'] as const
  const { node } = fc.letrec<{ node: ModelNode; fallback: ModelNode; leaf: ModelNode }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('fallback')),
    leaf: fc.oneof(
      fc.constantFrom(...ids),
      fc.constantFrom(...ids).map((endpoint) => ({ endpoint })),
    ),
    fallback: fc.array(tie('node'), { minLength: 1, maxLength: 4 }).map((fallback) => ({ fallback })),
  }))
  const scripts = fc.record({ a: script, b: script, c: script, d: script, e: script })
  const reader = fc.constantFrom('read', 'leave', 'cancel')

  test('calls stay within callsMax, every answer is read or cancelled, and an error is that of the last child tried', async () => {
    await fc.assert(
      fc.asyncProperty(node, scripts, reader, async (tree, plan, how) => {
        const endpoints = createScriptedEndpoints(plan)
        const call = createTestCall()
        const it = model(endpoints, tree)
        const error = await use(it.answer(createTestRequest('hi'), call), how)
        const last = plan[endpoints.calls.at(-1) as (typeof ids)[number]] // only these ids were configured

        expect(endpoints.calls.length).toBeGreaterThan(0)
        expect(endpoints.calls.length).toBeLessThanOrEqual(it.traits.callsMax)
        expect(endpoints.openAnswers()).toBe(0)
        expect(new Set(call.facts.map((fact) => fact.id)).size).toBe(call.facts.length)
        expect(countStarted(call.facts)).toBe(call.facts.length)
        if (last.type === 'refuse') expect(error).toBe(last.code)
        else expect(error).toBe(last.type === 'break' && how === 'read' ? last.code : undefined)
      }),
      { numRuns: 300 },
    )
  })

  /** Nodes are numbered as they start, so the highest number is how many started; all of them must have ended. */
  function countStarted(facts: readonly { readonly id: string }[]): number {
    return Math.max(...facts.map((fact) => Number(fact.id.split('.').at(-1))))
  }

  async function use(answering: Promise<Answer>, how: string): Promise<ErrorCode | undefined> {
    try {
      const answer = await answering
      if (how === 'cancel') answer.cancel('enough')
      else if (how === 'read') await collectAnswer(answer)
      else for await (const _ of answer) break
      return undefined
    } catch (thrown) {
      return toPlatformError(thrown).code
    }
  }
})
