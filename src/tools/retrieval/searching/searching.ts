import type { Kysely } from 'kysely'
import { PlatformError, type ErrorCode } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { KnowledgeQuery, Passage } from '../../../core/ports.ts'
import type { Engine, Tables } from '../../../store/index.ts'
import type { Analyser, QueryTerm } from '../analyse.ts'
import { toContextTerm } from '../indexing.ts'
import type { Likeness } from '../likeness.ts'
import { toSentences } from '../sentences.ts'
import type { CollectionRow } from '../store.ts'
import { TenantAccess } from '../access/access.ts'
import { createFold } from '../asking/fold.ts'
import { createChecker, markHolding, type Phrase } from '../asking/narrowing.ts'
import { describeQuery, parseQuery, toPlainQuery, type Filter, type ParsedQuery } from '../asking/parse.ts'
import { listFiltered } from '../asking/store.ts'
import type { QueryVector } from '../vectors/generations.ts'
import { readBest, takeChecked, type Read } from './collapsing.ts'
import { DenseSearch, fuse, toCandidate, type DenseFound, type DenseWeights } from './dense.ts'
import { ListCache } from './lists.ts'
import { createRanker, type Candidate } from './ranking.ts'
import { createScope, type Scope } from './scope.ts'
import { readConsistently, type PassageRow, type SearchRows } from './store.ts'
import { CollectionView } from './view.ts'
import { confidenceMinDefault, weights, type SignalName } from './weights.ts'

/** What a search found, and how likely it is to answer. */
export interface SearchResult {
  readonly passages: readonly Passage[]
  /** 0…1: the share of the question that stands together in the best place found. */
  readonly confidence: number
  /** Whether passages were held back because none is likely to answer. */
  readonly abstained: boolean
  /** How the query was read, where its operators were: words, phrases, what is excluded, filters. */
  readonly understood?: JsonObject | undefined
  /** For each passage the region its document is bound to, `undefined` for none; left out of what others get. */
  readonly boundTo?: readonly (string | undefined)[] | undefined
  /** Where a model was asked to put the question in other words: those that were searched for beside it, or why there are none. */
  readonly rewritten?:
    | { readonly state: 'used' | 'failed'; readonly queries: readonly string[]; readonly code?: ErrorCode | undefined }
    | undefined
  /** Where a model was asked to judge the passages: whether their order is its, or why not. */
  readonly rerank?: { readonly state: 'used' | 'failed'; readonly code?: ErrorCode | undefined } | undefined
  /** Where a collection has a live generation of vectors: whether they were `used`, or why not. */
  readonly dense?: { readonly state: 'used' | 'failed'; readonly code?: ErrorCode | undefined } | undefined
}

/** A query with the vectors of its question. */
export interface SearchQuery extends Omit<KnowledgeQuery, 'by' | 'rewriteWith'> {
  /** Searched for instead of the words of the query; its operators hold. */
  readonly words?: string | undefined
  readonly vectors?: readonly QueryVector[] | undefined
  /** Ranks as if no model had written contexts; with them when absent. */
  readonly withoutContexts?: boolean | undefined
}

/** Answers searches of one database; keeps in memory what it has read of the index. */
export interface Searcher {
  /** Rejects with NOT_FOUND when one of the collections is not there. */
  search(query: SearchQuery): Promise<SearchResult>
}

export interface SearcherParts {
  readonly database: Kysely<Tables>
  readonly engine: Engine
  readonly analyser: Analyser
  /** Collections kept in memory; the one asked least lately is forgotten. */
  readonly viewsMax: number
  /** Memory for lists of postings, of all collections together. */
  readonly postingBytesMax: number
  readonly dense: DenseBounds
  /** What written contexts count beside the text of a passage; nothing at 0. */
  readonly contextWeight: number
}

export interface DenseBounds extends DenseWeights {
  /** Memory for vectors, of all collections together. */
  readonly bytesMax: number
  /** Cosine from which on a passage is likely to answer. */
  readonly similarityMin: number
}

const passagesMaxMax = 100
const scopesMax = 64
/** Looked at beyond what is asked for, so that passages that say the same leave enough. */
const spareMax = 32
const signalNames = Object.keys(weights) as SignalName[] // the keys of an object literal

export function createSearcher(parts: SearcherParts): Searcher {
  const searcher = new Searching(parts)
  let last: Promise<unknown> = Promise.resolve()
  return {
    // One after another: views are read and brought up to date in the same step.
    search(query) {
      const found = last.then(() => searcher.search(query))
      last = found.catch(() => undefined)
      return found
    },
  }
}

export type Found = Pick<Ranked, 'collection' | 'likeness' | 'candidate'>

export interface Ranked {
  readonly collection: CollectionRow
  readonly likeness: Likeness
  readonly candidate: Candidate
  readonly parts: Readonly<Record<string, number>>
  readonly score: number
  /** Cosine of its vector with that of the question; `undefined` when it was not found by it. */
  readonly similarity?: number | undefined
}

class Searching {
  readonly #parts: SearcherParts
  readonly #views = new Map<number, CollectionView>()
  readonly #access = new Map<string, TenantAccess>()
  readonly #scopes = new Map<string, Scope>()
  readonly #ranker = createRanker()
  readonly #lists: ListCache
  readonly #fold = createFold()
  readonly #dense: DenseSearch
  #viewsMade = 0

  constructor(parts: SearcherParts) {
    this.#parts = parts
    this.#lists = new ListCache(parts.postingBytesMax)
    this.#dense = new DenseSearch(parts.dense.bytesMax)
  }

  async search(query: SearchQuery): Promise<SearchResult> {
    const written = query.syntax === 'operators' ? parseQuery(query.query) : toPlainQuery(query.query)
    const parsed = query.words === undefined ? written : { ...written, text: query.words }
    const result = await readConsistently(this.#parts, (rows, sql) => this.#find({ rows, sql, query, parsed }))
    return query.syntax === 'operators' ? { ...result, understood: describeQuery(parsed) } : result
  }

  async #find({ rows, sql, query, parsed }: Asking): Promise<SearchResult> {
    const collections = await listCollections(rows, query)
    const asked = this.#toAsked(parsed)
    if (asked.terms.length === 0) return nothing
    const [found, near]: [Found[], DenseFound[]] = [[], []]
    for (const collection of collections) {
      const both = await this.#findIn({ rows, sql, query, asked }, collection)
      found.push(...both.lexical)
      near.push(...both.dense)
    }
    const passagesMax = Math.min(Math.max(1, query.passagesMax), passagesMaxMax)
    const { check } = asked
    const { dense, contextWeight } = this.#parts
    const byWords = rankAll(found, contextWeight)
    const ranked = query.vectors === undefined ? byWords : fuse(byWords, near, dense)
    const best =
      check === undefined
        ? ranked
        : await takeChecked({ rows, tenant: query.tenant, check }, ranked, passagesMax + spareMax)
    const confidence = best.reduce((most, { candidate }) => Math.max(most, candidate.coverage), 0)
    const isNear = best.some(({ similarity = -1 }) => similarity >= dense.similarityMin)
    if (!isNear && confidence < (query.confidenceMin ?? confidenceMinDefault)) {
      return { passages: [], confidence, abstained: best.length > 0 }
    }
    const reading = { rows, tenant: query.tenant, analyser: this.#parts.analyser }
    const kept = await readBest(reading, best.slice(0, passagesMax + spareMax), passagesMax)
    const boundTo = kept.map(({ ranked }) => ranked.candidate.entry.region ?? undefined)
    return { passages: kept.map((each) => toPassage(each, asked.terms)), boundTo, confidence, abstained: false }
  }

  #toAsked(parsed: ParsedQuery): Asked {
    const { analyser } = this.#parts
    const toPhrase = (text: string): Phrase => ({ text: this.#fold(text), terms: analyser.analyseFolded(text) })
    const phrases = parsed.phrases.map(toPhrase)
    const excluded = parsed.excluded.map(toPhrase)
    return {
      terms: analyser.analyseQuery(parsed.text),
      phrases,
      filters: parsed.filters,
      check: phrases.length + excluded.length === 0 ? undefined : createChecker(this.#fold, { phrases, excluded }),
    }
  }

  async #findIn({ rows, sql, query, asked }: AskingIn, collection: CollectionRow): Promise<FoundIn> {
    if (collection.chunk_count === 0) return { lexical: [], dense: [] }
    const { terms, phrases, filters, check } = asked
    const view = await this.#view(rows, collection)
    const among =
      filters.length === 0
        ? undefined
        : new Set(await listFiltered(sql, collection.number, { filters, fold: this.#fold }))
    const scope = await this.#scope(rows, view, { ...query, among, filters })
    const { contextWeight } = this.#parts
    const isWritten = collection.context_count > 0 && contextWeight > 0 && query.withoutContexts !== true
    const written = isWritten ? terms.map(({ term }) => toContextTerm(term)) : []
    const inTexts = [...terms.map(({ term }) => term), ...phrases.flatMap((phrase) => phrase.terms)]
    const names = [...new Set([...inTexts, ...written])]
    const lists = await view.listPostings(sql, names)
    const postings = new Map(names.map((name, index) => [name, lists[index] ?? []]))
    const allowed = phrases.length === 0 ? undefined : markHolding(view.chunkEntry.length, phrases, postings)
    const narrowed = { ...scope, allowed, isRead: check !== undefined, contextWeight }
    const candidates = this.#ranker.findCandidates(
      view,
      narrowed,
      terms.map(({ term, weight }) => ({
        term,
        weight,
        postings: postings.get(term) ?? [],
        contexts: isWritten ? postings.get(toContextTerm(term)) : undefined,
      })),
    )
    const toFound = (candidate: Candidate): Found => ({
      collection,
      likeness: { table: view.likeness, number: candidate.chunk },
      candidate,
    })
    const vector = query.vectors?.find((each) => each.collection === collection.name)
    const near = vector === undefined ? [] : await this.#dense.find(sql, { view, scope: narrowed }, vector)
    const known = new Map(candidates.map((candidate) => [candidate.chunk, candidate]))
    return {
      lexical: candidates.map(toFound),
      dense: near.flatMap((each) => {
        const candidate = known.get(each.chunk) ?? toCandidate(view, each)
        return candidate === undefined ? [] : [{ ...toFound(candidate), similarity: each.similarity }]
      }),
    }
  }

  async #view(rows: SearchRows, collection: CollectionRow): Promise<CollectionView> {
    const view = this.#views.get(collection.number) ?? this.#createView(collection.number)
    this.#views.delete(collection.number)
    await view.sync(rows, collection) // what fails half way is forgotten
    this.#views.set(collection.number, view)
    const [oldest] = this.#views.keys()
    if (this.#views.size > this.#parts.viewsMax && oldest !== undefined) this.#views.delete(oldest)
    return view
  }

  #createView(collection: number): CollectionView {
    return new CollectionView(collection, { id: this.#viewsMade++, lists: this.#lists })
  }

  async #scope(rows: SearchRows, view: CollectionView, query: ScopeQuery): Promise<Scope> {
    const access = this.#access.get(query.tenant) ?? new TenantAccess()
    this.#access.delete(query.tenant)
    if (query.principals !== undefined) await access.sync(rows, query.tenant)
    this.#access.set(query.tenant, access)
    const { principals, regions, excluded, asOfMs, among, filters } = query
    const version = principals === undefined ? 0 : access.version
    const key = JSON.stringify([view.number, view.revision, version, principals, regions, excluded, asOfMs, filters])
    let scope = this.#scopes.get(key)
    if (scope === undefined) {
      scope = createScope(view, access, {
        principals: principals === undefined ? undefined : access.close(principals),
        regions: regions === undefined ? undefined : new Set(regions),
        excluded: excluded === undefined ? undefined : new Set(excluded),
        asOfMs,
        among,
      })
      if (this.#scopes.size >= scopesMax) this.#scopes.clear()
      this.#scopes.set(key, scope)
    }
    return scope
  }
}

interface Asking {
  readonly rows: SearchRows
  readonly sql: Kysely<Tables>
  readonly query: SearchQuery
  readonly parsed: ParsedQuery
}

interface FoundIn {
  readonly lexical: readonly Found[]
  readonly dense: readonly DenseFound[]
}

interface AskingIn extends Omit<Asking, 'parsed'> {
  readonly asked: Asked
}

/** A question made ready for the index. */
interface Asked {
  readonly terms: readonly QueryTerm[]
  readonly phrases: readonly Phrase[]
  readonly filters: readonly Filter[]
  /** Whether a passage is what was asked for; absent when every passage is. */
  readonly check: ((passage: PassageRow) => boolean) | undefined
}

interface ScopeQuery extends SearchQuery {
  /** What the filters let through. */
  readonly among: ReadonlySet<number> | undefined
  readonly filters: readonly Filter[]
}

const nothing: SearchResult = Object.freeze({ passages: [], confidence: 0, abstained: false })

async function listCollections(rows: SearchRows, query: SearchQuery): Promise<readonly CollectionRow[]> {
  const collections: CollectionRow[] = []
  for (const name of new Set(query.collections)) {
    const row = await rows.findCollection(query.tenant, name)
    if (row === undefined) {
      throw new PlatformError('NOT_FOUND', `there is no collection "${name}"`, { param: 'collection' })
    }
    collections.push(row)
  }
  return collections
}

/** Weighs the signals, each against its best; best first, equal ones in the order they were taken in. */
function rankAll(found: readonly Found[], contextWeight: number): readonly Ranked[] {
  const best = new Map(
    signalNames.map((name) => [
      name,
      found.reduce((most, { candidate }) => Math.max(most, candidate.signals[name]), 0),
    ]),
  )
  // Where nothing is written, everything is as if there were no such signal.
  const names = signalNames.filter((name) => name !== 'context' || (best.get(name) ?? 0) > 0)
  const weighed = { ...weights, context: contextWeight }
  const whole = names.reduce((sum, name) => sum + weighed[name], 0)
  return found
    .map(({ collection, likeness, candidate }): Ranked => {
      const parts: Record<string, number> = {}
      let score = 0
      for (const name of names) {
        const most = best.get(name) ?? 0
        const part = most === 0 ? 0 : (weighed[name] * candidate.signals[name]) / most / whole
        parts[name] = part
        score += part
      }
      return { collection, likeness, candidate, parts, score }
    })
    .toSorted(
      (a, b) =>
        Math.round(b.score * 1e9) - Math.round(a.score * 1e9) ||
        a.collection.number - b.collection.number ||
        a.candidate.chunk - b.candidate.chunk,
    )
}

function toPassage(
  { ranked: { collection, candidate, parts, score, similarity }, row, copies }: Read,
  terms: readonly QueryTerm[],
): Passage {
  const sentence = toSentences(row.text)[candidate.sentence] ?? { start: 0, end: row.text.length }
  return {
    collection: collection.name,
    document: row.document,
    source: row.source,
    version: row.version,
    start: row.start,
    end: row.end,
    text: row.text,
    headings: JSON.parse(row.headings) as readonly string[], // written by this room, from a list of strings
    score,
    ...(row.region === null ? {} : { region: row.region }),
    why: {
      signals: parts,
      similarity,
      terms: candidate.terms.map((index) => terms[index]?.term ?? ''),
      best: { start: row.start + sentence.start, end: row.start + sentence.end },
      copies: copies.map(({ row: { document, source, version, start, end }, shared }) => ({
        document,
        source,
        version,
        start,
        end,
        shared,
      })),
    },
  }
}
