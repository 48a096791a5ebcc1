import { PlatformError } from '../../../../core/errors.ts'
import type { Connector, Listed, Listing, SourceConnect } from '../../source.ts'
import { tooLarge } from '../folder.ts'
import { ImapSession, type MailboxState } from './session.ts'

export interface ImapOptions {
  /** `imaps://mail.example.org`, or `imap://` for a server that becomes encrypted when asked. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** Names of folders; `*` stands for any, `%` for any that is below no other. */
  readonly folders: readonly string[]
  /** Of one sync. */
  readonly bytesMax: number
  readonly connect: SourceConnect
  readonly documentBytesMax: number
}

/**
 * The messages of folders of a mailbox, by folder, validity and number (UID), under which a message never changes. Those marked
 * as deleted count as gone. While the server says that nothing has changed, nothing is listed.
 */
export function createImapConnector(options: ImapOptions): Connector {
  return {
    async *list(listing) {
      const { url, user, password, documentBytesMax, bytesMax } = options
      const { protocol, hostname } = new URL(url)
      const isSecure = protocol === 'imaps:'
      const connection = await options.connect({ isSecure, bytesMax, signal: listing.signal })
      try {
        const signIn = { user, password, isOpenAllowed: localHosts.has(hostname) }
        const session = await ImapSession.open(connection, signIn, documentBytesMax + 1)
        yield* listMail(options, session, listing)
        await session.leave()
      } finally {
        connection.close()
      }
    },
  }
}

const localHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

async function* listMail(options: ImapOptions, session: ImapSession, listing: Listing): AsyncGenerator<Listed> {
  const folders = await findFolders(session, options.folders)
  const states: (readonly [string, MailboxState])[] = []
  for (const folder of folders) states.push([folder, await session.examine(folder)])
  const cursor = states.every(([, { modSeq }]) => modSeq !== undefined) ? JSON.stringify(states) : undefined
  if (cursor !== undefined && listing.cursor === cursor) yield { type: 'same' }
  else for (const [folder] of states) yield* listFolder(options, { session, folder })
  if (cursor !== undefined) yield { type: 'cursor', value: cursor }
}

/** Folders that show what lies in others, or what nobody keeps. */
const leftOut: ReadonlySet<string> = new Set(['\\all', '\\flagged', '\\important', '\\trash', '\\junk', '\\drafts'])

/** Each once, in order. Rejects with NOT_FOUND where a name is none: its messages must not look gone. */
async function findFolders(session: ImapSession, names: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const name of names) {
    const isPattern = /[*%]/.test(name)
    const listed = (await session.listMailboxes(name)).filter(
      ({ flags }) => !flags.includes('\\noselect') && !flags.includes('\\nonexistent'),
    )
    const wanted = isPattern ? listed.filter(({ flags }) => !flags.some((flag) => leftOut.has(flag))) : listed
    for (const folder of wanted) found.add(folder.name)
    if (isPattern || listed.length > 0) continue
    const all = (await session.listMailboxes('*')).map((each) => each.name)
    const shown = all.slice(0, 20).join(', ')
    throw new PlatformError(
      'NOT_FOUND',
      `there is no folder ${name}; there are: ${shown}${all.length > 20 ? ', …' : ''}`,
    )
  }
  return [...found].toSorted()
}

interface Reading {
  readonly session: ImapSession
  readonly folder: string
}

async function* listFolder(options: ImapOptions, { session, folder }: Reading): AsyncGenerator<Listed> {
  const { documentBytesMax } = options
  const { uidValidity } = await session.examine(folder)
  const mark = String(uidValidity)
  for (const uid of await session.listUids()) {
    const id = `${folder}/${uidValidity}/${uid}`
    const name = `${folder}/${uid}.eml`
    const read = async (): Promise<Buffer> => {
      const bytes = await session.fetch(uid, documentBytesMax + 1)
      if (bytes === undefined) throw new PlatformError('NOT_FOUND', `${name} went while it was listed`)
      if (bytes.length > documentBytesMax) throw tooLarge(name, bytes.length, documentBytesMax)
      return bytes
    }
    yield { type: 'item', item: { id, name, mark, mediaType: 'message/rfc822', read } }
    if (session.failure !== undefined) throw session.failure
  }
}
