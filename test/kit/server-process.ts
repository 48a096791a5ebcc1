import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { JsonObject } from '../../src/core/json.ts'

export interface ServerProcessOptions {
  /** Takes the configuration file, and the data unless the configuration says otherwise. */
  readonly folder: string
  /**
   * What `strata.yaml` would say. The port is the system's choice, and the data folder is `folder`, unless it says them.
   * Without one the process starts in `folder`, where there is no file.
   */
  readonly config?: JsonObject
  readonly adminKey: string
  /** Beside the path to programs and the key, which is all that the process gets otherwise. */
  readonly environment?: Readonly<Record<string, string>>
}

/** The real server, as a process of its own. */
export interface ServerProcess {
  /** `http://127.0.0.1:…`, without `/v1`. */
  readonly url: string
  /** What it has said so far, on both streams, by lines. */
  readonly words: readonly string[]
  /** Writes `strata.yaml` anew, as the start did, or text as it is. */
  writeConfig(config: JsonObject | string): void
  /** Sends a signal, and waits for nothing. */
  signal(name: 'SIGHUP' | 'SIGTERM' | 'SIGINT'): void
  /** Resolves with the exit code once it is gone. */
  readonly ended: Promise<number | null>
  /** Ends it without warning, as `kill -9`, and waits until it is gone. */
  kill(): Promise<void>
  /** Ends it as an operator does, and waits until it is gone. Resolves with its exit code. */
  stop(): Promise<number | null>
}

const command = resolve(import.meta.dirname, '../../bin/strata.js')

/** Resolves once it serves. Rejects with the server's last words when it ends before. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const path = join(options.folder, 'strata.yaml')
  const writeConfig = (config: JsonObject | string): void => {
    const filled = typeof config === 'string' ? config : { server: { port: 0 }, store: { folder: '.' }, ...config }
    writeFileSync(path, typeof filled === 'string' ? filled : JSON.stringify(filled)) // JSON is YAML
  }
  if (options.config !== undefined) writeConfig(options.config)
  const given = options.config === undefined ? ['--port', '0'] : ['--config', path]
  const child = spawn(process.execPath, [command, 'start', ...given], {
    cwd: options.folder,
    env: { PATH: process.env['PATH'], ...options.environment, STRATA_ADMIN_KEY: options.adminKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const words: string[] = []
  const serving = Promise.withResolvers<string>()
  const ended = new Promise<number | null>((done) => {
    child.once('close', (code) => {
      serving.reject(new Error(`the server ended before it served: ${words.slice(-20).join('\n')}`))
      done(code)
    })
  })
  child.once('error', serving.reject)
  child.stderr.setEncoding('utf8').on('data', (text: string) => words.push(text))
  createInterface({ input: child.stdout }).on('line', (line) => {
    words.push(line)
    if (words.length > 1_000) words.splice(0, 500)
    const url = /"url":"(http:[^"]+)".*"serving"/.exec(line)?.[1]
    if (url !== undefined) serving.resolve(url)
  })
  const end = (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    child.kill(signal)
    return ended
  }
  return {
    url: await serving.promise,
    words,
    writeConfig,
    signal: (name) => child.kill(name),
    ended,
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
  }
}
