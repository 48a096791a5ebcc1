import type { Config, EndpointConfig, EndpointDialect } from '../../config/index.ts'
import type { Pricer, PriceQuery } from '../../core/ports.ts'
import { PriceWithAdvice } from './advice.ts'
import {
  allTime,
  findInCatalogue,
  findVendorAt,
  loadCatalogue,
  type CatalogueLibrary,
  type TimeWindow,
} from './catalogue.ts'
import { findRow, toTable, toVersion, type PriceRow } from './operator.ts'
import { createPrice, type BookPrice } from './price.ts'
import type { PriceTable } from './price-table.ts'

/** The price book: operator prices, then the catalogue, else nothing. */
export interface PriceBook extends Pricer {
  find(query: PriceQuery): BookPrice | undefined
  /** The vendor whose service a dialect speaks to, as the catalogue names it; `undefined` for dialects of this machine. */
  findVendor(dialect: EndpointDialect): string | undefined
  /** The price that applies, as written, for people; `undefined` when the book has none. */
  describePrice(query: PriceQuery): PriceDescription | undefined
}

/** Token prices are decimal USD per million, tiered by the input tokens of the request. */
export interface PriceDescription extends PriceTable {
  readonly version: string
  /** `endpoint`: its own price · `override`, `contract`: the book · `operator`: investment.prices · `local`: nobody charges · `catalogue`. */
  readonly source: PriceSource
  /** The catalogue's name of the vendor where it has one. */
  readonly vendor: string | undefined
  readonly model: string
  /** First millisecond UTC at which this price holds without interruption until `untilMs`; `undefined` when unbounded. */
  readonly fromMs: number | undefined
  readonly untilMs: number | undefined
}

type PriceSource = 'endpoint' | 'override' | 'operator' | 'contract' | 'local' | 'catalogue'

interface Found {
  readonly vendor: string | undefined
  readonly source: PriceSource
  readonly price: BookPrice
  readonly window: TimeWindow
}

interface Remembered {
  readonly vendor: string | undefined
  readonly window: TimeWindow
  readonly found: (Found & { readonly price: PriceWithAdvice }) | undefined
}

/** Asks for a model without an endpoint. */
const noEndpoint = ''

/** Answers remembered; queries may name any model, so it is bounded. */
const rememberedMax = 4_096

export interface PricerDeps {
  readonly config: Pick<Config, 'endpoints' | 'investment'>
  /** Prices of the book in the database, in the order in which they win; another list when they have changed. */
  readonly entries?: () => readonly EntryPrice[]
}

/** Pure but for what it remembers: no clock, no network; the catalogue's data is part of the installation. */
export function createPricer(deps: PricerDeps): PriceBook {
  const { endpoints, investment } = deps.config
  let entries = deps.entries?.() ?? []
  let rows = toRows(investment.prices, entries)
  const memory = new Map<string, Map<string, Remembered>>()
  let rememberedCount = 0
  let library: CatalogueLibrary | undefined
  const book: Book = { rows: () => rows, library: () => (library ??= loadCatalogue()) }

  const look = (query: PriceQuery): Remembered['found'] => {
    const now = deps.entries?.() ?? entries
    if (now !== entries) {
      entries = now
      rows = toRows(investment.prices, entries)
      memory.clear()
      rememberedCount = 0
    }
    const past = memory.get(query.endpoint)?.get(query.model)
    if (
      past !== undefined &&
      past.vendor === query.vendor &&
      past.window.fromMs <= query.atMs &&
      query.atMs < past.window.untilMs
    ) {
      return past.found
    }
    const { found: own, window } = search(query, endpoints[query.endpoint], book)
    const find = (model: string, atMs: number): BookPrice | undefined => findAdvisor({ ...query, atMs }, model)
    const found = own && { ...own, price: new PriceWithAdvice(own.price, find, query.atMs) }
    remember(query, { vendor: query.vendor, window, found })
    return found
  }

  const remember = (query: PriceQuery, answer: Remembered): void => {
    if (rememberedCount >= rememberedMax) {
      memory.clear()
      rememberedCount = 0
    }
    let models = memory.get(query.endpoint)
    if (models === undefined) {
      models = new Map()
      memory.set(query.endpoint, models)
    }
    if (!models.has(query.model)) rememberedCount++
    models.set(query.model, answer)
  }

  /** A model that is advised by itself has its own price; another one its vendor's, whatever the endpoint's is. */
  const findAdvisor = (query: PriceQuery, model: string): BookPrice | undefined => {
    if (model === query.model) return look(query)?.price
    return look({
      endpoint: noEndpoint,
      vendor: findVendorOf(query, endpoints[query.endpoint], book),
      model,
      atMs: query.atMs,
    })?.price
  }

  return {
    find: (query) => look(query)?.price.at(query.atMs),
    findVendor: (dialect) => (isLocal(dialect) ? undefined : vendorOfDialect[dialect]),
    describePrice(query) {
      const found = look(query)
      return found && toDescription(found, query.model)
    },
  }
}

function toDescription({ price, source, vendor, window }: Found, model: string): PriceDescription {
  const { fromMs, untilMs } = window
  return {
    ...price.table,
    version: price.version,
    source,
    vendor,
    model,
    fromMs: Number.isFinite(fromMs) ? fromMs : undefined,
    untilMs: Number.isFinite(untilMs) ? untilMs : undefined,
  }
}

/** Where prices are looked up: the operator's rows, then the catalogue. */
interface Book {
  readonly rows: () => readonly SourcedRow[]
  readonly library: () => CatalogueLibrary
}

type EntryPrice = PriceRow & { readonly source: 'override' | 'contract' }
type SourcedRow = PriceRow & { readonly source: 'override' | 'operator' | 'contract' }

/** Overrides of the database, then the configuration, then contracts. */
function toRows(configured: readonly PriceRow[], entries: readonly EntryPrice[]): readonly SourcedRow[] {
  const of = (source: EntryPrice['source']): readonly EntryPrice[] => entries.filter((row) => row.source === source)
  const rows = [
    ...of('override'),
    ...configured.map((row) => ({ ...row, source: 'operator' as const })),
    ...of('contract'),
  ]
  return rows.map((row) => ({ ...row, vendor: row.vendor === undefined ? undefined : toVendor(row.vendor) }))
}

interface Searched {
  readonly found: Found | undefined
  readonly window: TimeWindow
}

function search(query: PriceQuery, endpoint: EndpointConfig | undefined, book: Book): Searched {
  if (endpoint?.price !== undefined) {
    const price = createPrice(toVersion(endpoint.price), toTable(endpoint.price))
    const named = query.vendor ?? endpoint.vendor
    const vendor = named === undefined ? undefined : toVendor(named)
    return { found: { vendor, source: 'endpoint', price, window: allTime }, window: allTime }
  }
  const vendor = findVendorOf(query, endpoint, book)
  const give = (source: PriceSource, price: BookPrice, window: TimeWindow): Searched => ({
    found: { vendor, source, price, window },
    window,
  })
  const { row, window: rowWindow } = findRow(book.rows(), { vendor, model: query.model, atMs: query.atMs })
  if (row !== undefined) {
    return give(row.source, createPrice(toVersion(row.price, row.source), toTable(row.price)), rowWindow)
  }
  if (endpoint !== undefined && isLocal(endpoint.dialect)) {
    return give('local', createPrice('local', toTable({ input: '0', output: '0' })), rowWindow)
  }
  if (vendor === undefined) return { found: undefined, window: rowWindow }
  const { entry, window: entryWindow } = findInCatalogue(book.library(), {
    vendor,
    model: query.model,
    atMs: query.atMs,
  })
  const window = intersect(rowWindow, entryWindow)
  if (entry === undefined) return { found: undefined, window }
  return give('catalogue', createPrice(entry.version, withTaken(entry.table, endpoint)), window)
}

/** The query's vendor, else the endpoint's: as configured, by its URL, by its dialect. Never guessed from a model's name. */
function findVendorOf(query: PriceQuery, endpoint: EndpointConfig | undefined, book: Book): string | undefined {
  const named = query.vendor ?? endpoint?.vendor
  if (named !== undefined) return toVendor(named)
  if (endpoint === undefined) return undefined
  if (endpoint.url !== undefined) return findVendorAt(book.library(), endpoint.url)
  return isLocal(endpoint.dialect) ? undefined : vendorOfDialect[endpoint.dialect]
}

/** Whose service a dialect speaks to when the endpoint has no URL, as the catalogue names it. */
const vendorOfDialect: Readonly<Record<Exclude<EndpointDialect, LocalDialect>, string>> = {
  openai: 'openai',
  'openai-responses': 'openai',
  anthropic: 'anthropic',
  google: 'google',
  bedrock: 'aws',
  azure: 'azure',
  mistral: 'mistral',
  cohere: 'cohere',
  groq: 'groq',
  deepseek: 'deepseek',
  xai: 'x-ai',
  alibaba: 'alibaba',
  moonshot: 'moonshotai',
}

type LocalDialect = 'llama' | 'onnx' | 'extract'

/** Runs on this machine: no vendor charges for it, which is known and not merely unreported. */
function isLocal(dialect: EndpointDialect): dialect is LocalDialect {
  return dialect === 'llama' || dialect === 'onnx' || dialect === 'extract'
}

/**
 * A usage that says nothing of a kind of input the endpoint does not take has none of it; a model that is asked without
 * an endpoint is taken to get text.
 */
function withTaken(table: PriceTable, endpoint: EndpointConfig | undefined): PriceTable {
  const taken: readonly string[] = endpoint?.inputs ?? ['text']
  return {
    ...table,
    modalities: table.modalities.map((kind) => ({
      ...kind,
      isOptional: kind.direction === 'input' && !taken.some((name) => kind.name.startsWith(name)),
    })),
  }
}

/** The catalogue's name of a vendor that goes by the name of its dialect: `x-ai` of `xai`, `aws` of `bedrock`. */
function toVendor(name: string): string {
  const vendor = name.toLowerCase()
  return Object.entries(vendorOfDialect).find(([dialect]) => dialect === vendor)?.[1] ?? vendor
}

function intersect(left: TimeWindow, right: TimeWindow): TimeWindow {
  return { fromMs: Math.max(left.fromMs, right.fromMs), untilMs: Math.min(left.untilMs, right.untilMs) }
}
