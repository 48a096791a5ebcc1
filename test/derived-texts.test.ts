import { expect, test } from 'vitest'
import { createReviewTexts } from '../src/governance/index.ts'
import { createFeedbackTexts } from '../src/models/index.ts'
import type { Tables } from '../src/store/index.ts'
import { describeEngines } from '../src/store/testing.ts'
import { createEvaluationTexts } from '../src/tools/index.ts'

const feedback = (id: string, more: Partial<Tables['feedback']>): Tables['feedback'] => ({
  tenant: 't',
  id,
  source: 'client',
  call_id: null,
  decision_id: null,
  model: 'm',
  score: 1,
  cost: null,
  prompt: 'asked',
  answer: 'said',
  comment: null,
  made_in: null,
  key_id: 'k',
  at_ms: 1,
  ...more,
})

const review = (id: string, call: string, tenant = 't'): Tables['review'] => ({
  id,
  tenant,
  stage: 'answer',
  state: 'accepted',
  call,
  key_id: 'k',
  askers: '[]',
  use_case: id === 'held' ? 'case' : null,
  model: 'm',
  dialect: 'openai',
  reason: 'r',
  request_hash: 'h',
  answer_hash: 'h',
  persons: 1,
  version: 1,
  created_at_ms: 5,
  deadline_ms: 9,
  ended_at_ms: 6,
  used_at_ms: null,
  used_call: null,
})

const hold: Tables['legal_hold'] = {
  id: 'hold',
  tenant: 't',
  name: 'n',
  reason: 'r',
  use_case: 'case',
  from_ms: null,
  until_ms: null,
  key_id: 'k',
  created_at_ms: 1,
  released_at_ms: null,
}

describeEngines('texts made from documents', (openStore) => {
  test('go by the calls they were said in, within their tenant, however many those are', async () => {
    const { sql } = await openStore()
    // More calls than one statement takes.
    const calls = ['call_a', ...Array.from({ length: 450 }, (_, index) => `call_x${index}`), 'call_b']

    await sql
      .insertInto('feedback')
      .values([
        feedback('1', { call_id: 'call_a' }),
        feedback('2', { call_id: 'call_c' }),
        feedback('3', { call_id: 'call_b', tenant: 'u' }),
        feedback('4', { source: 'shadow', made_in: '["call_c","call_b"]' }),
        feedback('5', { source: 'shadow', made_in: '["call_c","call_bb"]' }),
      ])
      .execute()
    expect(await createFeedbackTexts({ sql }).forget('t', calls)).toBe(2)
    expect(await sql.selectFrom('feedback').select(['id', 'prompt', 'answer']).orderBy('id').execute()).toEqual([
      { id: '1', prompt: 'asked', answer: null },
      { id: '2', prompt: 'asked', answer: 'said' },
      { id: '3', prompt: 'asked', answer: 'said' },
      { id: '4', prompt: null, answer: null },
      { id: '5', prompt: 'asked', answer: 'said' },
    ])

    const outcome = (call: string) => ({ m: { answer: 'said', call, score: 1 } })
    const evaluation = (id: string, cases: readonly string[]): Tables['evaluation'] => ({
      tenant: 't',
      id,
      name: 'e',
      models: '["m"]',
      summary: '{}',
      results: JSON.stringify(cases.map((call) => ({ id: call, prompt: 'asked', outcomes: outcome(call) }))),
      at_ms: 1,
      words_gone_at_ms: null,
    })
    const all = Array.from({ length: 60 }, (_, index) => evaluation(`e${String(index).padStart(2, '0')}`, ['call_c']))
    await sql
      .insertInto('evaluation')
      .values([...all, evaluation('e99', ['call_a', 'call_c', 'call_b'])])
      .execute()
    expect(await createEvaluationTexts({ sql }).forget('t', calls)).toBe(2)
    const { results } = await sql
      .selectFrom('evaluation')
      .select('results')
      .where('id', '=', 'e99')
      .executeTakeFirstOrThrow()
    expect(JSON.parse(results)).toEqual([
      { id: 'call_a', prompt: 'asked', outcomes: { m: { call: 'call_a', score: 1 } } },
      { id: 'call_c', prompt: 'asked', outcomes: { m: { call: 'call_c', score: 1, answer: 'said' } } },
      { id: 'call_b', prompt: 'asked', outcomes: { m: { call: 'call_b', score: 1 } } },
    ])
  })

  test('held answers too, but not what a legal hold covers', async () => {
    const { sql } = await openStore()
    const reviews = [
      review('free', 'call_a'),
      review('held', 'call_a'),
      review('other', 'call_c'),
      review('far', 'call_a', 'u'),
    ]
    await sql.insertInto('review').values(reviews).execute()
    await sql
      .insertInto('review_content')
      .values(
        reviews.flatMap(({ id, tenant }) =>
          (['request', 'answer', 'override'] as const).map((part) => ({ review: id, part, tenant, text: part })),
        ),
      )
      .execute()
    await sql.insertInto('legal_hold').values(hold).execute()
    expect(await createReviewTexts({ sql }).forget('t', ['call_a'])).toBe(2)
    const left = await sql
      .selectFrom('review_content')
      .select(['review', 'part'])
      .where('review', '=', 'free')
      .execute()
    expect(left).toEqual([{ review: 'free', part: 'request' }])
    expect(await sql.selectFrom('review_content').select('part').execute()).toHaveLength(10)
  })
})
