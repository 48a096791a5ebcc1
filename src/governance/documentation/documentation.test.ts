import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/time.ts'
import { createPolicyGuard } from '../policy/index.ts'
import { documentForms, draftDocument, toMarkdown, type KnownFacts } from './index.ts'

const atMs = Date.parse('2027-12-03T00:00:00Z')

function known(more: Partial<KnownFacts> = {}): KnownFacts {
  const config = {
    policies: [{ pack: 'eu-ai-act', mode: 'enforce' as const }],
    useCases: { hiring: { 'eu-ai-act': { uses: ['employment-recruitment'] } } },
    defaultUseCase: undefined,
  }
  const policies = createPolicyGuard({ config, clock: createFakeClock(atMs), toPath: (path) => path })
  const present = {
    slot: 'risk-management',
    number: 1,
    hash: 'ab'.repeat(32),
    dated: '2027-11-01',
    owner: 'ada',
    place: undefined,
    keyId: 'key_1',
    atMs,
  }
  return {
    standing: {
      name: 'hiring',
      source: 'config',
      state: 'active',
      useCase: undefined,
      decisions: policies.decide('hiring', { atMs, tenant: 'one' }),
      tier: 'high',
      tierPossible: 'prohibited',
      answers: { 'eu-ai-act': { uses: ['employment-recruitment'] } },
      slots: [{ slot: 'risk-management', pack: 'eu-ai-act', about: 'Risks.', articles: ['Art. 9'], present }],
      coming: [],
      signals: [],
    },
    versions: [],
    configVersion: 3,
    atMs,
    usage: {
      fromMs: atMs - 86_400_000,
      untilMs: atMs,
      requests: 0,
      isPartial: false,
      answered: 0,
      errors: [],
      models: [],
      inputTokens: 0,
      outputTokens: 0,
      usd: undefined,
      firstAtMs: undefined,
      lastAtMs: undefined,
    },
    endpoints: [],
    evaluations: [],
    reviews: [],
    reviewers: [],
    incidents: [],
    literacy: [],
    audit: { key: 'strata+1+k', retentionDays: undefined },
    ...more,
  }
}

describe('a drafted document', () => {
  test.each(documentForms)('%s has every heading of the law, and says of each what is known or missing', (form) => {
    const draft = draftDocument(form, known())
    expect(draft.sections.map(({ article }) => article)).toHaveLength(form === 'fria' ? 7 : 9)
    for (const { known: items, gaps } of draft.sections) expect(items.length + gaps.length).toBeGreaterThan(0)
    for (const { value, source } of draft.sections.flatMap((section) => section.known)) {
      expect(value).not.toBe('')
      expect(source).not.toBe('')
    }
  })

  test('states a document that is on record with its hash, and one that is not as a gap', () => {
    const [risks] = draftDocument('annex-iv', known()).sections.filter(({ article }) => article === 'Annex IV(5)')
    expect(risks).toMatchObject({ known: [{ value: expect.stringContaining('ab'.repeat(32)) }], gaps: [] })
    const [conformity] = draftDocument('annex-iv', known()).sections.filter(({ article }) => article === 'Annex IV(8)')
    expect(conformity).toMatchObject({ known: [], gaps: [expect.stringContaining('conformity-declaration')] })
  })

  test('invents nothing: what is not known is not in it, and becomes known when it is', () => {
    const before = toMarkdown(draftDocument('annex-iv', known()))
    expect(before).toContain('No request of this use case is on record')
    expect(before).toContain('Not answered: eu-ai-act, ')
    expect(before).not.toContain('undefined')
    const endpoints = [
      {
        id: 'eu',
        dialect: 'openai',
        vendorModel: 'm-1',
        processing: ['eu'],
        storage: undefined,
        price: undefined,
        count: 7,
      },
    ]
    const after = toMarkdown(draftDocument('annex-iv', known({ endpoints })))
    expect(after).toContain('model m-1; processed in eu, stored in unknown; price unknown; 7 dispatches')
    expect(after).toContain('Endpoint eu does not say where it processes or stores')
  })

  test('keeps what people wrote from becoming structure', () => {
    const reviewers = [{ person: 'ada', competence: '# Heading\n- [x] done <script>' }]
    const markdown = toMarkdown(draftDocument('fria', known({ reviewers })))
    expect(markdown).not.toMatch(/^# Heading/m)
    expect(markdown).not.toContain('<script>')
  })
})
