import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { assert } from '../../../core/assert.ts'
import { listenOnLoopback } from '../../../core/testing.ts'
import { verifyConsistency } from '../merkle.ts'
import { derTags, findDer, readDer, toDer, toOid } from './der.ts'

const { integer, octets, sequence, set } = derTags

interface Served {
  readonly url: string
  /** Requests so far. */
  readonly requests: readonly Buffer[]
  close(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly body: string | Buffer
}

async function serve(answer: (body: Buffer, request: IncomingMessage) => Reply): Promise<Served> {
  const requests: Buffer[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      requests.push(body)
      const reply = answer(body, request)
      response.writeHead(reply.status).end(reply.body)
    })
  })
  const port = await listenOnLoopback(server)
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

export interface TestWitness extends Served {
  /** Its key, as auditors are given it. */
  readonly key: string
  /** What it has seen. */
  seen: { size: number; root: Buffer }
  /** Signs with another key than it says. */
  lies: boolean
}

/** A witness as C2SP tlog-witness has it: signs a checkpoint that has grown from the one it saw before. */
export async function startWitness(name: string): Promise<TestWitness> {
  const pair = generateKeyPairSync('ed25519')
  const other = generateKeyPairSync('ed25519')
  const raw = rawOf(pair.publicKey)
  const hash = createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.from([4]))
    .update(raw)
    .digest()
    .subarray(0, 4)
  const state = { seen: { size: 0, root: Buffer.alloc(32) }, lies: false }
  const served = await serve((body, request) => {
    if (request.url !== '/add-checkpoint') return { status: 404, body: '' }
    const text = body.toString('utf8')
    const split = text.indexOf('\n\n')
    const [old = '', ...proof] = text.slice(0, split).split('\n')
    const note = text.slice(split + 2)
    const said = note.slice(0, note.indexOf('\n\n') + 1)
    const [, size = '', root = ''] = said.split('\n')
    const after = { size: Number(size), root: Buffer.from(root, 'base64') }
    if (old !== `old ${state.seen.size}`) return { status: 409, body: `${state.seen.size}\n` }
    const steps = proof.map((hashed) => Buffer.from(hashed, 'base64'))
    if (!verifyConsistency({ before: state.seen, after, proof: steps })) return { status: 422, body: '' }
    state.seen = after
    const seconds = Math.floor(Date.now() / 1_000)
    const signature = sign(
      null,
      Buffer.from(`cosignature/v1\ntime ${seconds}\n${said}`),
      (state.lies ? other : pair).privateKey,
    )
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(seconds))
    return { status: 200, body: `— ${name} ${Buffer.concat([hash, time, signature]).toString('base64')}\n` }
  })
  const key = `${name}+${hash.toString('hex')}+${Buffer.concat([Buffer.from([4]), raw]).toString('base64')}`
  return Object.assign(state, served, { key })
}

export interface TestAuthority extends Served {
  /** PEM. */
  readonly certificate: string
  /** Stamps another hash than it was asked to. */
  lies: boolean
}

/** A time-stamping authority as RFC 3161 has it. */
export async function startAuthority(type: 'rsa' | 'ec'): Promise<TestAuthority> {
  const pair =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const der = makeCertificate(pair, type)
  const state = { lies: false }
  const served = await serve((body) => ({
    status: 200,
    body: stamp(body, { key: pair.privateKey, type, lies: state.lies }),
  }))
  const certificate = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  return Object.assign(state, served, { certificate })
}

const sha256 = toDer(sequence, toOid('2.16.840.1.101.3.4.2.1'))

function algorithmOf(type: 'rsa' | 'ec'): Buffer {
  return toDer(sequence, toOid(type === 'rsa' ? '1.2.840.113549.1.1.11' : '1.2.840.10045.4.3.2'))
}

function toTime(atMs: number): Buffer {
  return toDer(0x18, Buffer.from(new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}

function nameOf(text: string): Buffer {
  const attribute = toDer(sequence, toOid('2.5.4.3'), toDer(0x0c, Buffer.from(text)))
  return toDer(sequence, toDer(set, attribute))
}

function makeCertificate(
  pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  type: 'rsa' | 'ec',
): Buffer {
  const dayMs = 86_400_000
  const body = toDer(
    sequence,
    toDer(0xa0, toDer(integer, Buffer.from([2]))),
    toDer(integer, Buffer.from([1])),
    algorithmOf(type),
    nameOf('authority'),
    toDer(sequence, toTime(Date.now() - dayMs), toTime(Date.now() + dayMs)),
    nameOf('authority'),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, pair.privateKey)
  return toDer(sequence, body, algorithmOf(type), toDer(0x03, Buffer.from([0]), signature))
}

interface Stamping {
  readonly key: KeyObject
  readonly type: 'rsa' | 'ec'
  readonly lies: boolean
}

function stamp(request: Buffer, { key, type, lies }: Stamping): Buffer {
  const [asked] = readDer(request)
  assert(asked !== undefined, 'a request is a sequence')
  const imprint = lies ? toDer(sequence, sha256, toDer(octets, Buffer.alloc(32))) : findDer(asked, [1]).whole
  const info = toDer(
    sequence,
    toDer(integer, Buffer.from([1])),
    toOid('1.3.6.1.4.1.99999.1'),
    imprint,
    toDer(integer, Buffer.from([7])),
    toTime(Date.now()),
    findDer(asked, [2]).whole,
  )
  const digest = createHash('sha256').update(info).digest()
  const attributes = Buffer.concat([
    toDer(sequence, toOid('1.2.840.113549.1.9.3'), toDer(set, toOid('1.2.840.113549.1.9.16.1.4'))),
    toDer(sequence, toOid('1.2.840.113549.1.9.4'), toDer(set, toDer(octets, digest))),
  ])
  const signer = toDer(
    sequence,
    toDer(integer, Buffer.from([1])),
    toDer(sequence, nameOf('authority'), toDer(integer, Buffer.from([1]))),
    sha256,
    toDer(0xa0, attributes),
    algorithmOf(type),
    toDer(octets, sign('sha256', toDer(set, attributes), key)),
  )
  const content = toDer(sequence, toOid('1.2.840.113549.1.9.16.1.4'), toDer(0xa0, toDer(octets, info)))
  const data = toDer(sequence, toDer(integer, Buffer.from([3])), toDer(set, sha256), content, toDer(set, signer))
  const token = toDer(sequence, toOid('1.2.840.113549.1.7.2'), toDer(0xa0, data))
  return toDer(sequence, toDer(sequence, toDer(integer, Buffer.from([0]))), token)
}

function rawOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}
