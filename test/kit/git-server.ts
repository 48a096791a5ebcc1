import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { listenOnLoopback } from '../../src/core/testing.ts'

export interface GitServerOptions {
  /** Whether it speaks version 2 of the protocol; only version 0 when false. */
  readonly isNew?: boolean
  /** Whether it sends trees without files. */
  readonly isPartial?: boolean
  /** What `authorization` has to say; anybody is let in when absent. */
  readonly authorization?: string
}

/** One repository over smart HTTP, served by the program git itself. */
export interface GitServer {
  /** `http://127.0.0.1:…/team/notes.git` */
  readonly url: string
  readonly requests: { readonly path: string; readonly authorization: string | undefined; readonly bytesSent: number }[]
  readonly options: GitServerOptions
  write(path: string, content: string | Uint8Array): void
  /** Runs git in the repository's working folder; gives what it prints. */
  git(...args: readonly string[]): string
  /** Everything in the working folder, as a new commit; gives its id. */
  commit(): string
  close(): Promise<void>
}

export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-git-'))
  const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false']
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', folder, ...who, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  git('init', '-b', 'main')
  git('config', 'uploadpack.allowFilter', String(options.isPartial ?? true))
  const requests: { path: string; authorization: string | undefined; bytesSent: number }[] = []
  const server = createServer((request, response) => {
    const seen = { path: request.url ?? '', authorization: request.headers.authorization, bytesSent: 0 }
    requests.push(seen)
    if (options.authorization !== undefined && seen.authorization !== options.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no')
      return
    }
    serve({ folder, options, request, response, count: (bytes) => (seen.bytesSent += bytes) })
  })
  const port = await listenOnLoopback(server)
  return {
    url: `http://127.0.0.1:${port}/team/notes.git`,
    requests,
    options,
    write(path, content) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    },
    git,
    commit() {
      git('add', '-A')
      git('commit', '--allow-empty', '-m', 'a change')
      return git('rev-parse', 'HEAD').trim()
    },
    async close() {
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Serving {
  readonly folder: string
  readonly options: GitServerOptions
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly count: (bytes: number) => void
}

function serve({ folder, options, request, response, count }: Serving): void {
  const isAdvertisement = request.url === '/team/notes.git/info/refs?service=git-upload-pack'
  const isService = request.url === '/team/notes.git/git-upload-pack' && request.method === 'POST'
  if (!isAdvertisement && !isService) {
    response.writeHead(404).end('nothing here')
    return
  }
  const kind = isAdvertisement ? 'advertisement' : 'result'
  response.writeHead(200, { 'content-type': `application/x-git-upload-pack-${kind}` })
  const isNew = (options.isNew ?? true) && request.headers['git-protocol'] === 'version=2'
  if (isAdvertisement && !isNew) response.write('001e# service=git-upload-pack\n0000')
  const child = spawn(
    'git',
    ['upload-pack', '--stateless-rpc', ...(isAdvertisement ? ['--advertise-refs'] : []), folder],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '', ...(isNew ? { GIT_PROTOCOL: 'version=2' } : {}) },
    },
  )
  child.stdin.on('error', () => undefined) // It has seen enough.
  child.stdout.on('data', (chunk: Buffer) => count(chunk.length))
  request.pipe(child.stdin)
  child.stdout.pipe(response)
}
