import type { Config, EndpointConfig } from '../../../config/index.ts'
import type { RegionGate } from '../../../core/ports.ts'

interface Fault {
  readonly path: string
  readonly message: string
}

const path = 'governance.privacy.names.with'

/** What is wrong with the endpoint that finds names: it gets every text as it is, so it has to be known to be allowed. */
export function checkNames(
  { governance, endpoints, models }: Pick<Config, 'governance' | 'endpoints' | 'models'>,
  gate: RegionGate,
): readonly Fault[] {
  const { names, seenIn } = governance.privacy
  if (names === undefined) return []
  const id = names.with
  const endpoint = Object.hasOwn(endpoints, id) ? endpoints[id] : undefined
  if (endpoint === undefined) {
    return [{ path, message: `there is no endpoint "${id}"; name one that may see personal data` }]
  }
  if (Object.hasOwn(models, id)) {
    const message = `"${id}" is a model too, which may go elsewhere; give the endpoint an id that no model has`
    return [{ path, message }]
  }
  if (!endpoint.does.includes('chat')) {
    return [{ path, message: `the endpoint "${id}" does not chat; name one that does` }]
  }
  if (maySee(endpoint, seenIn, gate)) return []
  const fix = `set endpoints.${id}.personalData: allow, name one that processes and stores within seenIn, or a local one`
  return [{ path, message: `it is not said that the endpoint "${id}" may see personal data; ${fix}` }]
}

/** Allowed by what is said, never by silence. */
function maySee(
  { personalData, processing, storage }: EndpointConfig,
  seenIn: readonly string[] | undefined,
  gate: RegionGate,
): boolean {
  if (personalData !== undefined) return personalData === 'allow'
  return gate.decide({ processing, storage }, seenIn ?? ['local']).type === 'pass'
}
