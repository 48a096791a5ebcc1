import { createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createCertificate } from '../../../test/kit/certificate.ts'
import type { Call } from '../../core/call.ts'
import { listenOnLoopback } from '../../core/testing.ts'
import { createHarness, createTarget, type Harness, type HarnessOptions } from './harness.ts'
import type { ConnectOptions, EgressConnection, EgressTarget } from './index.ts'

const closing: (() => unknown)[] = []
const plain = { isSecure: false, bytesMax: 1_000 }

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A server that does with each connection what the test says. */
async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    closing.push(() => socket.destroy())
    onConnection(socket)
  })
  closing.push(() => server.close())
  return listenOnLoopback(server)
}

interface Opened extends Harness {
  readonly root: Call
  readonly connect: (target: Partial<EgressTarget>, options?: Partial<ConnectOptions>) => Promise<EgressConnection>
}

function open(port: number, options: HarnessOptions = {}): Opened {
  const harness = createHarness(options)
  closing.push(() => harness.egress.close())
  const root = harness.call()
  return {
    ...harness,
    root,
    async connect(target, more = {}) {
      const whole = createTarget(`mail://127.0.0.1:${port}`, target)
      return harness.egress.connect(harness.egress.admit(whole, root), { ...plain, ...more })
    },
  }
}

describe('a connection without HTTP', () => {
  test('carries bytes both ways after its intent is on record, and ends when the server does', async () => {
    const intended: number[] = []
    const port = await listen((socket) => {
      intended.push(opened.intents.length)
      socket.write('hello\n')
      socket.once('data', (chunk) => socket.end(`you said ${chunk.toString()}`))
    })
    const opened = open(port)
    const connection = await opened.connect({})
    expect((await connection.read())?.toString()).toBe('hello\n')
    await connection.write('this')
    expect((await connection.read())?.toString()).toBe('you said this')
    expect(await connection.read()).toBeUndefined()
    expect(intended).toEqual([1])
    expect(opened.intents).toMatchObject([{ endpoint: 'somewhere' }])
    connection.close()
  })

  test('is not opened outside the regions of the call, nor twice with one permit', async () => {
    let count = 0
    const port = await listen(() => count++)
    const { egress, connect, root } = open(port)
    await expect(connect({ processing: ['us'] })).rejects.toMatchObject({ code: 'REGION_REFUSED' })
    await expect(connect({ storage: undefined })).rejects.toMatchObject({ code: 'REGION_REFUSED' })
    expect(count).toBe(0)
    const permit = egress.admit(createTarget(`mail://127.0.0.1:${port}`), root)
    ;(await egress.connect(permit, plain)).close()
    await expect(egress.connect(permit, plain)).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  test.each([
    ['mail.example.org', '127.0.0.1'],
    ['mail.example.org', '10.0.0.7'],
    ['mail.internal', '169.254.169.254'],
    ['localhost', '10.0.0.7'],
  ])('is not opened to %s where that leads to %s', async (host, address) => {
    let count = 0
    const port = await listen(() => count++)
    const { connect } = open(port, { lookup: (_, done) => done(null, [{ address, family: 4 }]) })
    await expect(connect({ url: `mail://${host}:${port}` })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' })
    expect(count).toBe(0)
  })

  test('is opened to a private address where the name says that it is private', async () => {
    const port = await listen((socket) => socket.end('hello'))
    const { connect } = open(port, { lookup: (_, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) })
    const connection = await connect({ url: `mail://mail.internal:${port}` })
    expect((await connection.read())?.toString()).toBe('hello')
  })

  test('is closed by a server that says more than is wanted', async () => {
    const port = await listen((socket) => socket.write('x'.repeat(2_000)))
    const connection = await open(port).connect({})
    const read = async (): Promise<void> => {
      for (;;) await connection.read()
    }
    await expect(read()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID', message: expect.stringContaining('1000') })
    await expect(connection.write('more')).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
  })

  test('waits no longer than the target says, and ends with its call', async () => {
    const gone: Promise<void>[] = []
    const port = await listen((socket) => gone.push(new Promise((resolve) => socket.on('close', () => resolve()))))
    const slow = await open(port).connect({})
    await expect(slow.read()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', details: { limit: 'idleMs' } })
    const { connect, root } = open(port)
    const left = await connect({ timeouts: { connectMs: 400, firstByteMs: 400, idleMs: 5_000, totalMs: 5_000 } })
    const reading = left.read()
    root.cancel(new Error('nobody wants it'))
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
    await Promise.all(gone)
  })

  test('that is refused or closed is told apart', async () => {
    const port = await listen((socket) => socket.destroy())
    const { connect, egress, root } = open(port)
    await expect(connect({ url: 'mail://127.0.0.1:1' })).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    const connection = await connect({})
    await connection.read().catch((thrown: unknown) => expect(thrown).toMatchObject({ code: 'UPSTREAM_CUT' }))
    const permit = egress.admit(createTarget(`mail://127.0.0.1:${port}`), root)
    await egress.close()
    await expect(egress.connect(permit, plain)).rejects.toMatchObject({ code: 'OVERLOADED' })
  })
})

describe('an encrypted connection', () => {
  const { certificate, key } = createCertificate()
  const secure = (socket: Socket): TLSSocket => {
    const wrapped = new TLSSocket(socket, { isServer: true, cert: certificate, key })
    return wrapped.on('error', () => undefined)
  }

  test('is so from its first byte, or from when it is asked for', async () => {
    const port = await listen((socket) => secure(socket).end('hello'))
    const { connect } = open(port, { authorities: [certificate] })
    const connection = await connect({}, { isSecure: true })
    expect(connection.isSecure).toBe(true)
    expect((await connection.read())?.toString()).toBe('hello')
    const later = await listen((socket) => {
      socket.once('data', () => {
        socket.write('yes')
        secure(socket).end('hello again')
      })
    })
    const named = await open(later, { authorities: [certificate] }).connect({ url: `mail://localhost:${later}` })
    await named.write('may we?')
    expect((await named.read())?.toString()).toBe('yes')
    expect(named.isSecure).toBe(false)
    await named.secure()
    expect((await named.read())?.toString()).toBe('hello again')
  })

  test('is not made with a server whose certificate is not trusted, or is for another name', async () => {
    const port = await listen((socket) => secure(socket).end('hello'))
    await expect(open(port).connect({}, { isSecure: true })).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
    })
    const lookup: HarnessOptions['lookup'] = (_, done) => done(null, [{ address: '127.0.0.1', family: 4 }])
    const other = open(port, { authorities: [certificate], lookup }).connect(
      { url: `mail://mail.internal:${port}` },
      { isSecure: true },
    )
    await expect(other).rejects.toMatchObject({ message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') })
  })

  test('is not begun where bytes wait that came without it', async () => {
    const port = await listen((socket) => void setTimeout(() => socket.write('early'), 20))
    const early = await open(port, { authorities: [certificate] }).connect({})
    await new Promise((resolve) => setTimeout(resolve, 150))
    await expect(early.secure()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
  })
})
