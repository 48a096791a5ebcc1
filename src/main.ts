import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runCli, type CommonOptions, type ProcessActs } from './applications/cli/index.ts'
import type { LoadedConfig } from './config/index.ts'
import { PlatformError, toPlatformError } from './core/errors.ts'
import type { JsonValue } from './core/json.ts'
import { createSystemRandom } from './core/random.ts'
import { createSystemClock } from './core/time.ts'
import {
  createDuplicateIndex,
  createOverlapMeter,
  createPersonalDataScanner,
  createPlatform,
  createProbe,
  decideRights,
  installRuntime,
  openPreparation,
  tryConfig,
  type Platform,
} from './platform/index.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const stdout = (text: string): boolean => process.stdout.write(`${text}\n`)
const stderr = (text: string): boolean => process.stderr.write(`${text}\n`)

for (const stream of [process.stdout, process.stderr]) stream.on('error', passOver)

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  print: stdout,
  note: stderr,
  isPiped: !process.stdout.isTTY,
  open: async (common) => {
    const platform = await createPlatform({ loaded: await load(common), clock, random, writeLog: stderr })
    return {
      parts: platform.parts(),
      folder: platform.folder,
      backup: (path) => platform.store.backup(resolve(path)),
      close: () => platform.close(),
    }
  },
  process: toProcessActs,
})

/** Who reads may stop reading, as `head` does; that is no reason to die. */
function passOver(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function toProcessActs(common: CommonOptions): ProcessActs {
  return {
    version: readVersion(),
    clock,
    input: () => process.stdin,
    createPersonalDataScanner: () => createPersonalDataScanner({ clock }),
    createDuplicateIndex,
    createOverlapMeter,
    decideRights: async (sources) => decideRights(sources, await load(common)),
    serve: () => serve(common),
    async configSchema() {
      const { configJsonSchema } = await import('./config/index.ts')
      return JSON.parse(JSON.stringify(configJsonSchema())) as JsonValue // JSON of a schema is JSON
    },
    async checkConfig() {
      const loaded = await load(common)
      const { path, notices } = loaded
      return { path, notices: [...notices, ...(await tryConfig(loaded, { clock, random }))] }
    },
    openPreparation: async () => openPreparation(await load(common)),
    interrupted,
    addRuntime: async (name, onProgress) =>
      installRuntime({ loaded: await load(common), name, onProgress, signal: interrupted() }),
  }
}

/** The configuration in force: of the file named or found, else of what the environment and this machine offer. */
async function load(common: CommonOptions): Promise<LoadedConfig> {
  const { readConfig } = await import('./config/index.ts')
  const probe = createProbe({ clock, random })
  const loaded = await readConfig({ path: common.config, folder: process.cwd(), environment: process.env, probe })
  const store =
    common.folder === undefined ? loaded.config.store : { ...loaded.config.store, folder: resolve(common.folder) }
  const server = { ...loaded.config.server, ...listenOptions(common) }
  return { ...loaded, config: { ...loaded.config, store, server } }
}

function listenOptions(common: CommonOptions): { host?: string; port?: number } {
  const port = common.port === undefined ? undefined : Number(common.port)
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new PlatformError('INVALID_REQUEST', '--port must be a whole number from 0 to 65535')
  }
  return { ...(common.host === undefined ? {} : { host: common.host }), ...(port === undefined ? {} : { port }) }
}

/** Serves until SIGINT or SIGTERM; drains; a second signal cuts short. */
async function serve(common: CommonOptions): Promise<void> {
  const loaded = await load(common)
  const { createHttpServer, createRoutes } = await import('./applications/http/index.ts')
  const platform = await createPlatform({ loaded, clock, random, writeLog: stdout })
  const server = createHttpServer({
    config: loaded.config.server,
    clock,
    log: platform.log,
    routes: createRoutes(() => platform.parts()),
    authenticate: (credential) => platform.identity.authenticate(credential),
    idempotency: platform.idempotency,
  })
  try {
    const made = await platform.identity.bootstrap(process.env['STRATA_ADMIN_KEY'])
    const { configVersion } = platform.parts()
    await platform.audit.act('default', { act: 'server.start', config: configVersion, hash: loaded.hash })
    const url = await server.listen()
    // Both before anybody can know that there is something to stop, or to change.
    const stopped = stopSignal()
    platform.startWork()
    const stopWatching = await followConfig(common, loaded, platform)
    announce(platform, loaded, { url, adminKey: made.key })
    await stopped
    stopWatching()
    platform.log.info({ open: server.open }, 'stopping: no new requests, those in work are finished')
    await server.close()
  } finally {
    await platform.close()
  }
  process.exit(0) // A runtime or a watcher of a library must not keep a drained server alive.
}

interface Announced {
  readonly url: string
  readonly adminKey: string | undefined
}

/** What the operator sees at the start. The admin key is shown this once, and never goes to the log. */
function announce(platform: Platform, loaded: LoadedConfig, announced: Announced): void {
  for (const notice of loaded.notices) platform.log.info({}, notice)
  platform.log.info({ url: announced.url, config: loaded.path ?? 'none', folder: platform.folder }, 'serving')
  if (announced.adminKey !== undefined) {
    stderr(`\nThis is the admin key. Keep it now: it is not shown again.\n\n    ${announced.adminKey}\n`)
  }
}

/** A changed file and SIGHUP put the new configuration in force; a bad one is refused and the old one keeps serving. */
async function followConfig(common: CommonOptions, loaded: LoadedConfig, platform: Platform): Promise<() => void> {
  const { configFileName, watchConfig } = await import('./config/index.ts')
  let inForce = loaded.path
  const reload = async (): Promise<void> => {
    try {
      // A file that has gone is refused: its rules do not end with it while the server runs.
      const next = await load({ ...common, config: inForce ?? common.config })
      await platform.reload(next)
      inForce = next.path
      for (const notice of next.notices) platform.log.info({}, notice)
      platform.log.info({ hash: next.hash }, 'a new configuration is in force')
    } catch (thrown) {
      platform.log.error(
        { reason: toPlatformError(thrown).message },
        'the new configuration is refused; the old one stays in force',
      )
    }
  }
  const onHangUp = (): void => void reload()
  process.on('SIGHUP', onHangUp)
  const path = loaded.path ?? join(loaded.folder, configFileName) // Where there is none yet, one may be written.
  const watch = watchConfig({ path, onChange: onHangUp })
  return () => {
    process.off('SIGHUP', onHangUp)
    watch.close()
  }
}

/** The first Ctrl-C asks the command to end; the second one is Node's own and ends the process. */
function interrupted(): AbortSignal {
  const leaving = new AbortController()
  process.once('SIGINT', () => leaving.abort())
  return leaving.signal
}

/** Resolves at the first signal; the second one ends the process. Both are heard by one listener, so that none falls between two. */
function stopSignal(): Promise<void> {
  let isHeard = false
  return new Promise((done) => {
    const hear = (): void => {
      if (isHeard) process.exit(130)
      isHeard = true
      done()
    }
    process.on('SIGINT', hear)
    process.on('SIGTERM', hear)
  })
}

function readVersion(): string {
  // The file is part of the package and has a version.
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}
