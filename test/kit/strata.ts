import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpServer, createRoutes } from '../../src/applications/http/index.ts'
import { loadConfig, type LoadedConfig } from '../../src/config/index.ts'
import { assert } from '../../src/core/assert.ts'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { createSystemRandom } from '../../src/core/random.ts'
import { createSystemClock } from '../../src/core/time.ts'
import { createPlatform, type Platform } from '../../src/platform/index.ts'
import { putDatabase } from '../../src/store/testing.ts'
import type { MockUpstream } from './mock-upstream.ts'

export interface StrataOptions {
  /** What `strata.yaml` would say. The port and the data folder are chosen here unless it says them. */
  readonly config: JsonObject
  /** The folder of the file and the data, kept after `close`; a temporary one, removed by `close`, when absent. */
  readonly folder?: string
  /** What the configuration refers to as `${NAME}`. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface StrataRequest {
  readonly method?: string
  /** Beside or instead of the admin key and the content type, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is, instead of JSON. */
  readonly body?: string | Buffer<ArrayBuffer> | ReadableStream<Uint8Array>
  readonly duplex?: 'half'
  readonly signal?: AbortSignal
}

/** The whole platform in this process, serving on a loopback port. */
export interface RunningStrata {
  /** `http://127.0.0.1:…`, without `/v1`. */
  readonly url: string
  /** An admin key. */
  readonly key: string
  readonly platform: Platform
  readonly folder: string
  /** Requests in work. */
  readonly open: number
  /** Resolves once no request is in work: the server hears of the end of an answer after who has read it. */
  idle(): Promise<void>
  /** Every line of log so far. */
  readonly logLines: readonly string[]
  /** A request with the admin key; the path from the root. A body makes it a POST. */
  request(path: string, body?: unknown, init?: StrataRequest): Promise<Response>
  /** Puts another configuration in force. */
  reload(config: JsonObject): Promise<void>
  close(): Promise<void>
}

/** Close it when the test is done. */
export async function startStrata(options: StrataOptions): Promise<RunningStrata> {
  const folder = options.folder ?? (await createFolder(options.config))
  const clock = createSystemClock()
  const loaded = load({ folder, environment: options.environment ?? {} }, options.config)
  const logLines: string[] = []
  const writeLog = (line: string): unknown => logLines.push(line)
  const platform = await createPlatform({ loaded, clock, random: createSystemRandom(), writeLog })
  const { key } = await platform.identity.bootstrap(options.folder === undefined ? undefined : keptKey)
  const server = createHttpServer({
    config: loaded.config.server,
    clock,
    log: platform.log,
    routes: createRoutes(() => platform.parts()),
    authenticate: (credential) => platform.identity.authenticate(credential),
    idempotency: platform.idempotency,
  })
  const url = await server.listen().catch(async (thrown: unknown) => {
    await platform.close()
    throw thrown
  })
  const adminKey = key ?? keptKey
  return {
    url,
    key: adminKey,
    platform,
    folder,
    get open() {
      return server.open
    },
    async idle() {
      while (server.open > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    logLines,
    request(path, body, { headers, ...init } = {}) {
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      const given = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', ...headers }
      return fetch(`${url}${path}`, { ...sent, ...init, headers: given })
    },
    reload: async (config) => platform.reload(load({ folder, environment: options.environment ?? {} }, config)),
    async close() {
      await server.close()
      await platform.close()
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function createFolder(config: JsonObject): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-'))
  const { folder: elsewhere, url } = section(config, 'store')
  if (elsewhere === undefined && url === undefined) putDatabase(folder)
  return folder
}

/** In a folder that is kept the admin key is this one at every start, since a made key is shown only once. */
const keptKey = 'sk-strata-of-a-folder-that-a-test-keeps-0123456789'

function load(at: Required<Pick<StrataOptions, 'folder' | 'environment'>>, config: JsonObject): LoadedConfig {
  const filled: JsonObject = {
    ...config,
    server: { port: 0, drainMsMax: 2_000, ...section(config, 'server') },
    store: { folder: '.', ...section(config, 'store') },
  }
  return loadConfig({ ...at, readFile: () => JSON.stringify(filled) }) // JSON is YAML
}

function section(config: JsonObject, name: string): JsonObject {
  const given = config[name] ?? {}
  assert(isJsonObject(given), `the section ${name} is an object`)
  return given
}

export type NativeDialect = 'openai' | 'openai-responses' | 'anthropic'

/** An endpoint's configuration that leads to a mock, on this machine. */
export function toEndpoint(mock: MockUpstream, dialect: NativeDialect, more: JsonObject = {}): JsonObject {
  const place = { processing: ['local'], storage: ['local'] }
  return { dialect, url: mock.url, model: `vendor-${dialect}`, key: 'vendor-secret', ...place, ...more }
}
