import { spawn } from 'node:child_process'
import { PlatformError } from '../../../../core/errors.ts'
import { readableExtensions } from '../../../preparation/index.ts'
import type { Connector, Listed } from '../../source.ts'
import { extensionOf, tooLarge } from '../folder.ts'

export interface GitOptions {
  readonly path: string
  readonly ref: string
  /** Taken in as text besides the known formats. */
  readonly extensions: readonly string[]
  readonly documentBytesMax: number
}

/** The files of one commit; an item is as the hash of its content says. Nothing is fetched, no hook and no filter is run. */
export function createGitConnector(options: GitOptions): Connector {
  const { extensions } = options
  return {
    async *list({ signal }) {
      const commit = (
        await git(options, ['rev-parse', '--verify', '--end-of-options', `${options.ref}^{commit}`], signal)
      )
        .toString('utf8')
        .trim()
      const tree = await git(options, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit], signal)
      for (const line of tree.toString('utf8').split('\0')) {
        const entry = readEntry(line)
        if (entry === undefined) continue
        const extension = extensionOf(entry.path)
        const isText = extensions.includes(extension)
        if (isText || readableExtensions.has(extension)) yield toListed(options, entry, { isText, signal })
      }
    },
  }
}

interface Entry {
  readonly path: string
  readonly blob: string
  readonly bytes: number
}

/** `100644 blob 3b18…      12<tab>path`; links and submodules are left out. */
function readEntry(line: string): Entry | undefined {
  const parts = /^100(?:644|755) blob ([0-9a-f]{40,64}) +(\d+)\t([\s\S]+)$/.exec(line)
  if (parts === null) return undefined
  const [, blob = '', bytes = '0', path = ''] = parts
  return { path, blob, bytes: Number(bytes) }
}

function toListed(
  options: GitOptions,
  { path, blob, bytes }: Entry,
  { isText, signal }: { readonly isText: boolean; readonly signal: AbortSignal },
): Listed {
  return {
    type: 'item',
    item: {
      id: path,
      name: path,
      mark: blob,
      ...(isText ? { mediaType: 'text/plain' } : {}),
      read: () => {
        if (bytes > options.documentBytesMax) return Promise.reject(tooLarge(path, bytes, options.documentBytesMax))
        return git(options, ['cat-file', 'blob', blob], signal)
      },
    },
  }
}

/** Longest output: the list of a very large tree, or one document. */
const outputBytesMax = 268_435_456

function git({ path }: GitOptions, args: readonly string[], signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['-c', 'core.fsmonitor=false', '-C', path, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      // Nothing of this process: git reads no configuration but the repository's, and reaches for nothing missing.
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        GIT_NO_LAZY_FETCH: '1',
        GIT_ALLOW_PROTOCOL: '',
        GIT_CONFIG_NOSYSTEM: '1',
      },
    })
    const chunks: Buffer[] = []
    let length = 0
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > outputBytesMax) child.kill()
      else chunks.push(chunk)
    })
    child.stderr.resume()
    child.on('error', (cause) =>
      reject(new PlatformError('NOT_FOUND', 'git could not be run; is it installed?', { cause })),
    )
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks))
      else reject(new PlatformError('NOT_FOUND', `git ${args[0] ?? ''} failed: no such repository, or no such commit`))
    })
  })
}
