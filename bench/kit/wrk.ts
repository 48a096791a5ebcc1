import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runPinned } from './processes.ts'

/** One POST, sent over and over. */
export interface LoadTarget {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface WrkResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers other than 2xx, and connections that failed. */
  readonly errors: number
}

export interface WrkOptions {
  readonly connections: number
  readonly seconds: number
  readonly core: number
  /** For the script and the body. */
  readonly folder: string
}

/** How to get the load tool where it is missing. */
export const wrkHelp = 'wrk is missing: apt-get install wrk (Debian, Ubuntu) or brew install wrk'

/** As many requests as the target answers, over keep-alive connections. */
export async function runWrk(target: LoadTarget, options: WrkOptions): Promise<WrkResult> {
  const bodyPath = join(options.folder, 'wrk-body.json')
  const scriptPath = join(options.folder, 'wrk.lua')
  writeFileSync(bodyPath, target.body)
  writeFileSync(scriptPath, toScript(target, bodyPath))
  const output = await runPinned(options.core, [
    'wrk',
    '--threads=1',
    `--connections=${options.connections}`,
    `--duration=${options.seconds}s`,
    '--timeout=10s',
    `--script=${scriptPath}`,
    `http://127.0.0.1:${target.port}${target.path}`,
  ])
  const line = /^RESULT (.*)$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`wrk printed no result: ${output.slice(-1_000)}`)
  const [requests = 0, micros = 1, p50 = 0, p99 = 0, errors = 0] = line.split(' ').map(Number)
  const requestsPerSecond = (requests - errors) / (micros / 1_000_000)
  return { requests, requestsPerSecond, p50Ms: p50 / 1_000, p99Ms: p99 / 1_000, errors }
}

/** The script of wrk is Lua; JSON strings are Lua strings for the plain headers used here. */
function toScript(target: LoadTarget, bodyPath: string): string {
  const headers = Object.entries(target.headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  )
  return `wrk.method = "POST"
${headers.join('\n')}
local file = io.open(${JSON.stringify(bodyPath)}, "rb")
wrk.body = file:read("*a")
file:close()
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`
}
