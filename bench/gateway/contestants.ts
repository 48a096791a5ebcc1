import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findFreePort } from '../../src/core/testing.ts'
import { startPinned, waitUntil, type PinnedProcess } from '../kit/processes.ts'
import { postOnce } from '../kit/post.ts'
import { smallBody } from './bodies.ts'

/** Something that stands between the load and the upstream, or nothing. */
export interface Contestant {
  readonly name: string
  /** Takes part only when it is named. */
  readonly isOptional: boolean
  start(place: Place): Promise<RunningContestant>
}

export interface RunningContestant {
  readonly name: string
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** `undefined` for the upstream itself. */
  readonly process: PinnedProcess | undefined
  /** The folder in which it keeps what it records; only Strata has one. */
  readonly dataFolder: string | undefined
}

export interface Place {
  readonly upstreamPort: number
  /** Core of the gateway. */
  readonly core: number
  /** For logs, configuration and data. Each start gets one of its own below it. */
  readonly folder: string
}

const repository = resolve(import.meta.dirname, '../..')
const peers = join(repository, 'bench/peers')
const path = '/v1/chat/completions'
const contentType = { 'content-type': 'application/json' }

/** In the order of the tables. */
export const contestants: readonly Contestant[] = [
  { name: 'direct', isOptional: false, start: startDirect },
  { name: 'bare', isOptional: false, start: startBare },
  { name: 'strata', isOptional: false, start: (place) => startStrata(place) },
  { name: 'portkey', isOptional: false, start: startPortkey },
  { name: 'fastify', isOptional: true, start: startFastify },
  { name: 'floor', isOptional: true, start: startFloor },
]

/** Installs the peers where they are not yet: their own package, with its own lockfile. False when that fails. */
export function installPeers(print: (line: string) => void): boolean {
  if (existsSync(join(peers, 'node_modules/@portkey-ai/gateway'))) return true
  print('installing the peers (npm ci in bench/peers)')
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: peers })
  if (status !== 0) print(`npm ci failed: ${stderr.toString().slice(-500)}`)
  return status === 0
}

async function startDirect({ upstreamPort }: Place): Promise<RunningContestant> {
  return { name: 'direct', port: upstreamPort, path, headers: contentType, process: undefined, dataFolder: undefined }
}

function startBare(place: Place): Promise<RunningContestant> {
  return startRelay('bare', place, join(repository, 'bench/kit/bare.ts'))
}

function startFastify(place: Place): Promise<RunningContestant> {
  return startRelay('fastify', place, join(peers, 'fastify.mjs'))
}

function startFloor(place: Place): Promise<RunningContestant> {
  return startRelay('floor', place, join(repository, 'bench/kit/floor.ts'))
}

export interface StrataOptions {
  /** Added to what its endpoints say of themselves. */
  readonly endpoint?: Readonly<Record<string, unknown>>
  /** Added to those that it has. */
  readonly models?: Readonly<Record<string, unknown>>
  readonly governance?: Readonly<Record<string, unknown>>
  /** A module that the process loads first. */
  readonly preload?: string
}

/** Strata as it is shipped: keys, region check, price and durable record on; its log goes to a file. */
export async function startStrata(
  place: Place,
  { endpoint: added = {}, models = {}, governance = {}, preload }: StrataOptions = {},
): Promise<RunningContestant> {
  const folder = createFolder(place, 'strata')
  const port = await findFreePort()
  const endpoint = {
    dialect: 'openai',
    url: `http://127.0.0.1:${place.upstreamPort}/v1`,
    processing: ['local'],
    storage: ['local'],
    price: { input: '0.15', output: '0.60' },
    ...added,
  }
  const config = {
    server: { host: '127.0.0.1', port },
    store: { folder: join(folder, 'data') },
    endpoints: { plain: { ...endpoint, model: 'bench' }, slow: { ...endpoint, model: 'paced' } },
    models: { bench: { endpoint: 'plain' }, paced: { endpoint: 'slow' }, ...models },
    governance,
  }
  const configPath = join(folder, 'strata.yaml')
  // JSON is YAML.
  writeFileSync(configPath, JSON.stringify(config, undefined, 2))
  const key = `sk-strata-${randomBytes(24).toString('hex')}`
  const child = startPinned({
    core: place.core,
    // `env` adds to the environment it inherits, and becomes the process it starts.
    command: [
      'env',
      `STRATA_ADMIN_KEY=${key}`,
      process.execPath,
      ...startFlags(),
      ...(preload === undefined ? [] : ['--import', preload]),
      'bin/strata.js',
      'start',
      '--config',
      configPath,
    ],
    logPath: join(folder, 'strata.log'),
    folder: repository,
  })
  const headers = { ...contentType, authorization: `Bearer ${key}` }
  const running = { name: 'strata', port, path, headers, process: child, dataFolder: config.store.folder }
  return untilAnswering(running, child)
}

async function startPortkey(place: Place): Promise<RunningContestant> {
  const folder = createFolder(place, 'portkey')
  const port = await findFreePort()
  const child = startPinned({
    core: place.core,
    command: [
      process.execPath,
      join(peers, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
      `--port=${port}`,
      '--headless',
    ],
    logPath: join(folder, 'portkey.log'),
    folder,
  })
  const headers = {
    ...contentType,
    authorization: 'Bearer none',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${place.upstreamPort}/v1`,
  }
  return untilAnswering({ name: 'portkey', port, path, headers, process: child, dataFolder: undefined }, child)
}

/** A script that is given the upstream's origin and prints its own port. */
async function startRelay(name: string, place: Place, script: string): Promise<RunningContestant> {
  const child = startPinned({
    core: place.core,
    command: [process.execPath, script, `http://127.0.0.1:${place.upstreamPort}`],
    logPath: join(createFolder(place, name), `${name}.log`),
  })
  const port = await readPort(child)
  return untilAnswering({ name, port, path, headers: contentType, process: child, dataFolder: undefined }, child)
}

/** The port that a script of the bench prints as its first line. */
export async function readPort(child: PinnedProcess): Promise<number> {
  const find = (): string | undefined => /^\{"port":(\d+)\}$/m.exec(child.output())?.[1]
  await waitUntil(child, () => find() !== undefined, { timeoutMs: 10_000, everyMs: 2 })
  return Number(find())
}

async function untilAnswering(running: RunningContestant, child: PinnedProcess): Promise<RunningContestant> {
  const isAnswered = async (): Promise<boolean> => (await postOnce({ ...running, body: smallBody })) === 200
  await waitUntil(child, isAnswered, { timeoutMs: 20_000, everyMs: 5 })
  return running
}

/** As `npm start` has them. */
function startFlags(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string }
  }
  return scripts.start.split(' ').filter((word) => word.startsWith('--'))
}

function createFolder(place: Place, name: string): string {
  const folder = join(place.folder, `${name}-${randomBytes(4).toString('hex')}`)
  mkdirSync(folder, { recursive: true })
  return folder
}
