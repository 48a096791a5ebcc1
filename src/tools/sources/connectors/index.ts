import type { SourceConfig } from '../../../config/index.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { Clock } from '../../../core/time.ts'
import type { Connector, SourceConnect, SourceKind, SourceSend } from '../source.ts'
import { createFolderConnector } from './folder.ts'

export { watchFolder } from './folder.ts'
export { signRequest } from './s3-signing.ts'

export interface ConnectorParts {
  /** Sends to the origin of an address, under the regions that the source states. */
  readonly toSend: (place: NetworkPlace) => SourceSend
  /** Connects to the host of an address, under the same. */
  readonly toConnect: (place: NetworkPlace) => SourceConnect
  /** A path of the configuration, absolute. */
  readonly toPath: (path: string) => string
  readonly documentBytesMax: number
  readonly clock: Clock
}

export interface NetworkPlace {
  /** Scheme, host and port; the port is written where the scheme has none of its own. */
  readonly origin: string
  readonly processing: readonly string[]
  readonly storage: readonly string[]
}

export function kindOf(source: SourceConfig): SourceKind {
  const kinds = ['folder', 'git', 'web', 's3', 'webdav', 'imap'] as const
  const kind = kinds.find((each) => source[each] !== undefined)
  if (kind === undefined) throw new PlatformError('INTERNAL', 'a source of no kind')
  return kind
}

interface Addressed {
  readonly url: string
  readonly processing?: readonly string[] | undefined
  readonly storage?: readonly string[] | undefined
}

/** What speaks to other machines or reads their formats is loaded with the first source of its kind that is read. */
export async function createConnector(source: SourceConfig, parts: ConnectorParts): Promise<Connector> {
  const { folder, git, web, s3, webdav, imap } = source
  const { toPath, documentBytesMax, clock } = parts
  const send = ({ url, processing = [], storage = [] }: Addressed) =>
    parts.toSend({ origin: new URL(url).origin, processing, storage })
  if (folder !== undefined) return createFolderConnector({ path: toPath(folder.path), documentBytesMax })
  if (git?.path !== undefined) {
    const { createGitConnector } = await import('./git/index.ts')
    return createGitConnector({ ...git, path: toPath(git.path), documentBytesMax })
  }
  if (git?.url !== undefined) {
    const { createRemoteGitConnector } = await import('./git/index.ts')
    const place = { ...git, url: git.url }
    return createRemoteGitConnector({ ...place, send: send(place), documentBytesMax })
  }
  if (web !== undefined) {
    const { createWebConnector } = await import('./web/index.ts')
    return createWebConnector({ ...web, send: send(web), clock })
  }
  if (s3 !== undefined) {
    const { createS3Connector } = await import('./s3.ts')
    return createS3Connector({ ...s3, send: send(s3), clock, documentBytesMax })
  }
  if (webdav !== undefined) {
    const { createWebdavConnector } = await import('./webdav.ts')
    return createWebdavConnector({ ...webdav, send: send(webdav), documentBytesMax })
  }
  if (imap !== undefined) {
    const { createImapConnector } = await import('./imap/index.ts')
    const { processing, storage } = imap
    const connect = parts.toConnect({ origin: toMailOrigin(imap.url), processing, storage })
    return createImapConnector({ ...imap, connect, documentBytesMax })
  }
  throw new PlatformError('INTERNAL', 'a source of no kind')
}

/** With the port that the scheme stands for. */
function toMailOrigin(url: string): string {
  const { protocol, hostname, port } = new URL(url)
  const standard = protocol === 'imaps:' ? '993' : '143'
  return `${protocol}//${hostname}:${port === '' ? standard : port}`
}
