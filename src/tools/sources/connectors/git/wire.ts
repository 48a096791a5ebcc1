import { PlatformError } from '../../../../core/errors.ts'
import type { SourceSend } from '../../source.ts'
import { delimiter, flush, readPackets, toLine, toPacket, type Packet } from './packets.ts'

export interface WireOptions {
  /** The repository: `https://git.example.org/team/handbook.git`. */
  readonly url: string
  readonly user: string
  readonly token?: string | undefined
  readonly send: SourceSend
  /** Of one pack. */
  readonly bytesMax: number
  readonly signal: AbortSignal
}

/** A conversation with a repository over smart HTTP, in version 2 of the protocol, or 0 with servers that have no other. */
export interface Wire {
  /** Whether trees come without their files, and files by themselves. */
  readonly isPartial: boolean
  /** The commit that a branch, a tag or HEAD stands for; a whole id stands for itself. Rejects with NOT_FOUND. */
  findCommit(ref: string): Promise<string>
  /** The pack of one commit without its history; without its files where they come by themselves. */
  fetchCommit(commit: string): Promise<Buffer>
  fetchBlobs(ids: readonly string[]): Promise<Buffer>
}

const agent = 'agent=strata'
const refsBytesMax = 67_108_864

export async function openWire(options: WireOptions): Promise<Wire> {
  const answer = await ask(options, { path: '/info/refs?service=git-upload-pack', bytesMax: refsBytesMax })
  const lines = [...readPackets(answer)].flatMap((packet) => toLine(packet) ?? [])
  if (lines[0]?.startsWith('# service=') === true) lines.shift()
  return lines[0] === 'version 2' ? createNewWire(options, lines.slice(1)) : createOldWire(options, lines)
}

/** Version 2: refs are asked for by name, and each request stands for itself. */
function createNewWire(options: WireOptions, capabilities: readonly string[]): Wire {
  const valueOf = (name: string): string | undefined =>
    capabilities.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1)
  const features = valueOf('fetch')?.split(' ') ?? []
  requireSha1(valueOf('object-format'))
  requireShallow(features)
  const isPartial = features.includes('filter')
  const fetch = (lines: readonly string[]): Promise<Buffer> => {
    const asked = ['ofs-delta\n', 'no-progress\n', ...lines, 'done\n'].map(toPacket)
    const message = [toPacket('command=fetch\n'), toPacket(agent), delimiter, ...asked, flush]
    return fetchPack(options, message.join(''))
  }
  return {
    isPartial,
    async findCommit(ref) {
      if (isWholeId(ref)) return ref
      const prefixes = namesOf(ref).map((name) => toPacket(`ref-prefix ${name}\n`))
      const message = [
        toPacket('command=ls-refs\n'),
        toPacket(agent),
        delimiter,
        toPacket('peel\n'),
        ...prefixes,
        flush,
      ]
      const answer = await ask(options, { path: servicePath, body: message.join(''), bytesMax: refsBytesMax })
      const found = new Map<string, string>()
      for (const packet of readPackets(answer)) {
        const [id = '', name = '', ...more] = toLine(packet)?.split(' ') ?? []
        found.set(name, more.find((each) => each.startsWith('peeled:'))?.slice('peeled:'.length) ?? id)
      }
      return choose(found, ref)
    },
    fetchCommit: (commit) => fetch(['deepen 1\n', ...(isPartial ? ['filter blob:none\n'] : []), `want ${commit}\n`]),
    fetchBlobs: (ids) => fetch(ids.map((id) => `want ${id}\n`)),
  }
}

/** Version 0: all refs were told at once, with what the server can do behind the first. */
function createOldWire(options: WireOptions, lines: readonly string[]): Wire {
  const [first = ''] = lines
  const capabilities = first.slice(first.indexOf('\0') + 1).split(' ')
  requireSha1(capabilities.find((each) => each.startsWith('object-format='))?.slice('object-format='.length))
  requireShallow(capabilities)
  const found = new Map<string, string>()
  for (const line of lines) {
    const [id = '', name = ''] = (line.split('\0', 1)[0] ?? '').split(' ')
    // A tag is told twice: as the tag, and as what it stands for.
    found.set(name.replace(/\^\{\}$/, ''), id)
  }
  return {
    isPartial: false,
    findCommit: (ref) => Promise.resolve(ref).then((name) => (isWholeId(name) ? name : choose(found, name))),
    fetchCommit(commit) {
      const wanted = toPacket(`want ${commit} side-band-64k ofs-delta shallow no-progress ${agent}\n`)
      return fetchPack(options, `${wanted}${toPacket('deepen 1\n')}${flush}${toPacket('done\n')}`)
    },
    fetchBlobs: () => Promise.reject(new PlatformError('INTERNAL', 'this server gives no files by themselves')),
  }
}

const servicePath = '/git-upload-pack'

/** The pack of an answer: what comes in band 1 of the lines that have bands. */
async function fetchPack(options: WireOptions, body: string): Promise<Buffer> {
  const answer = await ask(options, { path: servicePath, body, bytesMax: options.bytesMax })
  const pieces: Buffer[] = []
  for (const packet of readPackets(answer)) {
    if (typeof packet === 'string') continue
    if (packet[0] === 1) pieces.push(packet.subarray(1))
    else if (packet[0] === 3 || packet.toString('latin1', 0, 4) === 'ERR ') throw refusedBy(packet)
  }
  return Buffer.concat(pieces)
}

function refusedBy(packet: Packet): PlatformError {
  const said = (toLine(packet) ?? '')
    .replaceAll(/[^ -~]+/g, ' ')
    .trim()
    .replace(/^ERR /, '')
    .slice(0, 200)
  return new PlatformError('UPSTREAM_REJECTED', `the repository refuses: ${said}`)
}

interface Asking {
  /** Below the address of the repository. */
  readonly path: string
  readonly body?: string
  readonly bytesMax: number
}

async function ask(options: WireOptions, { path, body, bytesMax }: Asking): Promise<Buffer> {
  const { url, user, token, send, signal } = options
  const secret = Buffer.from(`${user}:${token ?? ''}`).toString('base64')
  const what = 'application/x-git-upload-pack'
  const answer = await send({
    ...(body === undefined ? { method: 'GET' as const } : { method: 'POST' as const, body }),
    path: `${new URL(url).pathname.replace(/\/+$/, '')}${path}`,
    headers: {
      'git-protocol': 'version=2',
      // Servers tell by its beginning whether git asks, or a browser.
      'user-agent': 'git/2.0 strata',
      accept: body === undefined ? `${what}-advertisement` : `${what}-result`,
      ...(body === undefined ? {} : { 'content-type': `${what}-request` }),
    },
    credentials: token === undefined ? {} : { authorization: `Basic ${secret}` },
    answerBytesMax: bytesMax,
    signal,
  })
  if (answer.status === 200) return answer.body
  const help: Readonly<Record<number, string>> = {
    401:
      token === undefined
        ? 'it wants a user and a token (git.user, git.token)'
        : 'it does not take the token (git.token)',
    403: 'whoever the token belongs to may not read it',
    404: 'nothing is there, or it is not shown to who asks; look at git.url and git.token',
  }
  throw new PlatformError(
    'UPSTREAM_REJECTED',
    `the repository answered ${answer.status}${help[answer.status] === undefined ? '' : `: ${help[answer.status]}`}`,
  )
}

function isWholeId(ref: string): boolean {
  return /^[0-9a-f]{40}$/.test(ref)
}

/** What a name may stand for, best first, as git reads it. */
function namesOf(ref: string): readonly string[] {
  return [ref, `refs/${ref}`, `refs/tags/${ref}`, `refs/heads/${ref}`]
}

function choose(found: ReadonlyMap<string, string>, ref: string): string {
  const id = namesOf(ref).flatMap((name) => found.get(name) ?? [])[0]
  if (id !== undefined && isWholeId(id)) return id
  throw new PlatformError(
    'NOT_FOUND',
    `the repository has no branch or tag ${ref}; git.ref takes those, or the whole id of a commit`,
  )
}

function requireSha1(format: string | undefined): void {
  if (format === undefined || format === 'sha1') return
  throw new PlatformError(
    'UPSTREAM_INVALID',
    `the repository names its objects by ${format.slice(0, 32)}; only sha1 is read`,
  )
}

function requireShallow(features: readonly string[]): void {
  if (features.includes('shallow')) return
  throw new PlatformError(
    'UPSTREAM_INVALID',
    'the server gives no commit without its history; is the address a repository?',
  )
}
