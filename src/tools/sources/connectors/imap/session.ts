import { PlatformError, toPlatformError } from '../../../../core/errors.ts'
import type { SourceConnection } from '../../source.ts'
import { Incoming } from './incoming.ts'
import { fromMailboxName, toMailboxName } from './names.ts'
import { invalid, readResponse, type Response, type Value } from './response.ts'

export interface SignIn {
  readonly user: string
  readonly password: string
  /** Whether a password may be sent without encryption: to this machine only. */
  readonly isOpenAllowed: boolean
}

export interface Mailbox {
  readonly name: string
  /** Lower case, with their backslash. */
  readonly flags: readonly string[]
}

/** How a mailbox is: while all of it stays the same, so do its messages and their flags. */
export interface MailboxState {
  readonly exists: number
  readonly uidValidity: number
  readonly uidNext: number | undefined
  /** Where the server counts changes (RFC 7162). */
  readonly modSeq: string | undefined
}

/** The list of a mailbox of some million messages. */
const lineBytesMax = 33_554_432

/** The few commands that reading takes (RFC 3501); nothing is changed, no flag is set. */
export class ImapSession {
  readonly #connection: SourceConnection
  readonly #incoming: Incoming
  readonly #literalBytesMax: number
  #capabilities: readonly string[] = []
  #count = 0
  /** Why nothing more can be asked. */
  failure: PlatformError | undefined

  private constructor(connection: SourceConnection, literalBytesMax: number) {
    this.#connection = connection
    this.#incoming = new Incoming(connection)
    this.#literalBytesMax = literalBytesMax
  }

  static async open(connection: SourceConnection, signIn: SignIn, literalBytesMax: number): Promise<ImapSession> {
    const session = new ImapSession(connection, literalBytesMax)
    const { text } = await session.#next()
    if (!/^(?:OK|PREAUTH)\b/i.test(text)) throw invalid('it does not greet')
    await session.#learn()
    if (!connection.isSecure && session.#can('STARTTLS')) {
      await session.#command('STARTTLS')
      if (session.#incoming.isWaiting) throw invalid('it speaks before it is encrypted')
      await connection.secure()
      await session.#learn()
    }
    if (!connection.isSecure && !signIn.isOpenAllowed) {
      throw new PlatformError(
        'CONFIG_INVALID',
        'the mail server does not encrypt, and no password is sent in the open; use imaps://',
      )
    }
    if (!/^PREAUTH\b/i.test(text)) await session.#signIn(signIn)
    return session
  }

  /** Folders that a pattern stands for; `*` is anything, `%` anything below no other. */
  async listMailboxes(pattern: string): Promise<readonly Mailbox[]> {
    const responses = await this.#command(`LIST "" ${quote(toMailboxName(pattern))}`)
    return responses.flatMap(({ values }): readonly Mailbox[] => {
      const [kind, flags, , name] = values
      if (kind !== 'LIST' || !Array.isArray(flags) || name === undefined || name === null) return []
      const known = (flags as readonly Value[]).flatMap((flag) =>
        typeof flag === 'string' ? [flag.toLowerCase()] : [],
      )
      return [{ name: fromMailboxName(toText(name)), flags: known }]
    })
  }

  /** Opens a folder for reading only. */
  async examine(name: string): Promise<MailboxState> {
    const responses = await this.#command(`EXAMINE ${quote(toMailboxName(name))}`)
    const find = (pattern: RegExp): string | undefined =>
      responses.map(({ text }) => pattern.exec(text)?.[1]).find((each) => each !== undefined)
    const [exists, uidValidity] = [find(/^(\d+) EXISTS$/i), find(/\[UIDVALIDITY (\d+)\]/i)]
    const uidNext = find(/\[UIDNEXT (\d+)\]/i)
    if (exists === undefined || uidValidity === undefined) throw invalid('it does not say what is in a folder')
    return {
      exists: Number(exists),
      uidValidity: Number(uidValidity),
      uidNext: uidNext === undefined ? undefined : Number(uidNext),
      modSeq: find(/\[HIGHESTMODSEQ (\d+)\]/i),
    }
  }

  /** Of every message that is not marked as deleted, ascending. */
  async listUids(): Promise<readonly number[]> {
    const responses = await this.#command('UID SEARCH UNDELETED')
    const uids = responses.flatMap(({ values: [kind, ...found] }) => (kind === 'SEARCH' ? found.map(Number) : []))
    if (uids.some((uid) => !Number.isSafeInteger(uid) || uid < 1)) throw invalid('a message has no number')
    return [...new Set(uids)].toSorted((one, other) => one - other)
  }

  /** The beginning of a message, up to that many bytes; `undefined` when it has gone. It stays unread. */
  async fetch(uid: number, bytesMax: number): Promise<Buffer | undefined> {
    const responses = await this.#command(`UID FETCH ${uid} (UID BODY.PEEK[]<0.${bytesMax}>)`)
    for (const { values } of responses) {
      const [, kind, items] = values
      if (kind !== 'FETCH' || !Array.isArray(items)) continue
      const pairs = items as readonly Value[]
      const valueOf = (isName: (name: string) => boolean): Value | undefined =>
        pairs[pairs.findIndex((each) => typeof each === 'string' && isName(each.toUpperCase())) + 1]
      if (Number(valueOf((name) => name === 'UID')) !== uid) continue
      const body = valueOf((name) => name.startsWith('BODY['))
      if (Buffer.isBuffer(body)) return body
      if (typeof body === 'string') return Buffer.from(body)
    }
    return undefined
  }

  /** Tells the server that we go, without waiting for what it says. */
  async leave(): Promise<void> {
    if (this.failure === undefined) await this.#connection.write('Z LOGOUT\r\n')
  }

  async #learn(): Promise<void> {
    const responses = await this.#command('CAPABILITY')
    this.#capabilities = responses
      .filter(({ text }) => /^CAPABILITY /i.test(text))
      .flatMap(({ text }) => text.toUpperCase().split(' ').slice(1))
  }

  #can(capability: string): boolean {
    return this.#capabilities.includes(capability)
  }

  async #signIn({ user, password }: SignIn): Promise<void> {
    if (this.#can('AUTH=PLAIN')) {
      const secret = Buffer.from(`\0${user}\0${password}`).toString('base64')
      if (this.#can('SASL-IR')) await this.#command(`AUTHENTICATE PLAIN ${secret}`, { isSecret: true })
      else await this.#command('AUTHENTICATE PLAIN', { isSecret: true, goOn: secret })
      return
    }
    if (this.#can('LOGINDISABLED')) {
      throw new PlatformError(
        'UPSTREAM_REJECTED',
        'the mail server takes no password in this way; it wants imaps:// or a token that Strata does not have',
      )
    }
    await this.#command(`LOGIN ${quote(user)} ${quote(password)}`, { isSecret: true })
  }

  /** What came untagged until the command was done. Rejects with UPSTREAM_REJECTED when the server refuses it. */
  async #command(
    text: string,
    { isSecret = false, goOn }: { readonly isSecret?: boolean; readonly goOn?: string } = {},
  ): Promise<readonly Response[]> {
    if (this.failure !== undefined) throw this.failure
    const tag = `A${++this.#count}`
    const untagged: Response[] = []
    const words = goOn === undefined ? [] : [goOn]
    try {
      await this.#connection.write(`${tag} ${text}\r\n`)
      for (;;) {
        const response = await this.#next()
        if (response.tag === tag) {
          if (/^OK\b/i.test(response.text)) return untagged
          throw isSecret ? notLetIn() : rejected(text, response.text)
        }
        if (response.tag === '+') await this.#connection.write(`${words.shift() ?? '*'}\r\n`)
        else if (response.tag === '*') untagged.push(response)
        else throw invalid('it answers what was not asked')
        if (untagged.length > responsesMax) throw invalid('it does not stop')
      }
    } catch (thrown) {
      const error = toPlatformError(thrown)
      if (error.code !== 'UPSTREAM_REJECTED') this.failure = error
      throw error
    }
  }

  #next(): Promise<Response> {
    return readResponse(this.#incoming, { lineBytesMax, literalBytesMax: this.#literalBytesMax })
  }
}

/** Folders of one list, at most; changes that are told beside an answer. */
const responsesMax = 100_000

function notLetIn(): PlatformError {
  return new PlatformError(
    'UPSTREAM_REJECTED',
    'the mail server does not let the user in; look at imap.user and imap.password (many want a password made for applications)',
  )
}

function rejected(command: string, said: string): PlatformError {
  const [word = ''] = command.replace(/^UID /, '').split(' ')
  const words = said.replaceAll(/[^ -~]+/g, ' ').slice(0, 200)
  return new PlatformError('UPSTREAM_REJECTED', `the mail server refuses ${word}: ${words}`)
}

/** A text between quotes; what cannot stand in one is refused, since configuration has no reason for it. */
function quote(text: string): string {
  if (/[^ -~]/.test(text)) {
    throw new PlatformError(
      'CONFIG_INVALID',
      'user and password of a mail server that takes no AUTH=PLAIN are printable ASCII',
    )
  }
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function toText(value: Value): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}
