import { toLoadedConfig, type LoadedConfig } from './load.ts'
import type { Environment } from './references.ts'
import { localServers, vendors, type HostRegions, type LocalServer, type Vendor } from './vendors.ts'

export interface DiscoverOptions {
  readonly environment: Environment
  /** The folder that the data folder lies in. */
  readonly folder: string
  /**
   * Names of the models that an OpenAI-compatible server lists at a URL (`http://127.0.0.1:11434/v1/models`);
   * `undefined` when none answers. Given by the caller, because the network is not this folder's; should give up after
   * 300 ms.
   */
  readonly probe: (url: string) => Promise<readonly string[] | undefined>
}

/** What was found, as configuration data before it is validated; `${NAME}` references are still references. */
export interface Discovered {
  readonly endpoints: Readonly<Record<string, EndpointData>>
  readonly models: Readonly<
    Record<
      string,
      { readonly fallback: readonly string[] } | { readonly endpoint: string } | { readonly forecast: object }
    >
  >
  readonly allowedRegions: readonly string[]
  /** One sentence for each thing found and each region allowed because of it. */
  readonly notices: readonly string[]
}

/**
 * Looks for what can answer: vendors whose key is in the environment, servers that answer on loopback, and always the
 * built-in `extract`. A function of the environment and the probes alone.
 */
export async function discover(options: DiscoverOptions): Promise<Discovered> {
  const remote = vendors.flatMap((vendor) => findVendor(vendor, options.environment))
  const local = await Promise.all(localServers.map((server) => findLocal(server, options)))
  const found = [...remote, ...local.flat()]
  const chatIds = found.filter((each) => each.endpoint.does[0] === 'chat' && each.isUsable).map(({ id }) => id)
  const answering = [...remote, ...local.flatMap((models) => models.filter(isChat).slice(0, 1))]
    .filter(({ id }) => chatIds.includes(id))
    .map(({ id }) => id)
  const allowedRegions = regionsOf(found)
  return {
    endpoints: Object.fromEntries([
      ...found.map(({ id, endpoint }) => [id, endpoint] as const),
      ['extract', extractEndpoint],
    ]),
    models: {
      default: { fallback: answering.length === 0 ? ['extract'] : answering },
      forecast: { forecast: {} },
      ...Object.fromEntries(found.map(({ id, endpoint }) => [endpoint.model, { endpoint: id }])),
    },
    allowedRegions,
    notices: noticesOf(found, answering, allowedRegions),
  }
}

/**
 * The configuration of a Strata that was told nothing: only what was discovered. Throws CONFIG_INVALID when a base URL in
 * the environment is none.
 */
export async function discoverConfig(options: DiscoverOptions): Promise<LoadedConfig> {
  const found = await discover(options)
  const data = {
    discover: true,
    endpoints: found.endpoints,
    models: found.models,
    governance: { allowedRegions: found.allowedRegions },
  }
  return toLoadedConfig(data, {
    path: undefined,
    folder: options.folder,
    environment: options.environment,
    notices: ['There is no strata.yaml.', ...found.notices],
  })
}

interface Found {
  readonly id: string
  readonly endpoint: EndpointData
  /** False when its regions are not known, so that nothing may be sent there. */
  readonly isUsable: boolean
  readonly notice: string
}

/** An endpoint as it would stand in the file. */
export interface EndpointData {
  readonly dialect: string
  readonly model: string
  readonly does: readonly ['chat' | 'embed']
  readonly processing?: readonly string[]
  readonly storage?: readonly string[]
  readonly [key: string]: unknown
}

const free = { input: '0', output: '0' }
const onThisMachine: HostRegions = { processing: ['local'], storage: ['local'], source: 'an address of this network' }
const extractEndpoint: EndpointData = {
  dialect: 'extract',
  model: 'builtin',
  processing: ['local'],
  storage: [],
  price: free,
  inputs: ['text'],
  tools: false,
  does: ['chat'],
}
const localModelsMax = 32

function findVendor(vendor: Vendor, environment: Environment): readonly Found[] {
  const keyName = vendor.keyNames.find((name) => (environment[name] ?? '') !== '')
  if (keyName === undefined) return []
  const hasOwnUrl = (environment[vendor.urlName] ?? '') !== ''
  const host = hostOf(hasOwnUrl ? environment[vendor.urlName] : vendor.url)
  const regions = vendor.hosts[host] ?? (isLocalHost(host) ? onThisMachine : undefined)
  const where = regions === undefined ? unknownWhere(vendor, host) : knownWhere(vendor, regions)
  return [
    {
      id: vendor.id,
      isUsable: regions !== undefined,
      notice: `${keyName} is set: endpoint "${vendor.id}" uses ${vendor.model} at ${host}. ${where}`,
      endpoint: {
        dialect: vendor.dialect,
        url: hasOwnUrl ? toReference(vendor, environment[vendor.urlName] ?? '') : vendor.url,
        model: vendor.model,
        key: `\${${keyName}}`,
        does: ['chat'],
        ...(regions === undefined ? {} : { processing: regions.processing, storage: regions.storage }),
      },
    },
  ]
}

/** Vendors' own clients add the version to a base URL that has no path; an endpoint's URL has it. */
function toReference(vendor: Vendor, url: string): string {
  const reference = `\${${vendor.urlName}}`
  const isBare = URL.canParse(url) && new URL(url).pathname === '/'
  return isBare ? reference + new URL(vendor.url).pathname.slice(url.endsWith('/') ? 1 : 0) : reference
}

function knownWhere(vendor: Vendor, regions: HostRegions): string {
  const places = `It processes in ${list(regions.processing)} and stores in ${list(regions.storage)}`
  return `${places} (${regions.source}). The key of ${vendor.id} is the permission to send there.`
}

function unknownWhere(vendor: Vendor, host: string): string {
  return `The regions of ${host} are not known, and unknown is not allowed: describe the endpoint in strata.yaml, with processing and storage, or unset ${vendor.urlName}.`
}

async function findLocal(server: LocalServer, { environment, probe }: DiscoverOptions): Promise<readonly Found[]> {
  const url = addressOf(server, environment)
  if (url === undefined) return []
  const models = (await probe(`${url}/models`)) ?? []
  const seen = new Set<string>()
  return models.slice(0, localModelsMax).flatMap((model) => {
    const id = `${server.id}-${model.replace(/[^a-zA-Z0-9._-]+/g, '-')}`.slice(0, 64)
    if (seen.has(id) || !isModelName(model)) return []
    seen.add(id)
    return [
      {
        id,
        isUsable: true,
        notice: `${server.id} answers at ${url}: endpoint "${id}" uses ${model} on this machine.`,
        endpoint: {
          dialect: 'openai',
          url,
          model,
          does: [isEmbedder(model) ? 'embed' : 'chat'],
          processing: ['local'],
          storage: ['local'],
          vendor: server.id,
          price: free,
        },
      },
    ]
  })
}

/** Where the server listens; `undefined` when its address lies outside this network, where regions are not known. */
function addressOf(server: LocalServer, environment: Environment): string | undefined {
  const given = (server.addressName === undefined ? undefined : environment[server.addressName]) ?? ''
  if (given === '') return server.url
  const { port: usualPort } = new URL(server.url)
  const hasScheme = /^https?:\/\//.test(given)
  const text = hasScheme ? given : `http://${given.startsWith(':') ? `127.0.0.1${given}` : given}`
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port } = new URL(text)
  // Servers are told to listen on every address by one that nobody can be reached at.
  const host = hostname === '0.0.0.0' || hostname === '[::]' ? '127.0.0.1' : hostname
  const place = port !== '' ? `:${port}` : hasScheme ? '' : `:${usualPort}`
  return isLocalHost(host) ? `${protocol}//${host}${place}/v1` : undefined
}

function noticesOf(
  found: readonly Found[],
  answering: readonly string[],
  regions: readonly string[],
): readonly string[] {
  const answer =
    answering.length === 0
      ? 'No vendor key and no local server was found: the model "default" is the built-in "extract", which answers by quoting from given passages.'
      : `The model "default" asks ${answering.join(', then ')}.`
  const widened =
    regions.length > 1
      ? [
          `governance.allowedRegions is ${list(regions)} because of the keys above; write a strata.yaml to decide otherwise.`,
        ]
      : []
  return [...found.map(({ notice }) => notice), answer, ...widened]
}

function regionsOf(found: readonly Found[]): readonly string[] {
  const regions = found.flatMap(({ endpoint }) => [...(endpoint.processing ?? []), ...(endpoint.storage ?? [])])
  return [...new Set(['local', ...regions])]
}

function isChat(found: Found): boolean {
  return found.endpoint.does[0] === 'chat'
}

/** Embedding models by the names they are published under; servers do not say. */
function isEmbedder(model: string): boolean {
  return /embed|(^|[/-])(bge|gte|e5|minilm|all-mpnet)([-_:.]|$)/i.test(model)
}

function isModelName(model: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9._:/-]{0,127}$/.test(model) && model !== 'default'
}

function hostOf(url: string | undefined): string {
  return URL.canParse(url ?? '') ? new URL(url ?? '').hostname : 'an address that is not a URL'
}

/** Loopback, private and link-local addresses, and names that never leave a local network. */
function isLocalHost(host: string): boolean {
  const isPrivateV4 = /^(127|10)\.\d+\.\d+\.\d+$|^192\.168\.\d+\.\d+$|^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(host)
  return isPrivateV4 || host === 'localhost' || host === '[::1]' || /\.(local|internal|localhost)$/.test(host)
}

function list(words: readonly string[]): string {
  return words.map((word) => (word === '*' ? '* (anywhere)' : word)).join(', ')
}
