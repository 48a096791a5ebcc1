import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import { coversRole } from '../../core/rights.ts'
import type { Identity } from './identity.ts'
import type { KeyRecord } from './records.ts'
import type { KeyRequest } from './request.ts'

type Keys = Identity['keys']
type Scope = Pick<KeyRequest, 'role' | 'team' | 'user' | 'models' | 'regions' | 'useCase' | 'composes'>

/**
 * Keys as one key may administer them: it makes none that may do what it may not itself, and touches none that may. What it
 * leaves out it passes on as its own. `create` and `rotate` reject with FORBIDDEN where a key would be given more.
 */
export function delegateKeys(keys: Keys, maker: Principal): Keys {
  const find = async (id: string): Promise<KeyRecord | undefined> =>
    (await keys.list(maker.tenant)).find((record) => record.id === id)
  return {
    ...keys,
    async create(request) {
      const asked = inherit(maker, request)
      requireCovered(maker, asked)
      return keys.create(asked)
    },
    async revoke(tenant, id) {
      const record = await find(id)
      if (record !== undefined) requireRole(maker, record.role)
      return keys.revoke(tenant, id)
    },
    async rotate(tenant, id, overlapMs) {
      const record = await find(id)
      if (record !== undefined) requireCovered(maker, record)
      return keys.rotate(tenant, id, overlapMs)
    },
  }
}

/** What is left out would be without limit: it is limited as the maker is. */
function inherit(maker: Principal, request: KeyRequest): KeyRequest {
  return {
    ...request,
    models: request.models ?? maker.models,
    regions: request.regions ?? maker.regions,
    useCase: request.useCase ?? maker.useCase,
    composes: request.composes ?? (maker.composes === false ? false : undefined),
    team: request.team ?? (isAdmin(maker) ? undefined : maker.team),
  }
}

function requireCovered(maker: Principal, asked: Scope): void {
  requireRole(maker, asked.role)
  requireWithin('models', maker.models, asked.models)
  requireWithin('regions', maker.regions, asked.regions)
  if (maker.useCase !== undefined && asked.useCase !== maker.useCase) throw refuse('use_case', maker.useCase)
  if (maker.composes === false && asked.composes !== false) throw refuse('composes', 'no networks of models')
  if (isAdmin(maker)) return
  // Whom a key names decides on reviews, and the regions of the house may be widened, for admins only.
  if (asked.user !== undefined && asked.user !== maker.user) throw refuse('user', maker.user ?? 'nobody')
  if (maker.team !== undefined && asked.team !== maker.team) throw refuse('team', maker.team)
  if (maker.regions === undefined && asked.regions !== undefined) throw refuse('regions', 'those of the house')
  if (maker.composes !== true && asked.composes === true) throw refuse('composes', 'no networks of models')
}

function requireRole(maker: Principal, role: KeyRecord['role']): void {
  if (coversRole(maker, role)) return
  throw new PlatformError('FORBIDDEN', `a key of the role ${maker.role} cannot give or take the rights of ${role}`, {
    param: 'role',
  })
}

function requireWithin(param: string, own: readonly string[] | undefined, asked: readonly string[] | undefined): void {
  if (own === undefined) return
  const stranger = asked === undefined ? 'every one' : asked.find((name) => !own.includes(name))
  if (stranger !== undefined) throw refuse(param, own.join(', '))
}

function isAdmin(maker: Principal): boolean {
  return coversRole(maker, 'admin')
}

function refuse(param: string, own: string): PlatformError {
  return new PlatformError('FORBIDDEN', `a key can only give the ${param} it has itself: ${own}`, { param })
}
