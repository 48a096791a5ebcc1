import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { listenOnLoopback } from '../../src/core/testing.ts'

export interface ImapServerOptions {
  /** Offers to become encrypted, with this certificate. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Counts changes (CONDSTORE). */
  readonly isCounting?: boolean
  /** How it takes passwords. */
  readonly signIn?: 'plain-at-once' | 'plain' | 'login'
  /** What a command is answered with instead; `cut` closes the connection. */
  readonly refuse?: (command: string) => string | undefined
}

interface Message {
  readonly bytes: Buffer
  isDeleted: boolean
}

interface Folder {
  validity: number
  next: number
  modSeq: number
  flags: string
  readonly messages: Map<number, Message>
}

/** A mailbox for one user, over the few commands that reading takes. What it says comes in pieces of odd length. */
export interface ImapServer {
  readonly port: number
  /** Commands so far, passwords left out. */
  readonly commands: readonly string[]
  readonly folders: Map<string, Folder>
  /** Made when it is not there; the name as it is sent. Gives the number of the message. */
  deliver(folder: string, message: string | Buffer): number
  remove(folder: string, uid: number): void
  /** Marks it, and leaves it there. */
  markDeleted(folder: string, uid: number): void
  close(): Promise<void>
}

export const imapUser = { user: 'anna@example.org', password: 'mail-"secret"' }

export async function startImapServer(options: ImapServerOptions = {}): Promise<ImapServer> {
  const folders = new Map<string, Folder>()
  const commands: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    new Conversation({ folders, commands, options }).begin(socket)
  })
  const port = await listenOnLoopback(server)
  const open = (name: string): Folder => {
    const folder = folders.get(name) ?? {
      validity: 7,
      next: 1,
      modSeq: 1,
      flags: '\\HasNoChildren',
      messages: new Map(),
    }
    folders.set(name, folder)
    folder.modSeq++
    return folder
  }
  return {
    port,
    commands,
    folders,
    deliver(name, message) {
      const folder = open(name)
      const uid = folder.next++
      folder.messages.set(uid, { bytes: Buffer.from(message), isDeleted: false })
      return uid
    },
    remove: (name, uid) => void open(name).messages.delete(uid),
    markDeleted(name, uid) {
      const message = open(name).messages.get(uid)
      if (message !== undefined) message.isDeleted = true
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Parts {
  readonly folders: Map<string, Folder>
  readonly commands: string[]
  readonly options: ImapServerOptions
}

class Conversation {
  readonly #parts: Parts
  #socket: Socket | undefined
  #isSecure = false
  #isKnown = false
  #folder: Folder | undefined
  /** The command that waits for a line of its own. */
  #waiting: string | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  begin(socket: Socket): void {
    this.#listen(socket)
    this.#say('* OK [CAPABILITY IMAP4rev1] ready')
  }

  #listen(socket: Socket): void {
    this.#socket = socket
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      for (let end = text.indexOf('\r\n'); end !== -1; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        this.#hear(line)
      }
    })
  }

  #hear(line: string): void {
    if (this.#waiting !== undefined) {
      const tag = this.#waiting
      this.#waiting = undefined
      this.#enter(tag, line)
      return
    }
    const [tag = '', verb = '', ...words] = line.split(' ')
    const rest = words.join(' ')
    this.#parts.commands.push(/^(?:LOGIN|AUTHENTICATE)$/.test(verb) ? verb : `${verb} ${rest}`.trim())
    const refusal = this.#parts.options.refuse?.(`${verb} ${rest}`.trim())
    if (refusal === 'cut') this.#socket?.destroy()
    else if (refusal === undefined) this.#act(tag, verb, rest)
    else this.#say(`${tag} ${refusal}`)
  }

  #act(tag: string, verb: string, rest: string): void {
    const { options } = this.#parts
    if (verb === 'CAPABILITY') this.#capability(tag)
    else if (verb === 'STARTTLS' && options.tls !== undefined) {
      this.#say(`${tag} OK begin`)
      const { certificate: cert, key } = options.tls
      const plain = this.#socket
      plain?.removeAllListeners('data')
      if (plain !== undefined) this.#listen(new TLSSocket(plain, { isServer: true, cert, key }))
      this.#isSecure = true
    } else if (verb === 'AUTHENTICATE') {
      const secret = rest.split(' ')[1]
      if (secret !== undefined) this.#enter(tag, secret)
      else {
        this.#waiting = tag
        this.#say('+ ')
      }
    } else if (verb === 'LOGIN') {
      const { user, password } = imapUser
      this.#isKnown = rest === `"${user}" "${password.replaceAll('"', '\\"')}"`
      this.#say(this.#isKnown ? `${tag} OK in` : `${tag} NO [AUTHENTICATIONFAILED] no`)
    } else if (verb === 'LOGOUT') this.#socket?.end('* BYE\r\n')
    else if (this.#isKnown) this.#read(tag, verb, rest)
    else this.#say(`${tag} BAD who are you`)
  }

  #capability(tag: string): void {
    const { tls, isCounting, signIn = 'plain-at-once' } = this.#parts.options
    const words = ['IMAP4rev1']
    if (tls !== undefined && !this.#isSecure) words.push('STARTTLS', 'LOGINDISABLED')
    else if (signIn !== 'login') words.push('AUTH=PLAIN', ...(signIn === 'plain' ? [] : ['SASL-IR']))
    if (isCounting === true) words.push('CONDSTORE')
    this.#say(`* CAPABILITY ${words.join(' ')}`)
    this.#say(`${tag} OK done`)
  }

  #enter(tag: string, secret: string): void {
    const { user, password } = imapUser
    this.#isKnown = Buffer.from(secret, 'base64').toString() === `\0${user}\0${password}`
    this.#say(this.#isKnown ? `${tag} OK in` : `${tag} NO [AUTHENTICATIONFAILED] no`)
  }

  #read(tag: string, verb: string, rest: string): void {
    const name = /"([^"]*)"$/.exec(rest)?.[1] ?? ''
    if (verb === 'LIST') this.#list(name)
    else if (verb === 'EXAMINE') {
      this.#folder = this.#parts.folders.get(name)
      if (this.#folder === undefined) return this.#say(`${tag} NO no such folder`)
      const { messages, validity, next, modSeq } = this.#folder
      this.#say(`* ${messages.size} EXISTS`)
      this.#say('* FLAGS (\\Seen \\Deleted)')
      this.#say(`* OK [UIDVALIDITY ${validity}] valid (as ever)`)
      this.#say(`* OK [UIDNEXT ${next}] next`)
      if (this.#parts.options.isCounting === true) this.#say(`* OK [HIGHESTMODSEQ ${modSeq}]`)
    } else if (rest === 'SEARCH UNDELETED') {
      const found = [...(this.#folder?.messages ?? [])].filter(([, { isDeleted }]) => !isDeleted)
      this.#say(`* SEARCH${found.map(([uid]) => ` ${uid}`).join('')}`)
    } else this.#fetch(rest)
    this.#say(`${tag} OK done`)
  }

  #list(pattern: string): void {
    const source = pattern
      .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('%', '[^/]*')
    for (const [name, { flags }] of this.#parts.folders) {
      if (!new RegExp(`^${source}$`).test(name)) continue
      // Names come as atoms, between quotes, or with their length.
      const written = /^[A-Za-z]+$/.test(name) ? name : name.includes('&') ? `{${name.length}}\r\n${name}` : `"${name}"`
      this.#say(`* LIST (${flags}) "/" ${written}`)
    }
  }

  #fetch(rest: string): void {
    const [, uid = '', count = ''] = /^FETCH (\d+) \(UID BODY\.PEEK\[\]<0\.(\d+)>\)$/.exec(rest) ?? []
    const message = this.#folder?.messages.get(Number(uid))
    if (message === undefined) return
    const bytes = message.bytes.subarray(0, Number(count))
    this.#say('* 1 EXISTS')
    this.#send(
      Buffer.concat([
        Buffer.from(`* 1 FETCH (UID ${uid} BODY[]<0> {${bytes.length}}\r\n`),
        bytes,
        Buffer.from(')\r\n'),
      ]),
    )
  }

  #say(line: string): void {
    this.#send(Buffer.from(`${line}\r\n`))
  }

  #send(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 4_099) this.#socket?.write(bytes.subarray(at, at + 4_099))
  }
}
