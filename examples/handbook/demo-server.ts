import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** A Strata that runs as a process of its own, as `npm start` would start it. */
export interface DemoServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  /** The admin key, made for this run. */
  readonly key: string
  /** What the server said it found while it started, one sentence each. */
  readonly notices: readonly string[]
  /** Asks it to stop; resolves once the process is gone. */
  stop(): Promise<void>
}

export interface DemoServerOptions {
  /** The data folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

const repository = resolve(import.meta.dirname, '../..')

/** Starts a server on a port that the system chooses. Rejects with what the server said when it does not start. */
export async function startServer({ folder, environment, signal }: DemoServerOptions): Promise<DemoServer> {
  const key = `sk-strata-${randomBytes(24).toString('hex')}`
  const config = resolve(import.meta.dirname, 'strata.yaml')
  const words = [resolve(repository, 'bin/strata.js'), 'start', '--config', config, '--port', '0', '--folder', folder]
  const child = spawn(process.execPath, [...process.execArgv, ...words], {
    env: { ...environment, STRATA_ADMIN_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = new Promise<void>((done) => child.once('close', () => done()))
  const stop = (): Promise<void> => {
    child.kill('SIGTERM')
    return gone
  }
  signal.addEventListener('abort', () => void stop(), { once: true })
  const { url, notices } = await waitUntilServing(child)
  return { url, key, notices, stop }
}

interface LogLine {
  readonly message?: string
  readonly url?: string
}

/** The server logs JSON lines; the one that says `serving` has its URL. */
function waitUntilServing(child: ChildProcess): Promise<{ readonly url: string; readonly notices: readonly string[] }> {
  return new Promise((resolveUrl, reject) => {
    const notices: string[] = []
    const complaints: string[] = []
    // Read on after the start too: a pipe that nobody empties would stop the server.
    child.stderr?.setEncoding('utf8').on('data', (text: string) => complaints.push(text))
    const lines = child.stdout === null ? [] : createInterface({ input: child.stdout })
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(complaints.join('').trim() || `the server ended with code ${code}`)))
    const read = async (): Promise<void> => {
      for await (const line of lines) {
        const { message, url } = parseLine(line)
        if (url !== undefined && message === 'serving') resolveUrl({ url, notices })
        else if (message !== undefined) notices.push(message)
      }
    }
    read().catch(reject)
  })
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine // The server's own log, whose fields these are.
  } catch {
    return {}
  }
}
