import { PlatformError } from '../../../core/errors.ts'
import { readableExtensions } from '../../preparation/index.ts'
import type { Connector, Listed, SourceAnswer, SourceSend } from '../source.ts'
import { extensionOf, tooLarge } from './folder.ts'
import { findAll, findText, readXml } from './xml.ts'

export interface WebdavOptions {
  readonly url: string
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly send: SourceSend
  readonly documentBytesMax: number
}

const foldersMax = 100_000

const question =
  '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getetag/><getlastmodified/><getcontentlength/></prop></propfind>'

/** Every readable file below a folder; an item is as its entity tag says, else its size and its time of change. */
export function createWebdavConnector(options: WebdavOptions): Connector {
  const { user, password = '', send } = options
  const root = new URL(options.url).pathname.replace(/\/*$/, '/')
  const signIn =
    user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  const ask = (method: 'GET' | 'PROPFIND', path: string, signal: AbortSignal): Promise<SourceAnswer> => {
    const headers = { depth: '1', 'content-type': 'application/xml' }
    const more = method === 'PROPFIND' ? { headers, body: question } : {}
    return send({ method, path, credentials: signIn, signal, ...more })
  }
  return {
    async *list({ signal }) {
      const waiting = [root]
      const known = new Set(waiting)
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
        const answer = await ask('PROPFIND', path, signal)
        if (answer.status !== 207) throw refused(answer)
        for (const entry of readEntries(answer.body.toString('utf8'))) {
          // What lies outside the folder is none of the source, whatever the server says.
          if (!entry.path.startsWith(root) || known.has(entry.path)) continue
          known.add(entry.path)
          if (known.size > foldersMax) {
            yield { type: 'partial', reason: `more than ${foldersMax} entries` }
            return
          }
          if (entry.isFolder) waiting.push(entry.path)
          else if (readableExtensions.has(extensionOf(entry.path)))
            yield toListed(entry, { root, options, ask, signal })
        }
      }
    },
  }
}

interface Entry {
  /** Percent-encoded, from the root of the server. */
  readonly path: string
  readonly isFolder: boolean
  readonly mark: string
  readonly bytes: number
}

function readEntries(text: string): readonly Entry[] {
  return findAll(readXml(text), 'response').flatMap((response): readonly Entry[] => {
    const href = findText(response, 'href') ?? ''
    if (!URL.canParse(href, 'http://dav/')) return []
    const { pathname } = new URL(href, 'http://dav/')
    const isFolder = findAll(response, 'collection').length > 0
    const size = findText(response, 'getcontentlength') ?? ''
    const mark = findText(response, 'getetag') ?? `${size} ${findText(response, 'getlastmodified') ?? ''}`
    const path = isFolder ? pathname.replace(/\/*$/, '/') : pathname
    return [{ path, isFolder, mark, bytes: Number(size) }]
  })
}

interface Reading {
  readonly root: string
  readonly options: WebdavOptions
  readonly ask: (method: 'GET', path: string, signal: AbortSignal) => Promise<SourceAnswer>
  readonly signal: AbortSignal
}

function toListed({ path, mark, bytes }: Entry, { root, options, ask, signal }: Reading): Listed {
  const id = decode(path.slice(root.length))
  const read = async (): Promise<Uint8Array> => {
    if (bytes > options.documentBytesMax) throw tooLarge(id, bytes, options.documentBytesMax)
    const found = await ask('GET', path, signal)
    if (found.status !== 200) throw refused(found)
    return found.body
  }
  return { type: 'item', item: { id, name: id, mark, read } }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path // It is no UTF-8: its name as it is sent.
  }
}

function refused({ status }: SourceAnswer): PlatformError {
  return new PlatformError('UPSTREAM_REJECTED', `the folder answered ${status}`)
}
