import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createCertificate } from '../../../test/kit/certificate.ts'
import { imapUser, startImapServer, type ImapServerOptions } from '../../../test/kit/imap-server.ts'
import { createImapConnector, fromMailboxName, toMailboxName } from './connectors/imap/index.ts'
import type { Listed, SourceConnection } from './source.ts'

const { certificate, key } = createCertificate()

/** What the one door out gives, to this machine alone. */
function openHere(port: number): SourceConnection {
  let socket: Socket = connect(port, '127.0.0.1')
  let isSecure = false
  return {
    get isSecure() {
      return isSecure
    },
    async read() {
      for (;;) {
        const chunk = socket.read() as Buffer | null // no encoding is set
        if (chunk !== null) return chunk
        if (socket.readableEnded || socket.destroyed) return undefined
        const over = new AbortController()
        await Promise.race(['readable', 'end', 'close'].map((event) => once(socket, event, { signal: over.signal })))
        over.abort()
      }
    },
    async write(bytes) {
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
    },
    async secure() {
      socket = connectTls({ socket, ca: [certificate], servername: 'localhost' })
      await once(socket, 'secureConnect')
      isSecure = true
    },
    close: () => void socket.destroy(),
  }
}

function mail(subject: string, text: string): string {
  return [`Subject: ${subject}`, 'Content-Type: text/plain', '', text, ''].join('\r\n')
}

describe('names of folders', () => {
  test('are sent as the standard has it, and read back', () => {
    expect(toMailboxName('~peter/mail/台北/日本語')).toBe('~peter/mail/&U,BTFw-/&ZeVnLIqe-')
    for (const name of ['A & B', '团队/决定', 'Über', '😀', '&-'])
      expect(fromMailboxName(toMailboxName(name))).toBe(name)
  })
})

describe('reading a mailbox', () => {
  const closing: (() => Promise<void>)[] = []

  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  async function list(options: ImapServerOptions, host = '127.0.0.1'): Promise<readonly Listed[]> {
    const server = await startImapServer(options)
    closing.push(() => server.close())
    server.deliver('INBOX', mail('Hello', 'Hello to you.'))
    server.deliver('INBOX', mail('Again', 'And again.'))
    const connector = createImapConnector({
      ...imapUser,
      url: `imap://${host}:${server.port}`,
      folders: ['INBOX'],
      bytesMax: 1_000_000,
      documentBytesMax: 10_000,
      connect: () => Promise.resolve(openHere(server.port)),
    })
    const found: Listed[] = []
    const signal = AbortSignal.timeout(5_000)
    for await (const listed of connector.list({
      markOf: () => undefined,
      isDone: () => false,
      cursor: undefined,
      signal,
    })) {
      if (listed.type === 'item') await listed.item.read().catch(() => undefined)
      found.push(listed)
    }
    return found
  }

  test.each<readonly [string, ImapServerOptions]>([
    ['becomes encrypted when asked', { tls: { certificate, key } }],
    ['takes a password behind its question', { signIn: 'plain' }],
    ['takes a password by LOGIN', { signIn: 'login' }],
  ])('is done with a server that %s', async (_, options) => {
    expect(await list(options, 'localhost')).toHaveLength(2)
  })

  test('sends no password in the open, but to this machine', async () => {
    await expect(list({}, 'mail.internal')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('imaps://'),
    })
  })

  test.each([
    ['closes the connection in the middle', 'cut', 'UPSTREAM_CUT'],
    ['says what is no answer', 'OK done\r\n* 1 FETCH ((((((((((((((((((UID 1', 'UPSTREAM_INVALID'],
    ['promises more than was asked for', 'OK done\r\n* 1 FETCH (UID 1 BODY[] {999999}', 'UPSTREAM_INVALID'],
  ])('fails with a server that %s, so that nothing looks gone', async (_, answer, code) => {
    const refuse = (command: string): string | undefined => (command.startsWith('UID FETCH') ? answer : undefined)
    await expect(list({ refuse })).rejects.toMatchObject({ code })
  })
})
