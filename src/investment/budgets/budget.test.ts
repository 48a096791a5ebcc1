import { expect, test } from 'vitest'
import type { Call } from '../../core/call.ts'
import { createScopes, type Budget } from './budget.ts'

const at = Date.parse('2026-11-27T10:00:00Z')
const budget: Budget = {
  tenant: 't',
  id: 'b',
  name: 'each key',
  counts: 'money',
  limit: 1n,
  match: {},
  eachOf: ['key'],
  period: 'day',
  spanMs: undefined,
  alerts: [],
  forecast: undefined,
  createdAtMs: 0,
}

const both: Budget = { ...budget, eachOf: ['key', 'team'] }

/** What of a call is looked at. */
function callOf(keyId: string, team?: string): Call {
  return { principal: { keyId, team }, origin: {} } as Call
}

test('an account of a value is made once a period, and each value has its own', () => {
  const scopes = createScopes()
  const [first] = scopes.of([budget], callOf('a'), at)
  const [again] = scopes.of([budget], callOf('a'), at + 1)
  const [other] = scopes.of([budget], callOf('b'), at)
  const [nextDay] = scopes.of([budget], callOf('a'), at + 86_400_000)
  expect(again).toBe(first)
  expect(other).toMatchObject({ subject: '["b"]' })
  expect(nextDay).toMatchObject({ subject: '["a"]', startsAtMs: Date.parse('2026-11-28T00:00:00Z') })
  expect(new Set([first?.key, other?.key, nextDay?.key]).size).toBe(3)
})

test('an account of several values is made once a period too, and each list of values has its own', () => {
  const scopes = createScopes()
  const find = (call: Call, atMs: number) => scopes.of([both], call, atMs)[0]
  const first = find(callOf('a', 'x'), at)
  expect(find(callOf('a', 'x'), at + 1)).toBe(first)
  const others = [callOf('x', 'a'), callOf('a'), callOf('a","x'), callOf('a', 'null')].map((call) => find(call, at))
  const nextDay = find(callOf('a', 'x'), at + 86_400_000)
  expect(nextDay).toMatchObject({ subject: first?.subject, startsAtMs: Date.parse('2026-11-28T00:00:00Z') })
  expect(new Set([first, ...others, nextDay].map((scope) => scope?.key)).size).toBe(6)
})

test('however many values there are, each gets its own account', () => {
  const scopes = createScopes()
  const keys = Array.from({ length: 2_500 }, (_, index) => scopes.of([budget], callOf(`k${index}`), at)[0]?.subject)
  expect(new Set(keys).size).toBe(2_500)
  expect(scopes.of([both], callOf('a'), at)[0]?.subject).toBe('["a",null]')
})
