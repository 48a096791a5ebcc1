import { createServer } from 'node:http'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { listenOnLoopback } from '../../core/testing.ts'
import { mayLeadTo, toNameKind } from './address.ts'
import { createHarness, createTarget } from './harness.ts'
import type { NameLookup } from './index.ts'

const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server on 127.0.0.1 that counts the connections made to it. */
async function listen(): Promise<{ readonly port: number; readonly connections: () => number }> {
  let connections = 0
  const server = createServer((_request, response) => response.end('{}'))
  server.on('connection', () => {
    connections += 1
  })
  const port = await listenOnLoopback(server)
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, connections: () => connections }
}

function lookupTo(...addresses: readonly string[]): NameLookup {
  return (_hostname, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
}

describe('a name that resolves to where its URL does not lead', () => {
  test.each([
    '10.0.0.1',
    '172.16.4.4',
    '192.168.1.1',
    '127.0.0.1',
    '0.0.0.0',
    '100.64.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::10.0.0.1',
    '2002:7f00:1::',
  ])('is refused at %s, without a connection', async (address) => {
    const { port, connections } = await listen()
    const { send, call, egress } = createHarness({ lookup: lookupTo(address) })
    const sent = send(createTarget(`http://api.vendor.example:${port}`), call())
    await expect(sent).rejects.toMatchObject({ code: 'ADDRESS_REFUSED', details: { sent: false } })
    expect(connections()).toBe(0)
    await egress.close()
  })

  test.each(['169.254.169.254', '0.0.0.0', 'fe80::1'])('is refused at %s to internal names too', async (address) => {
    const { send, call, egress } = createHarness({ lookup: lookupTo(address) })
    for (const host of ['metadata.google.internal', 'vllm', 'localhost']) {
      const sent = send(createTarget(`http://${host}:9`), call())
      await expect(sent).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' })
    }
    await egress.close()
  })

  test('is refused again after it once led elsewhere: every connection is checked', async () => {
    const { port, connections } = await listen()
    let addresses = ['127.0.0.1']
    const { send, call, egress } = createHarness({
      lookup: (hostname, done) => lookupTo(...addresses)(hostname, done),
    })
    const target = createTarget(`http://vllm:${port}`)
    await (await send(target, call())).body.collect(1_000)
    addresses = ['169.254.169.254']
    // It is in use by this request, so the next one needs a new connection.
    const first = send(target, call())
    await expect(send(target, call())).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' })
    await (await first).body.collect(1_000)
    expect(connections()).toBe(1)
    await egress.close()
  })
})

describe('a private address', () => {
  test.each([
    ['an address in the URL', '127.0.0.1'],
    ['a single-label name', 'vllm'],
    ['a name of a private suffix', 'models.lab.internal'],
    ['localhost', 'localhost'],
  ])('is reached by %s', async (_kind, host) => {
    const { port } = await listen()
    const { send, call, egress } = createHarness({ lookup: lookupTo('127.0.0.1') })
    const response = await send(createTarget(`http://${host}:${port}`), call())
    expect(response.status).toBe(200)
    await response.body.collect(1_000)
    await egress.close()
  })

  test('beside an allowed one is passed over', async () => {
    const { port } = await listen()
    const { send, call, egress } = createHarness({ lookup: lookupTo('169.254.169.254', '127.0.0.1') })
    expect((await send(createTarget(`http://vllm:${port}`), call())).status).toBe(200)
    await egress.close()
  })

  test('is never where a public name leads, whatever the four numbers', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const inside = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(0), octet, octet, octet),
    )
    fc.assert(
      fc.property(inside, (parts) => {
        const address = parts.join('.')
        expect(mayLeadTo('public', address)).toBe(false)
        expect(mayLeadTo('public', `::ffff:${address}`)).toBe(false)
        expect(mayLeadTo('public', `64:ff9b::${address}`)).toBe(false)
      }),
    )
  })
})

describe('a name', () => {
  test.each([
    ['api.openai.com', 'public'],
    ['internal.example.com', 'public'],
    ['localhost.example.com', 'public'],
    ['localhost', 'loopback'],
    ['LOCALHOST.', 'loopback'],
    ['a.localhost', 'loopback'],
    ['ollama', 'internal'],
    ['printer.local', 'internal'],
    ['vllm.models.svc', 'internal'],
    ['vllm.models.svc.cluster.local', 'internal'],
    ['box.lan', 'internal'],
    ['box.home.arpa', 'internal'],
  ] as const)('%s is %s', (name, kind) => {
    expect(toNameKind(name)).toBe(kind)
  })

  test('of a public kind leads to public addresses', () => {
    expect(mayLeadTo('public', '1.1.1.1')).toBe(true)
    expect(mayLeadTo('public', '2606:4700:4700::1111')).toBe(true)
    expect(mayLeadTo('public', '64:ff9b::1.1.1.1')).toBe(true)
    expect(mayLeadTo('public', 'not an address')).toBe(false)
  })
})
