import { PlatformError } from '../../../core/errors.ts'
import type { Clock } from '../../../core/time.ts'
import { readableExtensions } from '../../preparation/index.ts'
import type { Connector, SourceAnswer, SourceSend } from '../source.ts'
import { extensionOf, tooLarge } from './folder.ts'
import { encodePath, signRequest, toQuery } from './s3-signing.ts'
import { findAll, findText, readXml } from './xml.ts'

export interface S3Options {
  readonly url: string
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  readonly prefix: string
  readonly send: SourceSend
  readonly clock: Clock
  readonly documentBytesMax: number
}

/** Pages of a thousand keys; a bucket with more is not listed to its end. */
const pagesMax = 10_000

/** The objects of a bucket in the order of their keys; an item is as its entity tag says. */
export function createS3Connector(options: S3Options): Connector {
  const bucket = new URL(options.url).pathname.replace(/\/+$/, '')
  const ask = (path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SourceAnswer> => {
    const { host } = new URL(options.url)
    const credentials = signRequest({ method: 'GET', host, path, query, atMs: options.clock.now() }, options)
    const written = toQuery(query)
    return options.send({ method: 'GET', path: written === '' ? path : `${path}?${written}`, credentials, signal })
  }
  return {
    async *list({ signal }) {
      let token: string | undefined
      for (let page = 0; page < pagesMax; page++) {
        const query = {
          'list-type': '2',
          prefix: options.prefix,
          ...(token === undefined ? {} : { 'continuation-token': token }),
        }
        const answer = await ask(bucket === '' ? '/' : bucket, query, signal)
        if (answer.status !== 200) throw refused(answer)
        const list = readXml(answer.body.toString('utf8'))
        for (const object of findAll(list, 'Contents')) {
          const key = findText(object, 'Key') ?? ''
          const bytes = Number(findText(object, 'Size') ?? 0)
          if (!readableExtensions.has(extensionOf(key))) continue
          yield {
            type: 'item',
            item: {
              id: key,
              name: key,
              mark: findText(object, 'ETag') ?? '',
              read: async () => {
                if (bytes > options.documentBytesMax) throw tooLarge(key, bytes, options.documentBytesMax)
                const found = await ask(`${bucket}/${encodePath(key)}`, {}, signal)
                if (found.status !== 200) throw refused(found)
                return found.body
              },
            },
          }
        }
        if (findText(list, 'IsTruncated') !== 'true') return
        token = findText(list, 'NextContinuationToken')
        if (token === undefined) break
      }
      yield { type: 'partial', reason: 'the bucket was not listed to its end' }
    },
  }
}

function refused({ status }: SourceAnswer): PlatformError {
  return new PlatformError('UPSTREAM_REJECTED', `the bucket answered ${status}`)
}
