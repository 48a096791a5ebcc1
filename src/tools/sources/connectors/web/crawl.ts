import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../../../../core/errors.ts'
import type { Clock } from '../../../../core/time.ts'
import { splitUrl } from '../../../../core/urls.ts'
import type { Connector, ItemRights, Listed, Listing, SourceAnswer, SourceSend } from '../../source.ts'
import { findAll, readXml } from '../xml.ts'
import { readLinks, withoutFragment } from './page.ts'
import { readRobots, type Robots } from './robots.ts'

export interface WebOptions {
  readonly url: string
  readonly pagesMax: number
  readonly delayMs: number
  readonly send: SourceSend
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** Our name, as robots.txt may speak of us. */
const agent = 'strata'
const agentHeader = { 'user-agent': 'Strata' }
const sitemapsMax = 50

/**
 * Pages of a site below one address: those of its sitemaps and those that links lead to, as robots.txt allows, one request
 * after another with a pause between. What has not changed is not sent again (entity tags, dates).
 */
export function createWebConnector(options: WebOptions): Connector {
  return { list: (listing) => new Crawl(options, listing).list() }
}

/** How a page was: kept as the mark of its item. */
interface Mark {
  readonly etag: string | undefined
  readonly modified: string | undefined
  /** Where it leads, to go on from when it has not changed. */
  readonly links: readonly string[]
}

class Crawl {
  readonly #options: WebOptions
  readonly #listing: Listing
  readonly #origin: string
  readonly #below: string
  readonly #queue: string[] = []
  readonly #known = new Set<string>()
  #robots: Robots = readRobots('', agent)
  #site: Pick<ItemRights, 'robotsTxt' | 'aiTxt' | 'tdmrepJson'> = {}
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(options: WebOptions, listing: Listing) {
    this.#options = options
    this.#listing = listing
    const { origin, pathname } = new URL(options.url)
    this.#origin = origin
    this.#below = pathname.slice(0, pathname.lastIndexOf('/') + 1)
  }

  async *list(): AsyncGenerator<Listed> {
    await this.#readSite()
    this.#add(withoutFragment(new URL(this.#options.url)))
    for (const url of await this.#readSitemaps()) this.#add(url)
    for (let pages = 0; ; pages++) {
      const url = this.#queue.shift()
      if (url === undefined) return
      if (pages >= this.#options.pagesMax) {
        yield { type: 'partial', reason: `the site has more than ${this.#options.pagesMax} pages` }
        return
      }
      const listed = await this.#visit(url)
      if (listed !== undefined) yield listed
    }
  }

  /** Adds an address that lies in the source, that robots.txt allows, and that is new. */
  #add(url: string): void {
    const { origin, pathname, search } = new URL(url)
    if (origin !== this.#origin || !pathname.startsWith(this.#below) || this.#known.has(url)) return
    if (url.length > addressLengthMax || this.#known.size >= addressesMax) return
    if (!this.#robots.allows(pathname + search)) return
    this.#known.add(url)
    this.#queue.push(url)
  }

  async #visit(url: string): Promise<Listed | undefined> {
    const known = readMark(this.#listing.markOf(url))
    if (this.#listing.isDone(url)) {
      for (const link of known?.links ?? []) this.#add(link)
      return { type: 'unchanged', id: url }
    }
    const conditions = {
      ...(known?.etag === undefined ? {} : { 'if-none-match': known.etag }),
      ...(known?.modified === undefined ? {} : { 'if-modified-since': known.modified }),
    }
    let answer: SourceAnswer
    try {
      answer = await this.#get(url, conditions)
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || this.#listing.signal.aborted) throw thrown
      // A page that leads elsewhere is not one of this site.
      if (thrown.code === 'REDIRECT_REFUSED') return undefined
      // One that is too large can be no page with links.
      return { type: 'failed', id: url, reason: thrown.message, hidesOthers: thrown.code !== 'UPSTREAM_INVALID' }
    }
    const { status } = answer
    if (status === 304 && known !== undefined) {
      for (const link of known.links) this.#add(link)
      return { type: 'unchanged', id: url }
    }
    if (status === 404 || status === 410) return undefined
    if (status !== 200) return { type: 'failed', id: url, reason: `answered ${status}`, hidesOthers: true }
    return this.#toListed(url, answer)
  }

  #toListed(url: string, { headers, body }: SourceAnswer): Listed | undefined {
    const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
    const isHtml = mediaType === 'text/html' || mediaType === 'application/xhtml+xml'
    const html = isHtml ? body.toString('utf8') : undefined
    const { links, isUnlisted } = html === undefined ? noLinks : readLinks(html, url)
    for (const link of links) this.#add(link)
    if (isUnlisted || /\b(noindex|none)\b/i.test(headers['x-robots-tag'] ?? '')) return undefined
    if (!isHtml && !documentTypes.test(mediaType)) return undefined
    const mark: Mark = { etag: headers['etag'], modified: headers['last-modified'], links }
    const rights = { url, headers, ...this.#site, html }
    const item = {
      id: url,
      name: url,
      mark: JSON.stringify(mark),
      mediaType,
      read: () => Promise.resolve(body),
      rights,
    }
    return { type: 'item', item }
  }

  /** What the site says to crawlers. One that cannot say it now is left alone: the standard asks for that. */
  async #readSite(): Promise<void> {
    const robotsTxt = await this.#findText('/robots.txt')
    this.#robots = readRobots(robotsTxt ?? '', agent)
    this.#site = {
      robotsTxt,
      aiTxt: await this.#findText('/ai.txt').catch(() => undefined),
      tdmrepJson: await this.#findText('/.well-known/tdmrep.json').catch(() => undefined),
    }
  }

  async #findText(path: string): Promise<string | undefined> {
    const { status, body } = await this.#get(this.#origin + path)
    if (status === 200) return body.toString('utf8')
    if (status >= 400 && status < 500 && status !== 429) return undefined
    throw new PlatformError('UPSTREAM_REJECTED', `${path} answered ${status}; nothing is read until it can be`)
  }

  async #readSitemaps(): Promise<readonly string[]> {
    const waiting = this.#robots.sitemaps.length > 0 ? [...this.#robots.sitemaps] : [`${this.#origin}/sitemap.xml`]
    const pages: string[] = []
    for (let read = 0; read < sitemapsMax; read++) {
      const url = waiting.shift()
      if (url === undefined) break
      if (!URL.canParse(url) || new URL(url).origin !== this.#origin) continue
      const answer = await this.#get(url).catch(() => undefined)
      if (answer?.status !== 200) continue
      try {
        const root = readXml(answer.body.toString('utf8'))
        const found = findAll(root, 'loc')
          .map((element) => element.text.trim())
          .filter((each) => URL.canParse(each))
        if (root.name === 'sitemapindex') waiting.push(...found)
        else pages.push(...found.map((each) => withoutFragment(new URL(each))))
      } catch {
        continue // A sitemap that cannot be read lists nothing; links may still lead there.
      }
    }
    return pages
  }

  async #get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SourceAnswer> {
    const { clock, delayMs, send } = this.#options
    const { signal } = this.#listing
    const waitMs = this.#lastMs + Math.max(delayMs, this.#robots.delayMs) - clock.monotonicMs()
    if (waitMs > 0) await sleep(waitMs, undefined, { signal })
    this.#lastMs = clock.monotonicMs()
    const { path } = splitUrl(url)
    return send({ method: 'GET', path, headers: { ...agentHeader, ...headers }, signal })
  }
}

const noLinks = { links: [], isUnlisted: false } as const
/** Media types of pages that are documents. */
const documentTypes =
  /^(?:text\/(?:plain|markdown|csv|tab-separated-values)|application\/(?:pdf|json|epub\+zip|vnd\.openxmlformats-officedocument\.\S+|vnd\.oasis\.opendocument\.text))$/
/** Longer addresses cannot be ids of documents. */
const addressLengthMax = 900
const addressesMax = 200_000

function readMark(mark: string | undefined): Mark | undefined {
  return mark === undefined ? undefined : (JSON.parse(mark) as Mark) // written by this file
}
