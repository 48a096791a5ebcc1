import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines } from '../../store/testing.ts'
import { createCopyright, decideRights, type Copyright, type RightsSources } from './index.ts'

const config = {
  isCommercial: true,
  unknown: { search: true, ground: true, train: false },
  overlap: 'cut',
  citeTokensMin: 50,
  citeCharactersMin: 280,
  limitTokensMax: 100,
  codeCharactersMax: 150,
} as const

function createOn(store: Pick<Store, 'sql'>): Copyright {
  return createCopyright({ store, clock: createFakeClock(1_000), config: () => config })
}

describeEngines('rights in documents', (open) => {
  test('are decided, kept with what was said, and forbid by purpose and tenant', async () => {
    const copyright = createOn(await open())
    const sources: RightsSources = { url: 'https://example.com/a', headers: { 'tdm-reservation': '1' } }
    const view = await copyright.record('one', { id: 'doc_1', attribution: 'A. Writer' }, sources)
    expect(view).toMatchObject({
      document: 'doc_1',
      work: 'https://example.com/a',
      attribution: 'A. Writer',
      mayCopy: false,
      verdicts: { search: { permits: true, by: 'default' }, ground: { permits: false, by: 'tdmrep' } },
      signals: [{ kind: 'tdmrep', raw: 'tdm-reservation: 1' }],
      decidedAtMs: 1_000,
    })
    expect(await copyright.find('one', 'doc_1')).toEqual(view)
    expect(await copyright.find('two', 'doc_1')).toBeUndefined()
    expect(await copyright.listForbidden('one', 'ground')).toEqual(new Set(['doc_1']))
    expect(await copyright.listForbidden('one', 'search')).toEqual(new Set())
    expect(await copyright.listForbidden('two', 'ground')).toEqual(new Set())
    await copyright.record('one', { id: 'doc_1' }, { licence: 'CC-BY-4.0' })
    expect(await copyright.listForbidden('one', 'ground')).toEqual(new Set())
  })

  test('a withdrawn work is gone from every collection of the tenant, stays so, and the proof says what was looked for', async () => {
    const copyright = createOn(await open())
    const documents = new Map([
      ['a/1', { id: 'doc_1', externalId: 'tale.txt', version: 'v1' }],
      ['b/1', { id: 'doc_2', externalId: 'copy.txt', version: 'v2' }],
      ['b/2', { id: 'doc_3', externalId: 'other.txt', version: 'v3' }],
    ])
    const searched: string[] = []
    const shelf = {
      listCollections: () => Promise.resolve([{ name: 'a' }, { name: 'b' }]),
      listDocuments: (_: string, collection: string) =>
        Promise.resolve([...documents].filter(([key]) => key.startsWith(`${collection}/`)).map(([, each]) => each)),
      getVersion: (_: string, id: string) =>
        Promise.resolve({ text: `the text of ${id}, which is long enough to be searched for` }),
      deleteDocument: (_: string, __: string, id: string) => {
        for (const [key, each] of documents) if (each.id === id) documents.delete(key)
        return Promise.resolve()
      },
      search: ({ query }: { readonly query: string }) => {
        searched.push(query)
        return Promise.resolve([])
      },
    }
    await copyright.record('one', { id: 'doc_2', work: 'tale.txt' }, {})
    await expect(copyright.withdraw('two', 'unknown', shelf)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const proof = await copyright.withdraw('one', 'tale.txt', shelf)
    expect(proof.documents.map(({ document }) => document)).toEqual(['doc_1', 'doc_2'])
    expect(proof).toMatchObject({ work: 'tale.txt', atMs: 1_000, searches: searched.length, hits: 0 })
    expect(proof.hash).toMatch(/^[0-9a-f]{64}$/)
    expect([...documents.values()].map(({ id }) => id)).toEqual(['doc_3'])
    // Brought again under another id, it is still withdrawn.
    const again = await copyright.record('one', { id: 'doc_9', work: 'tale.txt' }, { licence: 'CC0-1.0' })
    expect(again.withdrawnAtMs).toBe(1_000)
    expect(await copyright.listForbidden('one', 'search')).toEqual(new Set(['doc_1', 'doc_2', 'doc_9']))
  })
})

const defaults = { permits: config.unknown, isCommercial: true }

/** For each purpose whether it is permitted and by whose word: `search+default ground-tdmrep train-robots`. */
function say(sources: RightsSources, isCommercial = true): string {
  const { verdicts } = decideRights(sources, { ...defaults, isCommercial })
  return Object.entries(verdicts)
    .map(([purpose, { permits, by }]) => `${purpose}${permits ? '+' : '-'}${by}`)
    .join(' ')
}

describe('what was said of a work decides', () => {
  const url = 'https://example.com/news/a.html?page=1'
  const none = 'search+default ground+default train-default'
  test.each<readonly [string, RightsSources, string]>([
    ['nothing', {}, none],
    ['a header of TDMRep', { headers: { 'tdm-reservation': '1' } }, 'search+default ground-tdmrep train-tdmrep'],
    ['no reservation', { headers: { 'tdm-reservation': '0' } }, 'search+default ground+tdmrep train+tdmrep'],
    [
      'AIPREF in a header',
      { headers: { 'content-usage': 'train-ai=n, search=y' } },
      'search+content-usage ground+default train-content-usage',
    ],
    [
      'AIPREF of all',
      { headers: { 'content-usage': 'bots=n, search=?1' } },
      'search+content-usage ground-content-usage train-content-usage',
    ],
    [
      'X-Robots-Tag',
      { headers: { 'x-robots-tag': 'noai, noimageai' } },
      'search+default ground-x-robots-tag train-x-robots-tag',
    ],
    [
      'noindex',
      { html: '<meta name="robots" content="noindex, nofollow">' },
      'search-meta ground+default train-default',
    ],
    [
      'meta elements in any order',
      { html: "<META content='1' name=tdm-reservation>" },
      'search+default ground-tdmrep train-tdmrep',
    ],
    [
      'robots.txt against a crawler of models',
      { url, robotsTxt: 'User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /' },
      'search+default ground+default train-robots',
    ],
    [
      'robots.txt against fetchers of answers',
      { url, robotsTxt: 'User-agent: PerplexityBot\nDisallow: /news/' },
      'search+default ground-robots train-default',
    ],
    [
      'robots.txt of another path',
      { url, robotsTxt: 'User-agent: GPTBot\nDisallow: /images/' },
      'search+default ground+default train+robots',
    ],
    [
      'the longest rule',
      { url, robotsTxt: 'User-agent: GPTBot\nDisallow: /\nAllow: /news/*.html' },
      'search+default ground+default train+robots',
    ],
    [
      'a rule with an end',
      { url, robotsTxt: 'User-agent: GPTBot\nDisallow: /*.html$' },
      'search+default ground+default train+robots',
    ],
    [
      'robots.txt against everybody',
      { url, robotsTxt: 'User-agent: *\nDisallow: /' },
      'search-robots ground-robots train-robots',
    ],
    [
      'AIPREF in robots.txt, the narrower path',
      { url, robotsTxt: 'User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /news/ train-ai=n\nAllow: /' },
      'search+default ground+default train-content-usage',
    ],
    [
      'tdmrep.json',
      {
        url,
        tdmrepJson:
          '[{"location":"/images/*","tdm-reservation":0},{"location":"/*","tdm-reservation":1,"tdm-policy":"https://example.com/p"}]',
      },
      'search+default ground-tdmrep train-tdmrep',
    ],
    [
      'ai.txt',
      { url, aiTxt: 'User-Agent: *\nDisallow: /\nAllow: *.txt' },
      'search+default ground+default train-ai-txt',
    ],
    [
      'RSL',
      {
        url,
        rslXml:
          '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><permits type="usage">search</permits><prohibits type="usage">ai-all</prohibits></license></content></rsl>',
      },
      'search+rsl ground-rsl train-rsl',
    ],
    [
      'RSL for payment',
      {
        url,
        rslXml:
          '<content url="/news/"><license><permits type="usage">all</permits><payment type="purchase"/></license></content>',
      },
      'search-rsl ground-rsl train-rsl',
    ],
    ['an open licence', { licence: 'CC-BY-SA-4.0' }, 'search+licence ground+licence train+licence'],
    [
      'a licence without commerce',
      { licence: 'https://creativecommons.org/licenses/by-nc/4.0/' },
      'search-licence ground-licence train-licence',
    ],
    ['a licence that is not known', { licence: 'LicenseRef-House' }, none],
    [
      'a linked licence',
      { html: '<link rel="license" href="https://opensource.org/licenses/MIT">' },
      'search+licence ground+licence train+licence',
    ],
    [
      'a licence and a reservation of the same page',
      { licence: 'MIT', headers: { 'tdm-reservation': '1' } },
      'search+licence ground-tdmrep train-tdmrep',
    ],
    [
      'a page against its site',
      { url, headers: { 'tdm-reservation': '0' }, robotsTxt: 'User-agent: GPTBot\nDisallow: /' },
      'search+default ground+tdmrep train+tdmrep',
    ],
    [
      'a contract against everything',
      { headers: { 'tdm-reservation': '1' }, contract: { id: 'C-7', permits: ['search', 'ground'] } },
      'search+contract ground+contract train-contract',
    ],
    [
      'what is not well-formed',
      {
        url,
        tdmrepJson: '{',
        rslXml: '<rsl',
        robotsTxt: ':::\n\u0000',
        headers: { 'tdm-reservation': 'maybe', 'content-usage': 'x' },
      },
      none,
    ],
  ])('%s', (_, sources, expected) => {
    expect(say(sources)).toBe(expected)
  })

  test('of a licence without commerce, nothing is lost where none is done', () => {
    expect(say({ licence: 'CC-BY-NC-4.0' }, false)).toBe('search+licence ground+licence train+licence')
  })

  test('of expressions the freest of OR and the strictest of AND', () => {
    const of = (licence: string): unknown => decideRights({ licence }, defaults).licence
    expect(of('CC-BY-NC-4.0 OR MIT')).toMatchObject({ isNonCommercial: false })
    expect(of('(CC-BY-NC-4.0 AND MIT)')).toMatchObject({ isNonCommercial: true })
    expect(of('GPL-3.0-only WITH Classpath-exception-2.0')).toMatchObject({ isShareAlike: true, permitsCopies: true })
    expect(of('CC0-1.0')).toMatchObject({ needsAttribution: false })
    expect(of('All rights reserved')).toMatchObject({ permitsCopies: undefined })
  })

  test('and is kept in its own words, cut at a bound, whatever is sent', () => {
    const long = 'User-agent: GPTBot\nDisallow: /' + 'x'.repeat(100_000)
    for (const { raw } of decideRights({ url, robotsTxt: long }, defaults).signals)
      expect(raw.length).toBeLessThan(2_100)
    const hostile = {
      robotsTxt: '*'.repeat(200_000),
      rslXml: '<content '.repeat(50_000),
      html: '<meta '.repeat(50_000),
    }
    const spiky = {
      url: `https://example.com/${'a'.repeat(5_000)}`,
      robotsTxt: `User-agent: GPTBot\nDisallow: /${'*a'.repeat(2_000)}b`,
    }
    for (const sources of [hostile, spiky]) expect(say(sources)).toMatch(/^search\+default/)
  })
})
